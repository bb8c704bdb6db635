"""Articles that wait to be written."""

from pathlib import Path

import pytest

from qa.library.spool import Spool

ARTICLES = [{"id": f"{n}.txt", "date": None, "text": "Snow – fell.\n\ud800" * n, "pages": [0, n]} for n in range(5)]


@pytest.mark.parametrize("in_memory", [0, 40, 1_000_000])
def test_what_is_put_is_got_in_any_order(tmp_path: Path, in_memory: int) -> None:
    """In memory, on the disk, or first in the one and then in the other; and no file is to be seen."""
    with Spool(tmp_path, in_memory) as spool:
        places = [spool.put(article) for article in ARTICLES[:3]]
        assert spool.get(places[1]) == ARTICLES[1]
        places += [spool.put(article) for article in ARTICLES[3:]]
        assert [spool.get(place) for place in reversed(places)] == ARTICLES[::-1]
    assert list(tmp_path.iterdir()) == []
