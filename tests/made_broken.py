"""Files of every format that are broken for tests: cut short, damaged, empty, something else, too deep, or hostile."""

import gzip
import itertools
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from tests.broken_files import cut_short, damaged, rezipped, zipped
from tests.made_files import WRITERS, Made, Teller, packed_pdf
from tests.made_pdf import make_pdf
from tests.test_articles_docx import BODY, make_docx, without_text
from tests.test_articles_epub import ENTITIES, FIRST, PACKAGE, SAID, make_epub, package, protected
from tests.test_articles_feed import RSS, item, make_rss
from tests.test_articles_mail import mail_of, mailbox, nested, raw
from tests.test_articles_pdf import encrypted, encrypted_with_aes, with_content, with_object
from tests.test_articles_warc import HOST, WORDS, archive, http, page_of, record, response
from tests.test_articles_zip import flagged, named, overlapping, packed

BROKEN = 25
WORD, BOOK = make_docx(), make_epub()
PAGE = b"<!DOCTYPE html><html><head><title>Gone</title></head><body><p>The page of the mill is gone.</p></body></html>"
LINE = b'{"id": "%b", "text": "The mill of Vessmark stands."}\n'
STANDS = "The mill of Vessmark stands."
GOOD = LINE % b"stands"
DEEP_PAGE = b"<html><body>" + b"<div>" * 20_000 + b"deep"


@dataclass(frozen=True)
class Broken:
    """A broken file: what its texts were before, and whether it must be listed, holds nothing to list, or may be either."""

    what: str
    data: bytes
    held: tuple[str, ...] = ()
    ends: str = "either"


