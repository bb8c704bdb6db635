"""Near copies of articles."""

import random
from pathlib import Path

import apsw
import pytest

from qa.library.copies import SAME, band_keys, shingles, similarity
from qa.library.database import FILE, open_to_read, open_to_write, rows, set_meta
from qa.library.verify import verify
from tests.conftest import MakeDesk, write_articles

# Sixty words have 56 runs of five. One other word in the middle changes five of them: 51 of 61 are shared, .836; two
# other words, far apart, ten: 46 of 66, .697.
WORDS = [f"fee{number}" for number in range(60)]
FIRST, LATER = [*WORDS[:10], "crane", *WORDS[11:]], [*WORDS[:40], "mole", *WORDS[41:]]
TEXTS = {
    "agency.txt": f"date 2031-01-01 Harbour fees\n{' '.join(WORDS)}.\n",
    "first.txt": f"date 2031-01-02 Fees of the harbour\n{' '.join(FIRST)}.\n",
    "later.txt": f"date 2031-01-03 The harbour's fees\n{' '.join(LATER)}.\n",
    "other.txt": "date 2031-01-04 Frost\nA late frost destroyed four fifths of the cherry crop.\n",
}


def groups(library: Path) -> set[frozenset[str]]:
    """The ids of each group's articles."""
    found = rows(open_to_read(library), "SELECT copy_group, article_id FROM near_copies JOIN articles USING (row_id)")
    return {frozenset(name for number, name in found if number == one) for one, _ in found}


def test_runs_of_five_words_are_compared() -> None:
    """Computed by hand; case and punctuation do not count, and a short text is one run."""
    assert shingles("One two, three FOUR five six") == {"one two three four five", "two three four five six"}
    assert shingles("One two") == {"one two"}
    assert shingles(" ... ") == frozenset()
    original, first, later = (shingles(" ".join(text)) for text in (WORDS, FIRST, LATER))
    assert similarity(original, first) == similarity(original, later) == 51 / 61
    assert similarity(first, later) == 46 / 66
    assert similarity(first, first) == 1.0
    assert similarity(first, frozenset()) == similarity(frozenset(), frozenset()) == 0.0


def test_two_near_copies_nearly_always_share_a_band() -> None:
    """At the index that is asked for, 99 in 100; two texts that share a third of their runs hardly ever do."""
    generator, near, far = random.Random(0), 0, 0
    for number in range(200):
        text = [f"w{number}-{generator.random()}" for _ in range(900)]
        runs = [" ".join(text[at : at + 1]) for at in range(900)]
        near += bool(set(band_keys(frozenset(runs[:810]))) & set(band_keys(frozenset(runs[90:]))))  # 720 of 900
        far += bool(set(band_keys(frozenset(runs[:600]))) & set(band_keys(frozenset(runs[300:]))))  # 300 of 900
    assert similarity(frozenset(runs[:810]), frozenset(runs[90:])) == SAME
    assert near > 190
    assert far < 20
    assert band_keys(frozenset()) == []


def test_near_copies_form_a_group_and_leave_it(tmp_path: Path, make_desk: MakeDesk) -> None:
    """Two copies of one text belong together even where they are no copies of one another, but not without it."""
    folder, library = write_articles(tmp_path / "news", TEXTS), tmp_path / "library"
    desk = make_desk()
    desk.index(folder)
    assert groups(library) == {frozenset({"agency.txt", "first.txt", "later.txt"})}
    (folder / "agency.txt").unlink()
    desk.index(folder)
    assert groups(library) == set()
    (folder / "agency.txt").write_text(TEXTS["agency.txt"], encoding="utf-8")
    desk.index(folder)
    assert groups(library) == {frozenset({"agency.txt", "first.txt", "later.txt"})}
    (folder / "later.txt").write_text(f"date 2031-01-03 {TEXTS['other.txt'][16:]}", encoding="utf-8")
    desk.index(folder)
    assert groups(library) == {frozenset({"agency.txt", "first.txt"}), frozenset({"later.txt", "other.txt"})}
    assert verify(library).ok


def test_of_near_copies_one_is_found(tmp_path: Path, make_desk: MakeDesk) -> None:
    """The best; the newest, where that is asked for; another one within a range that leaves the best out."""
    make_desk().index(write_articles(tmp_path / "news", TEXTS))
    desk = make_desk()
    assert {hit.article_id for hit in desk.search("frost fee20 crane", 9)} == {"first.txt", "other.txt"}

    def passages(question: str, until: str | None = None) -> set[str]:
        return {passage.article_id for passage in desk.ask(question, until=until, today="2031-02-01").passages}

    assert passages("What is fee20 now, crane?") & set(TEXTS) - {"other.txt"} == {"later.txt"}
    assert passages("What is fee20 now, crane?", until="2031-01-02") == {"first.txt"}
    assert passages("What is fee20, mole?", until="2031-01-01") == {"agency.txt"}


@pytest.mark.parametrize("indexed_again", [True, False])
def test_a_library_without_groups_gets_them_when_it_is_written_to(
    tmp_path: Path, make_desk: MakeDesk, indexed_again: bool
) -> None:
    """One of format 1 is read by no one; indexing anything, or nothing new, brings it up to date."""
    folder, library = write_articles(tmp_path / "news", TEXTS), tmp_path / "library"
    make_desk().index(folder)
    connection = apsw.Connection(str(library / FILE))
    connection.execute("DROP TABLE copy_bands; DROP TABLE near_copies; DROP TABLE history; DROP TABLE visits")
    connection.execute("DROP TABLE files; ALTER TABLE articles DROP COLUMN pages")
    connection.execute("ALTER TABLE articles DROP COLUMN language")
    set_meta(connection, "format", "1")
    connection.close()
    with pytest.raises(Exception, match="older version; bring it up to date: qa index --library"):
        make_desk().ask("What is fee20?")
    if indexed_again:
        make_desk().index()
    else:
        open_to_write(library).close()
    assert groups(library) == {frozenset({"agency.txt", "first.txt", "later.txt"})}
    assert verify(library).ok


def test_many_copies_leave_room_for_others(tmp_path: Path, make_desk: MakeDesk) -> None:
    """A hundred copies that match best are more than a search brings; the others are found all the same."""
    base = [f"quay{number}" for number in range(60)]
    copies = {f"copy{n}.txt": " ".join([*base[:30], f"own{n}", *base[31:]]) for n in range(100)}
    others = {f"other{n}.txt": f"The quay{n} of Lindal, number {n}, is another matter." for n in range(5)}
    make_desk().index(write_articles(tmp_path / "news", copies | others))
    desk = make_desk()
    found = [hit.article_id for hit in desk.search("quay0 quay1 quay2 quay3 quay4", 6)]
    assert found[0].startswith("copy")
    assert sorted(found[1:]) == sorted(others)
    assert desk.settings.candidates < len(copies)
