"""A library in numbers, and as a picture."""

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from qa.chat import Desk
from qa.cli import main
from qa.errors import InputError
from qa.library.timeline import draw_timeline
from qa.types import Count
from tests.commands import document, error
from tests.conftest import MakeDesk, write_articles

PROJECT = Path(__file__).parents[1]
SAME = "The harbour board of Lindal ordered a second ferry on Tuesday after a long debate in the town hall."
LINES = (
    {"id": "1", "date": "2031-01-05", "source": "Lindal Post", "text": "One two three."},
    {"id": "2", "date": "2031-01-31", "source": "Lindal Post", "text": SAME},
    {"id": "3", "date": "2031-03-01", "source": "Hallin Gazette", "text": f"{SAME}\n"},
)
NO_MATPLOTLIB = """
import sys
sys.modules["matplotlib"] = None  # as where it is not installed
from qa.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture
def desk(tmp_path: Path, make_desk: MakeDesk) -> Desk:
    """A desk over three lines, two of them near copies, and one uploaded note of four words."""
    lines = "".join(json.dumps(line) + "\n" for line in LINES)
    desk = make_desk()
    desk.index(write_articles(tmp_path / "wire", {"lines.jsonl": lines}))
    desk.upload("note.txt", b"A note of four.\n")
    desk.index(desk.uploads)
    return desk


def test_everything_is_counted(desk: Desk, tmp_path: Path) -> None:
    """3 + 19 + 19 + 4 words."""
    found = desk.statistics()
    assert (found.articles, found.undated, found.first, found.last) == (4, 1, "2031-01-05", "2031-03-01")
    assert len(SAME.split()) == 19
    assert (found.passages, found.words) == (4, 45)
    assert (found.near_copy_groups, found.near_copies) == (1, 2)
    assert found.sources == (Count("Lindal Post", 2), Count(None, 1), Count("Hallin Gazette", 1))
    assert found.months == (Count("2031-01", 2), Count("2031-03", 1))
    assert found.folders == (Count(str(tmp_path / "wire"), 3), Count(str(desk.uploads), 1))


def test_what_is_on_the_disk_is_added_up(desk: Desk) -> None:
    """The total has the settings, too."""
    library = desk.library.folder
    (library / "settings.toml").write_text("threads = 2\n")
    (segment,) = (library / "segments").iterdir()
    use = desk.statistics().bytes
    assert (use.index, use.uploads) == (segment.stat().st_size, 16)
    assert use.database >= (library / "library.sqlite").stat().st_size > 0
    lock = (library / "lock").stat().st_size
    assert use.total == use.database + use.index + use.uploads + 12 + lock


def test_an_empty_library_has_numbers_too(make_desk: MakeDesk) -> None:
    """All of them none."""
    desk = make_desk()
    desk.create()
    found = desk.statistics()
    assert (found.articles, found.words, found.first, found.sources, found.months) == (0, 0, None, (), ())


def test_the_command_prints_them(desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As one document, and as lines."""
    place = ("--library", str(desk.library.folder))
    found = document(capsys, "stats", *place)
    kept = {name: value for name, value in asdict(desk.statistics()).items() if name != "bytes"}
    assert {name: found[name] for name in kept} == json.loads(json.dumps(kept))
    assert set(found["bytes"]) == {"database", "index", "uploads", "total"}
    assert main(["stats", *place]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == [
        "4 articles, dated 2031-01-05 to 2031-03-01, 1 undated",
        "4 passages, 45 words",
        "1 groups of near copies, 2 articles in them",
    ]
    assert lines[4:9] == ["", "By source:", "        2  Lindal Post", "        1  (none)", "        1  Hallin Gazette"]
    assert lines[-3:] == ["By month:", "        2  2031-01", "        1  2031-03"]


def test_months_are_drawn(desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Into a PNG file: a bar for each month with articles, as high as they are many."""
    from PIL import Image

    file = tmp_path / "months.png"
    assert document(capsys, "stats", "--plot", str(file), "--library", str(desk.library.folder))["articles"] == 4
    with Image.open(file) as picture:
        assert picture.format == "PNG"
        colours = picture.convert("RGB")
    bar = (31, 119, 180)
    heights = [sum(colours.getpixel((x, y)) == bar for y in range(colours.height)) for x in range(colours.width)]
    runs = [height for x, height in enumerate(heights) if height and not heights[x - 1]]
    tall = [max(heights[x : x + 20]) for x in range(colours.width) if heights[x] and not heights[x - 1]]
    assert len(runs) == 2
    assert tall[0] / tall[1] == pytest.approx(2, abs=0.05)


def test_what_cannot_be_drawn_is_said(
    desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str], make_desk: MakeDesk
) -> None:
    """Where to, or of what."""
    place = ("--library", str(desk.library.folder))
    assert "months.png cannot be written (No such file" in error(
        capsys, "stats", "--plot", str(tmp_path / "absent" / "months.png"), *place
    )
    with pytest.raises(InputError, match="no article has a date, so there is nothing to plot; leave --plot out"):
        draw_timeline(tmp_path / "months.png", (), 4)
    assert not (tmp_path / "months.png").exists()


def test_without_matplotlib_the_command_says_what_to_install(desk: Desk, tmp_path: Path) -> None:
    """In one sentence; without a plot it is not needed."""
    command = [sys.executable, "-c", NO_MATPLOTLIB, "stats", "--library", str(desk.library.folder)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    plotted = [*command, "--plot", str(tmp_path / "months.png")]
    done = subprocess.run(plotted, capture_output=True, text=True, cwd=PROJECT, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "qa: matplotlib is not installed; run: pip install 'newsdesk[eval]'\n"
