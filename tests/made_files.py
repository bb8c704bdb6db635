"""Files of every format for tests, each with the articles it is made of: stories drawn by chance, written in many ways."""

import gzip
import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from html import escape
from io import BytesIO

import docx
from pypdf import PdfReader, PdfWriter

from tests.broken_files import zipped
from tests.made_pdf import make_pdf
from tests.test_articles_docx import make_docx
from tests.test_articles_epub import make_epub
from tests.test_articles_feed import item, make_rss
from tests.test_articles_mail import mailbox, make_mail
from tests.test_articles_records import make_csv
from tests.test_articles_warc import HOST, INFO, archive, response

PLACES = ("Tharnholm", "Vessmark", "Ober\u00fcxfeld", "Saint-Brul\u00e9", "Skogs\u00e5s", "Dunnerby")
THINGS = ("the grain mill", "the night bus", "a \u201cquiet\u201d carillon", "the old fish hall", "the weather mast")
SENTENCES = (
    "The council of {place} voted {number} to 7 for {thing}.",
    "In {place} they paid {number} crowns for {thing}, which nobody had expected.",
    "{number} people came to see {thing} in {place} & stayed until dusk.",
    "Der Rat von {place} pr\u00fcfte {number} Pl\u00e4ne f\u00fcr die Stra\u00dfe \u2013 ohne Ergebnis.",
    "\u201eWir bleiben\u201c, sagte eine B\u00e4ckerin aus {place} zum {number}. Mal.",
)
RUSSIAN = (
    "\u0413\u043e\u0440\u043e\u0434 \u0417\u0430\u0442\u043e\u0447\u044c\u0435 "
    "\u043a\u0443\u043f\u0438\u043b {number} \u043b\u043e\u0434\u043e\u043a.",
    "\u041c\u043e\u0441\u0442 \u0437\u0430\u043a\u0440\u044b\u043b\u0438 \u043d\u0430 {number} \u0434\u043d\u0435\u0439, "
    "\u0436\u0438\u0442\u0435\u043b\u0438 \u043d\u0435\u0434\u043e\u0432\u043e\u043b\u044c\u043d\u044b.",
)
WORLD = (
    "\U0001f6a2 Ferry no. {number} of {place} is late \u2026 again \U0001f62c!",
    "\u6e2f\u53e3\u82b1\u4e86 {number} \u5929\u3002 The sign in {place} says so.",
)
SOURCES = ("Vessmark Courier", "Radio Dunnerby & Co.")
TEMPLATE_MADE = docx.Document().core_properties.created  # a day that says nothing of the file
LATIN, CYRILLIC, ANY = (*SENTENCES,), (*RUSSIAN,), (*SENTENCES, *RUSSIAN, *WORLD)
# Of what each may be made; short, as programs that write mails break long ones.
TITLES = {
    LATIN: ("Report {number} on Vessmark", "Bericht {number} \u00fcber Stra\u00dfen & Wege"),
    CYRILLIC: ("\u041e\u0442\u0447\u0451\u0442 {number} \u043e \u043b\u043e\u0434\u043a\u0430\u0445",),
    ANY: ("Ferry \U0001f6a2 no. {number}", "\u041e\u0442\u0447\u0451\u0442 {number}", "A \u201cReport\u201d: {number}"),
}


@dataclass(frozen=True)
class Told:
    """An article as it should be stored; without an id it may be any, as the file gives none."""

    article_id: str | None
    title: str
    date: str | None
    source: str | None
    text: str


@dataclass(frozen=True)
class Made:
    """A well-formed file, and the articles it should become."""

    name: str
    data: bytes
    told: tuple[Told, ...]


@dataclass(frozen=True)
class Story:
    """What an article says, before any format has it."""

    number: int
    title: str
    day: str | None
    source: str | None
    paragraphs: tuple[str, ...]

    @property
    def text(self) -> str:
        """Its paragraphs, a line each."""
        return "\n".join(self.paragraphs)


class Teller:
    """Tells stories, the same in every run, none of them twice."""

    def __init__(self, seed: str) -> None:
        self.chance = random.Random(seed)
        self.count = 0

    def story(self, sentences: tuple[str, ...] = ANY, most: int = 12) -> Story:
        """A story of one sentence or of up to ``most`` paragraphs, that may lack its day or source."""
        self.count += 1
        chance = self.chance
        paragraphs = [
            " ".join(self._sentence(sentences) for _ in range(chance.randint(1, 4)))
            for _ in range(chance.choice((1, 2, 3, most)))
        ]
        if chance.random() < 0.2:
            paragraphs = [self._sentence(sentences)]
        day = date(2019, 1, 1) + timedelta(days=chance.randrange(2000))
        return Story(
            self.count,
            chance.choice(TITLES[sentences]).format(number=self.count),
            day.isoformat() if chance.random() < 0.7 else None,
            chance.choice(SOURCES) if chance.random() < 0.6 else None,
            tuple(paragraphs),
        )

    def _sentence(self, sentences: Sequence[str]) -> str:
        chance = self.chance
        number = f"{chance.randrange(10, 10**6)}"
        return chance.choice(sentences).format(place=chance.choice(PLACES), thing=chance.choice(THINGS), number=number)