def broken_files(suffix: str) -> list[Broken]:
    """Twenty-five of a format: those that hold nothing, those of other formats, hostile ones, and the rest cut and damaged."""
    fixed = [*_nothing(suffix), *_others(suffix), *HOSTILE[suffix](suffix)]
    tell, count = Teller(f"broken {suffix}"), BROKEN - len(fixed)
    return [*fixed, *_cut(suffix, tell, count // 2), *_damaged(suffix, tell, count - count // 2)]


def _cut(suffix: str, tell: Teller, count: int) -> Iterator[Broken]:
    """Each one cut a little later, and each of a file of its own, as ids of one file are refused in the next."""
    for number in range(count):
        whole = _whole(suffix, tell, f"cut-{number}")
        yield Broken("cut short", list(cut_short(whole.data, count + 1))[number + 1], _held(whole))


def _damaged(suffix: str, tell: Teller, count: int) -> Iterator[Broken]:
    """Each one in other places."""
    for number in range(count):
        whole = _whole(suffix, tell, f"damaged-{number}")
        yield Broken("damaged", list(damaged(whole.data, number + 1))[-1], (*_held(whole), _source(whole)))


def _whole(suffix: str, tell: Teller, name: str) -> Made:
    """The longer one of two files; where a letter of base64 is lost, all that comes after it is noise."""
    made = (WRITERS[suffix](tell, f"{name}-{letter}{suffix}") for letter in itertools.count())
    plain = (one for one in made if suffix not in (".eml", ".mbox") or b"base64" not in one.data)
    return max(itertools.islice(plain, 2), key=lambda one: len(one.data))


def _held(whole: Made) -> tuple[str, ...]:
    """Its texts and titles; of a text file also its source, as half of a head is text."""
    said = tuple(value for told in whole.told for value in (told.text, told.title))
    return (*said, _source(whole)) if whole.name.endswith((".txt", ".md")) else said


def _source(whole: Made) -> str:
    """What stands in a file, to which a reader may fall back where the marks of its format are damaged."""
    marked = whole.data.startswith((b"\xff\xfe", b"\xfe\xff"))
    return "\n".join(whole.data.decode("utf-16" if marked else "utf-8-sig", "replace").splitlines())


def _nothing(suffix: str) -> Iterator[Broken]:
    """Nothing in it; a file of lines without one holds no articles, which is no mistake."""
    of_lines = suffix in (".jsonl", ".jsonl.gz")
    blank = b" \r\n\t\n \n"
    yield Broken("empty", b"", ends="nothing" if of_lines else "listed")
    yield Broken(
        "blank", gzip.compress(blank) if suffix == ".jsonl.gz" else blank, ends="nothing" if of_lines else "listed"
    )


def _others(suffix: str) -> Iterator[Broken]:
    """Binary data, and other formats under this suffix, of which nobody could read an article."""
    chance = random.Random(suffix)
    others = {
        "zeros": bytes(2000),
        "a picture": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + chance.randbytes(2000),
        "an old Word file": bytes.fromhex("d0cf11e0a1b11ae1") + chance.randbytes(2000),
        "Word": WORD, "a book": BOOK, "a PDF": packed_pdf(make_pdf([STANDS] * 3)),
    }  # fmt: skip
    own = {".docx": "Word", ".epub": "a book", ".pdf": "a PDF"}.get(suffix)
    if suffix not in (".txt", ".md", ".html", ".htm"):  # in which any text is one
        others |= {"text": b"The mill of Vessmark stands.\n" * 9, "a page": PAGE}
    for what, data in others.items():
        if what != own:
            yield Broken(what, data, ends="listed")


def _listed(**files: bytes) -> list[Broken]:
    return [Broken(what.replace("_", " "), data, ends="listed") for what, data in files.items()]


def _hostile_text(suffix: str) -> list[Broken]:
    """Not all of it text."""
    return _listed(controls=b"\x01\x02\x03\x04 text", half_a_pair=b"\xff\xfe\x00\xd8", a_NUL=b"Text, one \x00 in it")


def _hostile_markdown(suffix: str) -> list[Broken]:
    """Nothing below its head, or a head too deep."""
    deep = f"---\n{'[' * 1000}\n---\nText"
    return [*_listed(only_matter=b"---\ntitle: A\n---\n"), Broken("deep", deep.encode(), (deep,))]


def _hostile_page(suffix: str) -> list[Broken]:
    """No text, or one too deep or too long."""
    laughs = f"<!DOCTYPE a [{ENTITIES}]><html><body><p>&e9;</p></body></html>".encode()
    script = _listed(script=b"<html><script>Home</script></html>")
    return [*script, Broken("deep", DEEP_PAGE, ("deep",)), Broken("laughs", laughs, ("&e9;",))]


def _hostile_pdf(suffix: str) -> list[Broken]:
    """Protected, without text, or without end."""
    return _listed(
        password=encrypted("secret"), AES=encrypted_with_aes(), a_scan=make_pdf([], []), only_its_mark=b"%PDF-1.7",
        pages_in_pages=with_object(2, b"<< /Type /Pages /Count 1 /Kids [2 0 R] >>"),
        arrays=with_content(b"BT " + b"[" * 50_000 + b"ET"),
    )  # fmt: skip


def _hostile_word(suffix: str) -> list[Broken]:
    """Without text, in pieces, or too deep."""
    return _listed(
        no_text=make_docx(without_text), no_document=rezipped(WORD, {BODY: None}),
        deep=rezipped(WORD, {BODY: b"<a>" * 100_000}),
        laughs=rezipped(WORD, {BODY: f"<!DOCTYPE a [{ENTITIES}]><a>&e9;</a>".encode()}),
    )  # fmt: skip


def _hostile_mail(suffix: str) -> list[Broken]:
    """Without text, or with parts or letters that are too deep."""
    return [
        *_listed(no_body=raw(b""), parts_without_end=nested(20_000), picture=raw(b"R0lG", "Content-Type: image/gif")),
        Broken("deep", nested(300), ("Deep text.",)),
        Broken("deep letter", raw(DEEP_PAGE, "Content-Type: text/html"), ("deep",)),
    ]


def _hostile_book(suffix: str) -> list[Broken]:
    """In pieces, protected, or too deep."""
    return [
        *_listed(
            no_package=rezipped(BOOK, {PACKAGE: None}), no_chapter=rezipped(BOOK, {FIRST: None}),
            outside=rezipped(BOOK, {PACKAGE: package(["../../a.xhtml"], SAID)}),
            protected=protected("http://www.w3.org/2001/04/xmlenc#aes128-cbc"),
        ),
        Broken("deep", rezipped(make_epub(["x"]), {FIRST: DEEP_PAGE}), ("deep",)),
    ]  # fmt: skip


def _hostile_lines(suffix: str) -> list[Broken]:
    """A bad line after a good one."""
    lines = {
        "deep": b"[" * 100_000, "no id": b'{"text": "x"}', "no text": b'{"id": "x"}', "a list": b"[1]",
        "no UTF-8": b'{"id": "\xff", "text": "x"}',
    }  # fmt: skip
    pack = gzip.compress if suffix == ".jsonl.gz" else bytes
    return [
        Broken(what, pack(GOOD.replace(b"stands", what.encode(), 1) + line), (STANDS,), "both")
        for what, line in lines.items()
    ]


def _hostile_mailbox(suffix: str) -> list[Broken]:
    """Bad mails after a good one."""
    inside = mailbox(mail_of(901, STANDS), nested(20_000), b"No head.\n")
    return [*_listed(no_mails=mailbox(b"No head.\n")), Broken("bad mails", inside, (STANDS,), "both")]


def _hostile_table(suffix: str) -> list[Broken]:
    """Without texts, or with a row that has none."""
    rows = b"id,text\nstands,The mill of Vessmark stands.\nx,\n"
    return [
        *_listed(
            no_texts=b"year,cost\n2021,4\n",
            no_rows=b"id,text\n",
            half_of_UTF_16="id,text\n".encode("utf-16") + b"\0",
        ),
        Broken("a row without a text", rows, (STANDS,), "both"),
    ]


def _hostile_objects(suffix: str) -> list[Broken]:
    """Too deep, of another shape, or with bad entries after a good one."""
    bad = b"[" + GOOD + b', 7, {"text": null}, {"content_html": "<img>"}]'
    return [
        *_listed(
            deep=b"[" * 100_000,
            deep_objects=b'{"a":' * 100_000,
            lines=GOOD * 2,
            no_articles=b'{"name": "a-package"}',
        ),
        Broken("bad entries", bad, (STANDS,), "both"),
    ]


def _hostile_feed(suffix: str) -> list[Broken]:
    """Without items, too long or deep, of another file, or with a bad item before a good one."""
    laughs = RSS.replace("<rss", f"<!DOCTYPE rss [{ENTITIES}]><rss")
    secret = RSS.replace("<rss", '<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss')
    deep = item(guid=f"deep{suffix}", description="<b>" * 5_000 + "x")
    return [
        *_listed(no_items=make_rss(), an_address=b"http://127.0.0.1:9/feed.xml"),
        Broken("laughs", laughs.format(encoding="utf-8", items=item(description="&e9;")).encode(), ("&e9;",)),
        Broken("a file", secret.format(encoding="utf-8", items=item(description="a&x;b")).encode(), ("a&x;b",)),
        Broken("deep", make_rss(deep), ("x",)),
        Broken("no text", make_rss(item(guid="none"), item(guid="stands", description=STANDS)), (STANDS,), "both"),
    ]


def _hostile_archive(suffix: str) -> list[Broken]:
    """Closed, swollen, or with a bad file before a good one."""
    stands = ("stands.txt", STANDS.encode())
    return [
        *_listed(no_files=zipped({}), encrypted=flagged(packed(stands), 1), overlapping=overlapping(2_000, 1_000_000)),
        Broken("an archive in it", packed(("b.zip", zipped({"a.txt": b"x"})), stands), (STANDS,), "both"),
        Broken("a name that leads out", packed((named("../a.txt"), b"x"), stands), (STANDS,), "both"),
        Broken("a link", packed((named("a.txt", 0o120777), b"/etc/passwd"), stands), (STANDS,), "both"),
    ]


def _hostile_web_archive(suffix: str) -> list[Broken]:
    """In pieces, without end, or with a bad page before a good one."""
    pack = suffix.endswith(".gz")
    body, url = page_of("Vessmark"), f"{HOST}/mill"
    long = record("response", http(body), url, Content_Length="9" * 12)
    bad = response("bad", b"<html></html>")
    return [
        *_listed(
            packed_as_a_whole=gzip.compress(archive(response("a", body), response("b", body))),
            no_address=archive(record("response", http(body)), packed=pack),
            endless=archive(long, packed=pack),
            no_length=archive(record("response", http(body), url, Content_Length="many"), packed=pack),
        ),
        Broken(
            "a page without a text",
            archive(bad, response("stands", page_of("Skogs\u00e5s")), packed=pack),
            (WORDS.format("Skogs\u00e5s", "two"),),
            "both",
        ),
    ]


HOSTILE: Mapping[str, Callable[[str], list[Broken]]] = {
    ".txt": _hostile_text,
    ".md": _hostile_markdown,
    ".html": _hostile_page,
    ".htm": _hostile_page,
    ".pdf": _hostile_pdf,
    ".docx": _hostile_word,
    ".eml": _hostile_mail,
    ".epub": _hostile_book,
    ".jsonl": _hostile_lines,
    ".jsonl.gz": _hostile_lines,
    ".mbox": _hostile_mailbox,
    ".csv": _hostile_table,
    ".json": _hostile_objects,
    ".rss": _hostile_feed,
    ".atom": _hostile_feed,
    ".xml": _hostile_feed,
    ".zip": _hostile_archive,
    ".warc": _hostile_web_archive,
    ".warc.gz": _hostile_web_archive,
}
