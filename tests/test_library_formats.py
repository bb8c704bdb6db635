"""Folders with files of every format in them: good ones become articles, bad ones cost only themselves."""

import json
from pathlib import Path

import pytest

from qa.articles import ArticleReader, Candidate, Collection, scan_source
from qa.articles.candidate import ARTICLE_SUFFIXES, article_suffix
from qa.errors import InputError, LibraryError
from qa.types import SyncReport
from tests.broken_files import rezipped, zipped
from tests.conftest import MakeDesk, WordEmbedder
from tests.made_pdf import make_pdf
from tests.test_articles_docx import WHOLE as WORD
from tests.test_articles_epub import WHOLE as BOOK
from tests.test_articles_feed import ATOM, RDF, SHORT, item, make_rss
from tests.test_articles_mail import WHOLE as MAIL
from tests.test_articles_mail import mail_of, mailbox
from tests.test_articles_parsing import STALLING
from tests.test_articles_records import ROWS, make_csv
from tests.test_articles_warc import archive, page_of, response

LINE = b'{"id": "line-1", "text": "The line of the lighthouse."}\n'
GOOD = {
    "a.txt": b"The note of the harbour master.", "b.md": b"# Crane\nThe crane stands.",
    "c.html": b"<html><body><article><p>The page of the ferry.</p></article></body></html>",
    "d.htm": b"<html><body><article><p>The page of the crane.</p></article></body></html>",
    "e.pdf": make_pdf(["The first page."], ["The second page tells of gannets."]), "f.docx": WORD, "g.eml": MAIL,
    "h.epub": BOOK, "i.jsonl": LINE, "k.mbox": mailbox(mail_of(1), mail_of(2)), "l.csv": make_csv().encode(),
    "m.json": json.dumps([{"id": "json-1", "text": "The object of the board."}]).encode(),
    "q.zip": zipped({"ferry.txt": b"The note of the ferry.", "old/q.pdf": make_pdf(["The page of the archive."])}),
    "r.warc": archive(response("r-1", page_of("Hareid"))), "s.warc.gz": archive(response("s-1", page_of("Lenvik")), packed=True),
    "n.rss": make_rss(item(guid="rss-1", description="The item of the feed.")),
    "o.atom": ATOM.encode(), "p.xml": make_rss(SHORT),
}  # fmt: skip
BAD = {
    "bad.pdf": b"no PDF", "bad.docx": rezipped(WORD, {"a": bytes(70_000_000)}), "bad.eml": b"", "bad.epub": WORD,
    "bad.mbox": MAIL, "bad.csv": b"year,cost\n", "bad.json": b"[" * 100_000, "bad.rss": b"http://127.0.0.1:9/",
    "bad.html": b"<html></html>", "bad.zip": WORD[:99], "bad.warc": b"no WARC", "bad.warc.gz": b"no gzip",
}  # fmt: skip


