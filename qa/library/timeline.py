"""A picture of how many articles there are of each month."""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from qa.errors import InputError
from qa.types import Count

_SIZE = (9.0, 3.2)  # inches
_DOTS = 110  # per inch
_DAYS = 25  # width of a bar


def draw_timeline(file: Path, months: Sequence[Count], undated: int) -> None:
    """Write a PNG with a bar for each month.

    Raises InputError where no article is dated, matplotlib is not installed, or the file cannot be written.
    """
    if not months:
        raise InputError("no article has a date, so there is nothing to plot; leave --plot out")
    try:
        from matplotlib.figure import Figure  # without pyplot: no screen and no global state
        from matplotlib.ticker import MaxNLocator
    except ImportError as error:
        raise InputError("matplotlib is not installed; run: pip install 'newsdesk[eval]'") from error
    drawing = Figure(figsize=_SIZE, dpi=_DOTS, layout="constrained")
    axes = drawing.subplots()
    middles = np.array([f"{month.name}-15" for month in months], dtype="datetime64[D]")
    axes.bar(middles, [month.articles for month in months], width=_DAYS)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    dated = sum(month.articles for month in months)
    left_out = f", {undated:,} undated ones left out" if undated else ""
    axes.set(ylabel="articles a month", title=f"{dated:,} articles by their dates{left_out}")
    picture = io.BytesIO()
    drawing.savefig(picture, format="png")
    try:
        file.write_bytes(picture.getvalue())
    except OSError as error:
        raise InputError(f"{file} cannot be written ({error.strerror}); name another file") from error