def write_text(tell: Teller, name: str) -> Made:
    """Plain text: with a date line or without, in any Unicode encoding and with any line end, with a mark to be cleaned."""
    chance, story = tell.chance, tell.story()
    text = ("\n\n" if chance.random() < 0.5 else "\n").join(story.paragraphs) + chance.choice(("", "\n"))
    head = f"date {story.day} {story.title}\n" if story.day else ""
    told = Told(name, story.title if story.day else title_of(name), story.day, None, text)
    return Made(name, _encoded(chance, head + _soiled(chance, text)), (told,))


def write_markdown(tell: Teller, name: str) -> Made:
    """Markdown: with front matter, a heading, both or neither."""
    chance, story = tell.chance, tell.story()
    matter, heading = chance.random() < 0.5, chance.random() < 0.5
    text = (f"# {story.title}\n\n" if heading else "") + "\n\n".join(story.paragraphs) + "\n"
    said = {"title": story.title, "date": story.day, "source": story.source, "tags": "none"}
    lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in said.items() if value]
    head = f"---\n{''.join(lines)}---\n" if matter else ""
    known = replace(story, day=story.day if matter else None, source=story.source if matter else None)
    title = story.title if matter or heading else title_of(name)
    data = _encoded(chance, head + _soiled(chance, text))
    return Made(name, data, (Told(name, title, known.day, known.source, text),))


def write_page(tell: Teller, name: str) -> Made:
    """A web page in an encoding that it names, with its navigation and footer or without."""
    chance = tell.chance
    charset, sentences = chance.choice((("utf-8", ANY), ("utf-16", ANY), ("windows-1252", LATIN), ("koi8-r", CYRILLIC)))
    story = tell.story(sentences)
    data = page(story, charset, frame=chance.random() < 0.6, end=chance.choice(("\n", "\r\n")))
    return Made(name, data, (Told(name, story.title, story.day, story.source, f"{story.title}\n{story.text}"),))


def page(story: Story, charset: str = "utf-8", frame: bool = True, end: str = "\n") -> bytes:
    """A web page of a story; the frame is what is around it on a page, and no part of its text."""
    day = f'<meta property="article:published_time" content="{story.day}T08:00:00Z">' if story.day else ""
    source = f'<meta property="og:site_name" content="{escape(story.source)}">' if story.source else ""
    head = f'<meta charset="{charset}"><title>{escape(story.title)}</title>{source}{day}'
    body = f"<article>{end}<h1>{escape(story.title)}</h1>{end}{_markup(story, end)}{end}</article>"
    if frame:
        body = f"<nav><a href='/'>Home</a> <a href='/sport'>Sport</a></nav>{body}<footer>Copyright 2019</footer>"
    return f"<!DOCTYPE html>{end}<html><head>{head}</head>{end}<body>{body}</body></html>".encode(charset)


def write_pdf(tell: Teller, name: str) -> Made:
    """A PDF of pages, each paragraph a line; packed or not, with what it says of itself or without."""
    chance, story = tell.chance, tell.story(LATIN)
    said = {"Title": story.title}
    if story.day:
        said["CreationDate"] = f"D:{story.day.replace('-', '')}120000Z"
    if story.source:
        said["Author"] = story.source
    first = chance.randint(1, len(story.paragraphs))
    pages = [part for part in (story.paragraphs[:first], story.paragraphs[first:]) if part]
    data = make_pdf(*pages, **said)
    told = Told(name, story.title, story.day, story.source, "\n\n".join("\n".join(part) for part in pages))
    return Made(name, packed_pdf(data) if chance.random() < 0.5 else data, (told,))


def packed_pdf(data: bytes) -> bytes:
    """A PDF with its pages packed, as most programs write them."""
    writer, written = PdfWriter(clone_from=PdfReader(BytesIO(data))), BytesIO()
    for one in writer.pages:
        one.compress_content_streams()
    writer.write(written)
    return written.getvalue()