def write(folder: Path, files: dict[str, bytes]) -> Path:
    """A folder of these files."""
    folder.mkdir(exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


def counts(report: SyncReport) -> tuple[int, int, int, int, int]:
    """Added, updated, removed, unchanged, failed."""
    return report.added, report.updated, report.removed, report.unchanged, report.failed


def test_every_format_is_indexed_and_the_bad_ones_are_listed(tmp_path: Path, make_desk: MakeDesk) -> None:
    """Again: nothing. What one file of several loses is removed, what it gains is added; the others stay."""
    folder, desk = write(tmp_path / "news", {**GOOD, **BAD}), make_desk()
    assert {article_suffix(name) for name in GOOD} == set(ARTICLE_SUFFIXES) - {".jsonl.gz"}
    report = desk.index(folder)
    assert counts(report) == (22, 0, 0, 0, len(BAD))
    assert {failure.path for failure in report.failures} == set(BAD)
    assert counts(desk.index(folder)) == (0, 0, 0, 22, len(BAD))
    write(
        folder,
        {"k.mbox": mailbox(mail_of(3), mail_of(2)), "l.csv": make_csv([{**ROWS[0], "text": "New."}, ROWS[1]]).encode()},
    )
    assert counts(desk.index(folder)) == (1, 1, 1, 20, len(BAD))
    assert desk.article("ferry-1").text == "New."
    write(folder, {"p.xml": RDF.encode()})
    assert counts(desk.index(folder)) == (1, 0, 1, 21, len(BAD))


def test_what_a_broken_file_held_is_kept(tmp_path: Path, make_desk: MakeDesk) -> None:
    """Until it can be read again."""
    folder, desk = write(tmp_path / "news", {name: GOOD[name] for name in ("a.txt", "k.mbox", "m.json")}), make_desk()
    assert desk.index(folder).added == 4
    write(folder, {"k.mbox": b"cut off", "m.json": GOOD["m.json"][:-5]})
    assert counts(desk.index(folder)) == (0, 0, 0, 1, 2)
    assert desk.article("1@post.example").text == "Text 1."
    write(folder, {"k.mbox": mailbox(mail_of(1)), "m.json": GOOD["m.json"]})
    assert counts(desk.index(folder)) == (0, 0, 1, 3, 0)


def test_what_changes_in_an_archive_changes_alone(tmp_path: Path, make_desk: MakeDesk) -> None:
    """A file or page that is added, changed or gone; the others are neither parsed nor embedded again."""
    texts = {f"{name}.txt": f"The note of the {name}.".encode() for name in ("crane", "ferry", "pier")}
    pages = [response(name, page_of(name)) for name in ("Hareid", "Lenvik")]
    folder, desk = write(tmp_path / "news", {"a.zip": zipped(texts), "b.warc": archive(*pages)}), make_desk()
    assert counts(desk.index(folder)) == (5, 0, 0, 0, 0)
    assert "a.zip/pier.txt" in {article.path for article in desk.articles()}
    embedder = desk.embedder
    assert isinstance(embedder, WordEmbedder)
    embedder.encoded.clear()
    texts |= {"pier.txt": b"The pier is gone.", "tram.txt": b"The note of the tram."}
    del texts["crane.txt"]
    write(folder, {"a.zip": zipped(texts), "b.warc": archive(pages[0], response("Lenvik", page_of("Lenvik", "nine")))})
    assert counts(desk.index(folder)) == (1, 2, 1, 2, 0)
    assert len(embedder.encoded) == 3
    write(folder, {"a.zip": zipped(texts)[:-9], "b.warc": b"cut off"})
    assert counts(desk.index(folder)) == (0, 0, 0, 0, 2)
    assert len(desk.articles()) == 5
    write(folder, {"a.zip": zipped(texts), "b.warc": archive(*pages)[:-200]})
    assert counts(desk.index(folder)) == (0, 0, 0, 4, 1)
    assert len(desk.articles()) == 5


def test_a_file_of_an_archive_that_was_removed_stays_out(tmp_path: Path, make_desk: MakeDesk) -> None:
    """Until it changes there; an uploaded archive goes with the last of its articles, and is named by a purge till then."""
    texts = {f"{name}.txt": f"The note of the {name}.".encode() for name in ("crane", "ferry")}
    folder, desk = write(tmp_path / "news", {"a.zip": zipped(texts)}), make_desk()
    desk.index(folder)
    desk.remove("a.zip/ferry.txt")
    assert desk.index(folder).skipped == 1
    write(folder, {"a.zip": zipped({**texts, "ferry.txt": b"The ferry is back."})})
    assert desk.index(folder).added == 1
    file = desk.upload("b.zip", zipped(texts))
    assert desk.index(desk.uploads).added == 2
    with pytest.raises(LibraryError, match=r"b\.zip still holds articles that were removed"):
        desk.remove("b.zip/ferry.txt", purge=True)
    assert (desk.index(desk.uploads).skipped, file.exists()) == (1, True)
    desk.remove("b.zip/crane.txt", purge=True)
    assert not file.exists()
    assert desk.upload("b.zip", zipped(texts)) == file
    assert desk.index(desk.uploads).added == 2


def test_a_mail_that_was_removed_stays_out(tmp_path: Path, make_desk: MakeDesk) -> None:
    """The other mails of its file stay in; an uploaded file goes with the last of them."""
    folder, desk = write(tmp_path / "news", {"k.mbox": GOOD["k.mbox"]}), make_desk()
    desk.index(folder)
    desk.remove("1@post.example")
    assert desk.index(folder).skipped == 1
    desk.remove("2@post.example")
    file = desk.upload("k.mbox", mailbox(mail_of(4), mail_of(5)))
    assert desk.index(desk.uploads).added == 2
    assert {article.path for article in desk.articles()} == {"k.mbox"}
    desk.remove("4@post.example")
    assert file.exists()
    desk.remove("5@post.example")
    assert not file.exists()


def test_files_that_hang_or_fill_the_memory_leave_the_others_of_a_batch(tmp_path: Path) -> None:
    """Each ends at its limit; the files before and after it are read."""
    hostile = {"b-stalls.html": STALLING, "b-full.json": b"[" + b"{}," * 2_000_000 + b"{}]"}
    folder = write(tmp_path / "news", {"a.pdf": GOOD["e.pdf"], **hostile, "c.docx": WORD, "d.csv": GOOD["l.csv"]})
    articles, reasons = [], []
    with ArticleReader(seconds=3, memory_bytes=150_000_000) as reader:
        for found in scan_source(folder):
            for entry in reader.entries(found) if isinstance(found, Collection) else [found]:
                try:
                    articles.append(reader.read(entry).article_id) if isinstance(entry, Candidate) else reasons.append(
                        entry.reason
                    )
                except InputError as error:
                    reasons.append(str(error))
    assert articles == ["a.pdf", "c.docx", "ferry-1", "crane-2"]
    full, stalled = reasons
    assert full.startswith(("needs too much memory", "took longer"))  # whichever limit a busy machine reaches first
    assert stalled == "took longer than 3 seconds to parse; save it as text"
