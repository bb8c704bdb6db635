"""What indexing says of losses and guesses, and of what it skipped."""

import os
from email.message import EmailMessage
from pathlib import Path

import docx
import pytest

from qa.articles import ArticleReader
from qa.articles.candidate import candidate_from
from qa.library.notes import MOST_PATHS, Notes
from qa.output import note_line, report_line
from qa.types import Note, SyncReport
from tests.broken_files import zipped
from tests.conftest import MakeDesk
from tests.made_pdf import make_pdf

POLISH = "Burmistrz otworzył wczoraj nowy most nad rzeką."
CSV = "id,date,text\n1,2031/01/02,The ferry sails again.\n2,New Year,The crane stands still.\n"


def mail_with(kind: str, name: str, disposition: str) -> bytes:
    """A mail with a file in it."""
    mail = EmailMessage()
    mail["From"] = "a@post.example"
    mail.set_content("The ferry sails again.")
    main, _, sub = kind.partition("/")
    mail.add_attachment(b"%PDF-1.4", main, sub, filename=name, disposition=disposition)
    return mail.as_bytes()


def word_file(folder: Path, comment: str) -> bytes:
    """A Word file with a comment."""
    document = docx.Document()
    document.add_comment(document.add_paragraph("The ferry sails again.").runs, comment)
    document.save(str(folder / "made.docx"))
    return (folder / "made.docx").read_bytes()


def notes_of(name: str, data: bytes) -> list[str]:
    """The first words of what is noted of a file."""
    with ArticleReader() as reader:
        _, notes = reader.read_noting(candidate_from(name, data))
    return [" ".join(note.split()[:3]) for note in notes]


def test_what_is_lost_guessed_and_skipped_is_in_the_report(tmp_path: Path, make_desk: MakeDesk) -> None:
    """Each kind once with its paths; a date with the year in front is understood. It is no failure."""
    folder, desk = tmp_path / "news", make_desk()
    folder.mkdir()
    for name, data in {
        "a.txt": POLISH.encode("cp1250"), "b.txt": POLISH.encode("iso8859_2"), "c.txt": (POLISH * 6 + "ż").encode()[:-1],
        "d.csv": CSV.encode(), "e.exe": b"", "f.exe": b"", "g.zip": zipped({"h.exe": b"", "i.txt": b"The crane stands."}),
    }.items():  # fmt: skip
        (folder / name).write_bytes(data)
    report = desk.index(folder)
    assert (report.added, report.failed, report.skipped) == (6, 0, 3)
    assert {note.paths: " ".join(note.reason.split()[:3]) for note in report.notes} == {
        ("a.txt",): "was read as",
        ("b.txt",): "was read as",
        ("c.txt",): "has characters that",
        ("d.csv (id 2)",): "states a date",
    }
    (skip,) = report.skips
    assert (skip.count, skip.paths) == (3, ("e.exe", "f.exe", "g.zip/h.exe"))


def test_removed_articles_are_named_among_the_skipped(tmp_path: Path, make_desk: MakeDesk) -> None:
    """Again when the file is read no more, then by its path."""
    folder, desk = tmp_path / "news", make_desk()
    folder.mkdir()
    (folder / "a.txt").write_text("The ferry sails again.")
    os.utime(folder / "a.txt", (1e9, 1e9))  # long ago, so that it is not read again
    desk.index(folder)
    desk.remove("a.txt")
    for start in ("was removed with qa remove", "is as it was"):
        (skip,) = desk.index(folder).skips
        assert (skip.count, skip.paths) == (1, ("a.txt",))
        assert skip.reason.startswith(start)


def test_a_pdf_with_some_empty_pages_is_noted() -> None:
    """And one whose pages all have text is not."""
    assert notes_of("a.pdf", make_pdf(["The ferry sails."], [], ["The crane stands."])) == ["has pages without"]
    assert notes_of("a.pdf", make_pdf(["The ferry sails."], ["The crane stands."])) == []


@pytest.mark.parametrize(
    ("kind", "disposition", "noted"),
    [
        ("application/pdf", "attachment", True),
        ("image/png", "attachment", True),
        ("image/png", "inline", False),
        ("application/pdf", "inline", True),
    ],
)
def test_attachments_are_noted(kind: str, disposition: str, noted: bool) -> None:
    """Pictures inside the letter are none."""
    assert notes_of("a.eml", mail_with(kind, "a", disposition)) == (["has attachments, which"] if noted else [])


@pytest.mark.parametrize("comment", ["", "Is that so?"])
def test_comments_in_word_files_are_noted(tmp_path: Path, comment: str) -> None:
    """Where they say anything."""
    assert notes_of("a.docx", word_file(tmp_path, comment)) == (["has footnotes or"] if comment else [])


def test_a_date_of_a_mail_that_is_none_is_noted() -> None:
    """Nothing is, where it states none."""
    assert notes_of("a.eml", b"From: a@post.example\nDate: yesterday\n\nThe ferry.") == ["states a date"]
    assert notes_of("a.eml", b"From: a@post.example\n\nThe ferry.") == []


def test_a_million_notes_make_a_short_report() -> None:
    """The count is whole, the paths are the first."""
    notes = Notes()
    for number in range(1_000_000):
        notes.add(f"{number}.txt", "is odd")
    notes.add("x.zip", "is as it was", 7)
    many, seven = notes.gathered()
    assert (many.count, len(many.paths), many.paths[0]) == (1_000_000, MOST_PATHS, "0.txt")
    assert seven == Note("is as it was", 7, ("x.zip",))


def test_a_note_is_one_line_with_the_first_places() -> None:
    """And the report counts them."""
    note = Note("is odd", 5, ("a", "b", "c", "d", "e"))
    assert note_line("noted", note) == "5 noted: a, b, c and 2 more: is odd"
    assert note_line("skipped", Note("is odd", 1, ("a",))) == "1 skipped: a: is odd"
    assert report_line(SyncReport(seconds=1, notes=(note,))).endswith("0 skipped, 5 noted in 1.0 s")