def write_word(tell: Teller, name: str) -> Made:
    """A Word file with a title of its own, a headline at its top, or neither, and with a table or without."""
    chance, story = tell.chance, tell.story()
    kind, table = chance.choice(("title", "headline", "neither")), chance.random() < 0.4

    def change(document: docx.document.Document) -> None:
        document._body.clear_content()
        if kind == "headline":
            document.add_heading(story.title, level=0)
        for paragraph in story.paragraphs:
            document.add_paragraph(paragraph)
        if table:
            row = document.add_table(rows=1, cols=2).rows[0]
            row.cells[0].text, row.cells[1].text = "Sum", "12 crowns"
        if story.day:
            document.core_properties.created = datetime.fromisoformat(story.day)
        else:
            document.core_properties.created = TEMPLATE_MADE

    data = make_docx(change, title=story.title if kind == "title" else "", author=story.source or "")
    text = "\n".join([story.title] * (kind == "headline") + [story.text] + ["Sum | 12 crowns"] * table)
    title = title_of(name) if kind == "neither" else story.title
    return Made(name, data, (Told(name, title, story.day, story.source, text),))


def write_mail(tell: Teller, name: str) -> Made:
    """A mail in an encoding that it names, as plain text, as a letter in HTML, or both."""
    mail, told = _mail(tell, title_of(name))
    return Made(
        name,
        mail.as_bytes(policy=SMTP) if tell.chance.random() < 0.5 else mail.as_bytes(),
        (replace(told, article_id=name),),
    )


def _mail(tell: Teller, untitled: str, message_id: str = "") -> tuple[EmailMessage, Told]:
    chance = tell.chance
    charset, sentences = chance.choice((("utf-8", ANY), ("cp1252", LATIN), ("koi8-r", CYRILLIC), ("utf-8", LATIN)))
    story = tell.story(sentences)
    day = datetime.fromisoformat(story.day) if story.day else None
    head = {
        "Subject": story.title,
        "From": f'"{story.source}" <desk@vessmark.example>' if story.source else "",
        "Date": f"{day:%d %b %Y} 23:40:00 -0700" if day else "",
        "Message_ID": f"<{message_id}>" if message_id else "",
    }
    letter = f"<html><body>{_markup(story)}</body></html>" if chance.random() < 0.5 else None
    plain = story.text if letter is None or chance.random() < 0.5 else None
    mail = make_mail(plain, letter, charset, **head)
    if mail.is_multipart():  # by itself it draws another one in every run
        mail.set_boundary(f"=-part-{story.number}")
    return mail, Told(message_id or None, story.title, story.day, story.source, story.text)


def write_book(tell: Teller, name: str) -> Made:
    """A book of one chapter or several, in an encoding that they name."""
    chance = tell.chance
    encoding, sentences = chance.choice(
        (("utf-8", ANY), ("utf-16", ANY), ("windows-1252", LATIN), ("koi8-r", CYRILLIC))
    )
    chapters = [tell.story(sentences) for _ in range(chance.randint(1, 4))]
    book = chapters[0]
    said = {"title": book.title, "date": book.day and f"{book.day}T00:00:00Z", "publisher": book.source}
    written = [f"<h1>Part {one.number}</h1>{_markup(one)}" for one in chapters]
    data = make_epub(written, {key: escape(value) for key, value in said.items() if value}, encoding)
    text = "\n\n".join(f"Part {one.number}\n{one.text}" for one in chapters)
    return Made(name, data, (Told(name, book.title, book.day, book.source, text),))


def write_lines(tell: Teller, name: str) -> Made:
    """Objects on lines, with or without title, date and source, some lines blank."""
    chance, end = tell.chance, tell.chance.choice(("\n", "\r\n"))
    stories = [tell.story() for _ in range(chance.randint(1, 5))]
    lines, told = [], []
    for story in stories:
        given_id = f"{name}-{story.number}"
        fields, entry = _record(chance, story, given_id, replace(story, paragraphs=(_soiled(chance, story.text),)))
        lines.append(json.dumps(fields, ensure_ascii=chance.random() < 0.5) + end * chance.randint(1, 2))
        told.append(entry)
    data = "".join(lines).encode(chance.choice(("utf-8", "utf-8-sig")))
    return Made(name, gzip.compress(data, mtime=0) if name.endswith(".gz") else data, tuple(told))


def _record(chance: random.Random, story: Story, given_id: str, written: Story) -> tuple[dict[str, str], Told]:
    """The fields of an article, and what they should become; without a title it is the text's first words."""
    titled = chance.random() < 0.8
    title = story.title if titled else _first_words(story.text)
    said = {"title": story.title if titled else None, "date": story.day, "source": story.source}
    fields = {"id": given_id, "text": written.text} | {key: value for key, value in said.items() if value}
    return fields, Told(given_id, title, story.day, story.source, story.text)


