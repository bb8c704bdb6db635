"""Articles in .zip files, whole, broken and hostile."""

import io
import json
import struct
import zipfile
from collections.abc import Iterator

import pytest

from qa.articles import ArticleReader, Skipped
from qa.types import Article, Failure
from tests.broken_files import cut_short, damaged, read, read_all, zipped
from tests.made_pdf import make_pdf
from tests.test_articles_docx import WHOLE as WORD
from tests.test_articles_epub import WHOLE as BOOK
from tests.test_articles_mail import WHOLE as MAIL
from tests.test_articles_mail import mail_of, mailbox
from tests.test_articles_parsing import PAGE, STALLING
from tests.test_articles_parsing import TEXT as PAGE_TEXT

FERRY = b"date 2026-05-01 Ferry opens\nThe ferry to Lenvik opened after two years of works, and sails twice a day."
CRANE = b"# Crane\n\nThe harbour board agreed on a new crane for the east quay of Hareid."
FILES = {"2026/ferry.txt": FERRY, "crane.md": CRANE}
WHOLE = zipped(FILES)


def packed(
    *members: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED, comment: bytes = b""
) -> bytes:
    """A zip file of members in this order, a name twice where it is given twice."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", method) as archive:
        archive.comment = comment
        for name, data in members:
            archive.writestr(name, data)
    return written.getvalue()


def flagged(data: bytes, bits: int, count: int = -1) -> bytes:
    """The archive with bits set among the flags of its members, in both of their heads; of the first ``count`` of them."""
    changed = bytearray(data)
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place, left = changed.find(mark), count
        while place >= 0 and left:
            changed[place + at] |= bits & 0xFF
            changed[place + at + 1] |= bits >> 8
            place, left = changed.find(mark, place + 4), left - 1
    return bytes(changed)


def named(name: str, mode: int = 0o100644) -> zipfile.ZipInfo:
    """What stands in an archive about a file of this name and kind."""
    member = zipfile.ZipInfo(name)
    member.external_attr = mode << 16
    member.compress_type = zipfile.ZIP_DEFLATED
    return member


def overlapping(count: int, size: int) -> bytes:
    """An archive of which ``count`` entries name the same bytes, which expand to ``size``."""
    one = packed(("00000.txt", bytes(size)))
    directory = one.index(b"PK\x01\x02")
    entry = one[directory : one.index(b"PK\x05\x06")]
    entries = b"".join(entry.replace(b"00000", b"%05d" % number) for number in range(count))
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, len(entries), directory, 0)
    return one[:directory] + entries + end


@pytest.fixture(scope="module")
def reader() -> Iterator[ArticleReader]:
    """Yield a reader with its usual limits."""
    with ArticleReader() as reader:
        yield reader


def ended(reader: ArticleReader, data: bytes) -> dict[str, str]:
    """How an archive ends: the text of each article by its id, the reason of each failure by its path."""
    return {
        (found.article_id if isinstance(found, Article) else found.path): (
            found.text if isinstance(found, Article) else found.reason
        )
        for found in read_all(reader, "a.zip", data)
    }


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_each_file_in_an_archive_is_an_article_below_its_path(reader: ArticleReader, method: int) -> None:
    """With title and date as a file of its own has them, packed or not."""
    found = read_all(reader, "old/a.zip", packed(*FILES.items(), method=method))
    assert found == [
        Article("old/a.zip/2026/ferry.txt", "Ferry opens", "2026-05-01", None, None, FERRY.decode().partition("\n")[2]),
        Article("old/a.zip/crane.md", "Crane", None, None, None, CRANE.decode()),
    ]


def test_every_format_is_read_in_an_archive_as_outside(reader: ArticleReader) -> None:
    """Files of several articles, too, whose articles keep the ids that they give themselves."""
    page = PAGE.format(charset="utf-8").encode()
    single = {
        "a.html": page,
        "b.htm": page,
        "c.pdf": make_pdf(["One page."]),
        "d.docx": WORD,
        "e.eml": MAIL,
        "f.epub": BOOK,
    }
    found = [entry for entry in read_all(reader, "z.zip", zipped(single)) if isinstance(entry, Article)]
    assert [entry.article_id for entry in found] == [f"z.zip/{name}" for name in single]
    for entry, (name, data) in zip(found, single.items(), strict=True):
        alone = read(reader, f"z.zip/{name}", data)
        assert entry == alone
    assert found[0].text == PAGE_TEXT
    several = {
        "k.mbox": mailbox(mail_of(1), mail_of(2)), "l.csv": b"id,text\nl-1,The row of the ferry.\n",
        "m.json": json.dumps([{"id": "m-1", "text": "The object."}]).encode(),
        "n.jsonl": b'{"id": "n-1", "text": "The line."}\nno line\n',
    }  # fmt: skip
    assert list(ended(reader, zipped(several))) == [
        "1@post.example",
        "2@post.example",
        "l-1",
        "m-1",
        "n-1",
        "a.zip/n.jsonl:2",
    ]


def test_what_is_no_article_is_passed_over_as_in_a_folder(reader: ArticleReader) -> None:
    """Hidden files and notes of macOS silently, other kinds as skipped."""
    others = {".hidden.txt": b"x", "a/.git/b.txt": b"x", "__MACOSX/._ferry.txt": b"x", "logo.png": b"x", "a/": b""}
    found = read_all(reader, "a.zip", zipped({**FILES, **others}))
    assert [entry.path for entry in found if isinstance(entry, Skipped)] == ["a.zip/logo.png"]
    assert sum(isinstance(entry, Article) for entry in found) == len(found) - 1 == 2


@pytest.mark.parametrize(
    ("name", "path"),
    [("f\u00e4hre.txt", "f\u00e4hre.txt"), ("\u6e21\u3057.txt", "\u6e21\u3057.txt"), ("a\\b.txt", "a/b.txt"), ("a b.TXT", "a b.TXT")],
)  # fmt: skip
def test_names_are_read_as_they_were_meant(reader: ArticleReader, name: str, path: str) -> None:
    """In UTF-8 also where the archive does not say so, and with the separators of Windows."""
    whole = packed((named(name), FERRY))
    silent = bytearray(whole)
    for mark, at in ((b"PK\x03\x04", 7), (b"PK\x01\x02", 9)):
        silent[silent.index(mark) + at] &= ~0x08
    for data in (whole, bytes(silent)):
        assert list(ended(reader, data)) == [f"a.zip/{path}"]


def test_an_old_name_is_read_in_the_encoding_of_the_format(reader: ArticleReader) -> None:
    """Code page 437, where it is no UTF-8."""
    data = packed((named("fxhre.txt"), FERRY)).replace(b"fxhre", b"f\x84hre")
    assert list(ended(reader, data)) == ["a.zip/f\u00e4hre.txt"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [("../evil.txt", "../evil.txt"), ("a/../../evil.txt", "a/../../evil.txt"), ("/etc/evil.txt", "/etc/evil.txt")]
    + [("C:/evil.txt", "C:/evil.txt"), ("..\\evil.txt", "../evil.txt"), ("\\\\host\\evil.txt", "//host/evil.txt")]
    + [("a//evil.txt", "a//evil.txt"), ("ev\nil.txt", "ev\\nil.txt"), ("ev\x1b[2Jil.txt", "ev\\x1b[2Jil.txt")]
    + [("\u202etxt.evil.txt", "\\u202etxt.evil.txt")],
)
def test_a_name_that_leads_out_costs_its_file_only(reader: ArticleReader, name: str, shown: str) -> None:
    """Nothing is unpacked to the disk; a path outside would be a lie all the same."""
    found = ended(reader, packed((named(name), b"evil"), *FILES.items()))
    assert found.pop(f"a.zip/{shown}").startswith("has a name ")
    assert list(found) == ["a.zip/2026/ferry.txt", "a.zip/crane.md"]


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    {
        "empty": ("b.txt", b"", "is empty"),
        "binary": ("b.txt", bytes(range(256)) * 9, "is not text"),
        "a broken PDF": ("b.pdf", b"no PDF", "is not a PDF"),
        "a page without text": ("b.html", b"<html></html>", "has no main text"),
        "an archive": ("b.zip", WHOLE, "is an archive in an archive, which is not opened; unpack it"),
        "packed lines": ("b.jsonl.gz", b"", "is an archive in an archive, which is not opened; unpack it"),
        "a web archive": ("b.warc.gz", b"", "is an archive in an archive, which is not opened; unpack it"),
        "no mailbox": ("b.mbox", b"Just text.", "is not a mailbox"),
        "too large": ("b.txt", b"word " * 10_000_001, "is larger than 50 MB; split it"),
    }.values(),
)
def test_a_bad_file_in_an_archive_costs_only_itself(reader: ArticleReader, name: str, data: bytes, reason: str) -> None:
    """It is listed below the path of its archive."""
    found = ended(reader, packed((name, data), *FILES.items()))
    assert found.pop(f"a.zip/{name}").startswith(reason)
    assert list(found) == ["a.zip/2026/ferry.txt", "a.zip/crane.md"]


def test_a_file_that_is_encrypted_a_link_or_oddly_packed_costs_only_itself(reader: ArticleReader) -> None:
    """So does one whose bytes are not what their checksum says."""
    link, odd = named("b.txt", 0o120777), named("b.txt")
    odd.compress_type = zipfile.ZIP_BZIP2
    broken = packed(("b.txt", b"The note of the pier."), *FILES.items(), method=zipfile.ZIP_STORED)
    for data, reason in (
        (flagged(packed(("b.txt", b"secret"), *FILES.items()), 1, count=1), "is encrypted; pack it without a password"),
        (packed((link, b"../../etc/passwd"), *FILES.items()), "is a link, and links are not followed"),
        (packed((odd, b"text"), *FILES.items()), "is packed in a way that is not read"),
        (broken.replace(b"note of the pier", b"note of the peer"), "is damaged in the archive; pack it again"),
    ):
        found = ended(reader, data)
        assert found.pop("a.zip/b.txt").startswith(reason)
        assert list(found) == ["a.zip/2026/ferry.txt", "a.zip/crane.md"]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_of_a_name_that_stands_twice_the_last_counts(reader: ArticleReader) -> None:
    """The other is listed."""
    found = read_all(reader, "a.zip", packed(("a.txt", b"Old."), ("b.txt", b"Other."), ("a.txt", b"New.")))
    assert found[0] == Failure("a.zip/a.txt", "is packed twice, and what stands further down counts; pack it once")
    assert [entry.text for entry in found if isinstance(entry, Article)] == ["Other.", "New."]


@pytest.mark.parametrize(
    ("data", "reason"),
    {
        "empty": (b"", "is not a zip archive, or is damaged"),
        "text": (b"Just text. " * 200, "is not a zip archive, or is damaged"),
        "zeros": (bytes(100_000), "is not a zip archive, or is damaged"),
        "a PDF": (make_pdf(["One page."]), "is not a zip archive, or is damaged"),
        "its end alone": (WHOLE[-22:], "is not a zip archive, or is damaged"),
        "no files": (zipped({}), "holds no files; remove it"),
        "only folders": (zipped({"a/": b"", "b/c/": b""}), "holds no files; remove it"),
        "encrypted": (flagged(WHOLE, 1), "is encrypted; pack it without a password"),
        "a bomb": (zipped({"a.txt": bytes(70_000_000)}), "expands to more than 64 MB; unpack it into a folder"),
        "a bomb of many": (zipped({f"{n}.txt": bytes(5_000_000) for n in range(14)}), "expands to more than 64 MB"),
        "a bomb of one part": (overlapping(2_000, 1_000_000), "expands to more than 64 MB"),
        "too many files": (zipped({f"{n}.txt": b"" for n in range(10_001)}), "holds more than 10,000 files; split it"),
    }.values(),
)  # fmt: skip
def test_an_archive_that_cannot_be_opened_is_one_failure(reader: ArticleReader, data: bytes, reason: str) -> None:
    """Of the file as a whole; the next one is read."""
    (failure,) = read_all(reader, "a.zip", data)
    assert isinstance(failure, Failure)
    assert (failure.path, failure.reason.startswith(reason)) == ("a.zip", True), failure.reason
    assert len(ended(reader, WHOLE)) == 2


def test_parts_that_overlap_below_the_limit_fill_no_memory(reader: ArticleReader) -> None:
    """At most one of them is what it says to be."""
    reasons = list(ended(reader, overlapping(50, 100_000)).values())
    assert len(reasons) == 50
    assert sum(reason != "is damaged in the archive; pack it again" for reason in reasons) <= 1


def test_a_comment_and_what_stands_before_an_archive_do_no_harm(reader: ArticleReader) -> None:
    """As in archives that open themselves."""
    for data in (packed(*FILES.items(), comment=b"Packed on a rainy day. " * 50), b"#!/bin/sh\n" * 50 + WHOLE):
        assert list(ended(reader, data)) == ["a.zip/2026/ferry.txt", "a.zip/crane.md"]


def test_a_page_that_stalls_in_an_archive_costs_only_itself() -> None:
    """The others are read by another process."""
    with ArticleReader(seconds=3) as impatient:
        found = ended(impatient, zipped({"a.txt": FERRY, "b.html": STALLING, "c.docx": WORD}))
    assert found["a.zip/b.html"].startswith("took longer than 3 seconds")
    assert len(found) == 3


def test_an_archive_cut_short_or_damaged_costs_only_itself(reader: ArticleReader) -> None:
    """Thirty of them: articles as they were packed, or a reason each."""
    texts = {FERRY.decode().partition("\n")[2], CRANE.decode()}
    for data in cut_short(WHOLE, 15):
        (failure,) = read_all(reader, "a.zip", data)
        assert isinstance(failure, Failure)
    for data in damaged(WHOLE, 15):
        for found in read_all(reader, "a.zip", data):
            assert not isinstance(found, Article) or found.text in texts
    assert len(ended(reader, WHOLE)) == 2
