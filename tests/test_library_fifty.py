"""Fifty files of each format, well-formed and broken: each becomes its articles, what survived, or a listed reason."""

from pathlib import Path

import pytest

from qa.articles.candidate import ARTICLE_SUFFIXES
from qa.chat import Desk
from qa.types import Article
from tests.broken_files import CLAUSE
from tests.conftest import MakeDesk, write_articles
from tests.made_broken import BROKEN, Broken, broken_files
from tests.made_files import WRITERS, Made, Teller, Told

UNTOUCHED = {
    "a-bell.txt": "date 2021-05-01 A bell for Vessmark\nThe bell of Vessmark rings at nine.",
    "z.txt": "Nothing new.",
}
WELL_FORMED = 25
WHOLE_OR_NOTHING = (".docx", ".epub", ".json")  # of which nothing is read where a byte is lost
# Of a damaged text one byte in a hundred is another, which may cost the characters around it, too: in a headline most.
KEPT, FEW, ROW = 0.85, 8, 5
TORN = 8  # characters that a cut may leave of the last letter or reference


def test_there_is_a_writer_for_every_format() -> None:
    """A format that is added must be added here."""
    assert set(WRITERS) == set(ARTICLE_SUFFIXES)


@pytest.mark.parametrize("suffix", ARTICLE_SUFFIXES)
def test_fifty_files_of_a_format_end_as_they_should(suffix: str, tmp_path: Path, make_desk: MakeDesk) -> None:
    """The well-formed ones as they were written, the broken ones listed or as what survived, the others as they were."""
    folder, desk, tell = write_articles(tmp_path / "news", UNTOUCHED), make_desk(), Teller(suffix)
    assert desk.index(folder).added == len(UNTOUCHED)
    before = articles_by_file(desk)
    good = [WRITERS[suffix](tell, f"good-{number:02}{suffix}") for number in range(WELL_FORMED)]
    bad = {f"broken-{number:02}{suffix}": broken for number, broken in enumerate(broken_files(suffix))}
    assert len(bad) == BROKEN
    for name, data in [
        *((made.name, made.data) for made in good),
        *((name, broken.data) for name, broken in bad.items()),
    ]:
        (folder / name).write_bytes(data)
    report, after = desk.index(folder), articles_by_file(desk)

    for made in good:
        assert_as_written(made, after.pop(made.name, []))
    reasons: dict[str, list[str]] = {name: [] for name in bad}
    for failure in report.failures:
        name = next((name for name in bad if failure.path.startswith(name)), None)
        assert name, f"{failure} of a file that is not broken"
        reasons[name].append(failure.reason)
    survived = any(after.get(name) for name, broken in bad.items() if broken.what in ("cut short", "damaged"))
    assert survived == (suffix not in WHOLE_OR_NOTHING)
    for name, broken in bad.items():
        assert_as_left(broken, after.pop(name, []), reasons[name])
    assert after == before

    total = sum(map(len, articles_by_file(desk).values()))
    assert (report.added, report.updated, report.removed) == (total - len(UNTOUCHED), 0, 0)
    again = desk.index(folder)
    assert (again.added, again.updated, again.removed, again.unchanged) == (0, 0, 0, total)
    assert set(again.failures) == set(report.failures)


def articles_by_file(desk: Desk) -> dict[str, list[Article]]:
    """What a library holds, by the file it came from."""
    found: dict[str, list[Article]] = {}
    for listed in desk.articles():
        found.setdefault(listed.path.partition("/")[0], []).append(desk.article(listed.article_id))
    return found


def assert_as_written(made: Made, found: list[Article]) -> None:
    """Each article of a well-formed file is there as it was written, and no other."""
    given = {told.text: told.article_id is not None for told in made.told}
    said = {
        Told(one.article_id if given.get(one.text) else None, one.title, one.date, one.source, one.text)
        for one in found
    }
    assert said == set(made.told), made.name
    assert len(found) == len(made.told)


def assert_as_left(broken: Broken, found: list[Article], reasons: list[str]) -> None:
    """What is left of a broken file stood in it; what is not left is listed with a reason of one line that says what to do."""
    assert all(CLAUSE.fullmatch(reason) for reason in reasons), reasons
    match broken.ends:
        case "listed":
            assert reasons and not found, (broken.what, found)
        case "nothing":
            assert not reasons and not found, (broken.what, reasons, found)
        case "both":
            assert reasons and [one.text for one in found] == list(broken.held), (broken.what, reasons, found)
        case _:
            assert reasons or found, broken
    for one in found:
        assert stood_in(one.text, broken), (broken.what, one.text, broken.held)


def stood_in(text: str, broken: Broken) -> bool:
    """Whether a text is part of what a file held: to the letter, or, where bytes of it are others, for the most part."""
    if broken.what == "cut short":
        return any((text[:-TORN].rstrip() or text.rstrip("\ufffd")) in held for held in broken.held)
    if broken.what != "damaged":
        return text in broken.held
    return kept(text, "\n".join(broken.held)) >= KEPT * len(text) - FEW


def kept(text: str, held: str) -> int:
    """How many characters of a text stand in another one, in a row of at least some."""
    rows = [range(at, at + ROW) for at in range(len(text) - ROW + 1) if text[at : at + ROW] in held]
    return len({at for row in rows for at in row})