def write_mailbox(tell: Teller, name: str) -> Made:
    """Mails in one file, with ids of their own or without."""
    chance = tell.chance
    mails = [
        _mail(tell, "", f"{name}-{number}@vessmark.example" if chance.random() < 0.7 else "")
        for number in range(chance.randint(1, 5))
    ]
    data = mailbox(*(mail.as_bytes() for mail, _ in mails))
    end = chance.choice((b"\n", b"\r\n"))
    return Made(name, data.replace(b"\n", end), tuple(told for _, told in mails))


def write_table(tell: Teller, name: str) -> Made:
    """Rows under names, in capitals or not, separated in any way."""
    chance = tell.chance
    records = [
        _record(chance, story, f"{name}-{story.number}", story)
        for story in (tell.story() for _ in range(chance.randint(1, 5)))
    ]
    columns = ("id", "text", "title", "date", "source")
    names = chance.choice(
        (None, ["ID", "Text", "Title", "Date", "Source"], ["guid", "body", "headline", "published", "outlet"])
    )
    rows = [{column: fields.get(column, "") for column in columns} for fields, _ in records]
    table = make_csv(rows, chance.choice(",;\t|"), names)
    table = table if chance.random() < 0.5 else table.replace("\r\n", "\n")
    return Made(name, table.encode(chance.choice(("utf-8", "utf-8-sig", "utf-16"))), tuple(told for _, told in records))


def write_objects(tell: Teller, name: str) -> Made:
    """A list of objects, a list under a name, or one object; their text may be HTML."""
    chance = tell.chance
    stories = [tell.story() for _ in range(chance.randint(1, 5))]
    records = [_record(chance, story, f"{name}-{story.number}", story) for story in stories]
    objects = [fields for fields, _ in records]
    for fields, story in zip(objects, stories, strict=True):
        if "title" in fields and chance.random() < 0.3:
            fields["content_html"] = _markup(story)
            del fields["text"]
    document: object = chance.choice((objects, {"articles": objects}, {"title": "All", "items": objects}))
    document = objects[0] if len(objects) == 1 else document
    text = json.dumps(document, ensure_ascii=chance.random() < 0.5, indent=chance.choice((None, 1)))
    return Made(name, text.encode(chance.choice(("utf-8", "utf-8-sig", "utf-16"))), tuple(told for _, told in records))


def write_feed(tell: Teller, name: str) -> Made:
    """RSS, Atom or RDF: .rss is the first, .atom the second, .xml any of them."""
    write = {".rss": _rss, ".atom": _atom}.get(name[name.rindex(".") :]) or tell.chance.choice((_rss, _atom, _rdf))
    return write(tell, name)


def _rss(tell: Teller, name: str) -> Made:
    chance = tell.chance
    encoding, sentences = chance.choice(
        (("utf-8", ANY), ("utf-16", ANY), ("windows-1252", LATIN), ("koi8-r", CYRILLIC))
    )
    items, told = [], []
    for number in range(chance.randint(1, 5)):
        story = tell.story(sentences)
        day = datetime.fromisoformat(story.day) if story.day else None
        given_id = f"{name}-{number}"
        fields = {"title": escape(story.title), "guid": given_id, "description": escape(_markup(story))}
        if day:
            fields["pubDate"] = f"{day:%d %b %Y} 23:40:00 -0700"
        if chance.random() < 0.4:  # the whole of it beside a summary
            fields |= {"content:encoded": f"<![CDATA[{_markup(story)}]]>", "description": escape(story.text[:9])}
        items.append(item(**fields))
        told.append(Told(given_id, story.title, story.day, "Lenvik Post", story.text))
    return Made(name, make_rss(*items, encoding=encoding), tuple(told))


def _atom(tell: Teller, name: str) -> Made:
    chance = tell.chance
    entries, told = [], []
    for number in range(chance.randint(1, 5)):
        story, given_id = tell.story(), f"urn:{name}-{number}"
        content = chance.choice((
            f'<content type="text">{escape(story.text)}</content>',
            f'<content type="html">{escape(_markup(story))}</content>',
            f'<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">{_markup(story)}</div></content>',
        ))  # fmt: skip
        day = (
            f"<{(tag := chance.choice(('published', 'updated')))}>{story.day}T23:40:00-07:00</{tag}>"
            if story.day
            else ""
        )
        source = f"<source><title>{escape(story.source)}</title></source>" if story.source else ""
        entries.append(f"<entry><title>{escape(story.title)}</title><id>{given_id}</id>{day}{source}{content}</entry>")
        told.append(Told(given_id, story.title, story.day, story.source or "Harbour wire", story.text))
    feed = f'<feed xmlns="http://www.w3.org/2005/Atom"><title>Harbour wire</title>{"".join(entries)}</feed>'
    return Made(name, f'<?xml version="1.0" encoding="utf-8"?>{feed}'.encode(), tuple(told))


def _rdf(tell: Teller, name: str) -> Made:
    items, told = [], []
    for number in range(tell.chance.randint(1, 5)):
        story, link = tell.story(), f"https://vessmark.example/{name}/{number}"
        day = f"<dc:date>{story.day}T10:00:00Z</dc:date>" if story.day else ""
        fields = f"<title>{escape(story.title)}</title><link>{link}</link><description>{escape(_markup(story))}</description>"
        items.append(f'<item rdf:about="{link}">{fields}{day}</item>')
        told.append(Told(link, story.title, story.day, "Harbour wire", story.text))
    spaces = (
        'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"'
    )
    channel = '<channel rdf:about="https://vessmark.example/"><title>Harbour wire</title></channel>'
    return Made(name, f"<rdf:RDF {spaces}>{channel}{''.join(items)}</rdf:RDF>".encode(), tuple(told))


def write_archive(tell: Teller, name: str) -> Made:
    """A zip archive of a few files, some of them in folders and some of several articles."""
    chance = tell.chance
    suffixes = [chance.choice((".txt", ".md", ".html", ".jsonl", ".csv")) for _ in range(chance.randint(1, 5))]
    members = {
        path: WRITERS[suffix](tell, f"{name}/{path}")
        for path, suffix in (
            (f"{chance.choice(('', 'old/', 'a/b/'))}part-{n}{suffix}", suffix) for n, suffix in enumerate(suffixes)
        )
    }
    data = zipped({path: made.data for path, made in members.items()})
    return Made(name, data, tuple(told for made in members.values() for told in made.told))


def write_web_archive(tell: Teller, name: str) -> Made:
    """Captured pages, packed record by record where the name says so."""
    chance = tell.chance
    records, told = [INFO], []
    for number in range(chance.randint(1, 4)):
        charset, sentences = chance.choice((("utf-8", ANY), ("windows-1252", LATIN), ("koi8-r", CYRILLIC)))
        story, path = tell.story(sentences), f"{name}/{number}"
        records.append(response(path, page(story, charset), Content_Type=f"text/html; charset={charset}"))
        told.append(Told(f"{HOST}/{path}", story.title, story.day, story.source, f"{story.title}\n{story.text}"))
    return Made(name, archive(*records, packed=name.endswith(".gz")), tuple(told))


WRITERS: Mapping[str, Callable[[Teller, str], Made]] = {
    ".txt": write_text, ".md": write_markdown, ".html": write_page, ".htm": write_page, ".pdf": write_pdf,
    ".docx": write_word, ".eml": write_mail, ".epub": write_book, ".jsonl": write_lines, ".jsonl.gz": write_lines,
    ".mbox": write_mailbox, ".csv": write_table, ".json": write_objects, ".rss": write_feed, ".atom": write_feed,
    ".xml": write_feed, ".zip": write_archive, ".warc": write_web_archive, ".warc.gz": write_web_archive,
}  # fmt: skip


def title_of(name: str) -> str:
    """The title that a file's name of these tests gives."""
    stem = name.rpartition("/")[2].partition(".")[0]
    return stem.replace("-", " ")


def _markup(story: Story, end: str = "") -> str:
    """The paragraphs in HTML."""
    return end.join(f"<p>{escape(paragraph, quote=False)}</p>" for paragraph in story.paragraphs)


def _first_words(text: str) -> str:
    """The words that fit into eighty characters."""
    words = text.split()
    while len(" ".join(words)) > 80:
        words.pop()
    return " ".join(words)


def _soiled(chance: random.Random, text: str) -> str:
    """The text with characters that cleaning takes out, or as it was."""
    return text.replace(" ", " " + chance.choice(("", "", "\u202e", "\x07", "\U000e0041")), 1)


def _encoded(chance: random.Random, text: str) -> bytes:
    """The text with one of the usual line ends, in one of the encodings that a text file may have."""
    text = text.replace("\n", chance.choice(("\n", "\r\n", "\r")))
    encoding = chance.choice(("utf-8", "utf-8-sig", "utf-16", "utf-16-be"))
    return ("\ufeff" + text if encoding == "utf-16-be" else text).encode(encoding)
