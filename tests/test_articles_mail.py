"""Articles in .eml and .mbox files, whole and broken."""

from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import SMTP, default

import pytest

from qa.articles import ArticleReader
from qa.articles.candidate import RepeatedId, candidate_from
from qa.types import Article, Failure
from tests.broken_files import cut_short, damaged, read, read_all

PLAIN = "The ferry to K\u00f6nigsr\u00fccken opened on Monday.\nIt cost 40 million crowns."
LETTER = (
    '<html><body><div style="display:none">Preview</div><table><tr><td><h1>Harbour letter</h1>'
    "<p>The harbour board met on Monday and agreed on a new crane for the east quay.</p></td></tr>"
    "<tr><td><p>It will cost 3.1 million crowns, chair Runa Valdis said.</p></td></tr></table></body></html>"
)
LETTER_TEXT = (
    "Harbour letter\nThe harbour board met on Monday and agreed on a new crane for the east quay.\n"
    "It will cost 3.1 million crowns, chair Runa Valdis said."
)
HEAD = {
    "From": '"Lenvik Post" <news@post.example>',
    "Subject": "F\u00e4hre opens",
    "Date": "Fri, 01 May 2026 23:30:00 -0500",
    "Message-ID": "<ferry-1@post.example>",
    "Archived-At": "<https://post.example/ferry>",
}


def make_mail(text: str | None = PLAIN, letter: str | None = None, charset: str = "utf-8", **head: str) -> EmailMessage:
    """A mail with a plain text, a letter in HTML beside it, or both; ``head`` adds fields, or takes them out by ""."""
    mail = EmailMessage(policy=default)
    for name, value in {**HEAD, **{name.replace("_", "-"): value for name, value in head.items()}}.items():
        if value:
            mail[name] = value
    if text is not None:
        mail.set_content(text, charset=charset)
    if letter is not None:
        mail.add_alternative(letter, subtype="html") if text is not None else mail.set_content(letter, subtype="html")
    return mail


def raw(body: bytes, *fields: str) -> bytes:
    """A mail as bytes, with fields of the head as they are written."""
    return "\r\n".join(["From: a@post.example", *fields, "", ""]).encode("latin-1") + body


def nested(depth: int) -> bytes:
    """Parts in parts."""
    opened = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(depth))
    return b"From: a@post.example\n" + opened + b"Content-Type: text/plain\n\nDeep text.\n"


def forwarding(mail: EmailMessage) -> EmailMessage:
    """A mail that forwards another one."""
    outer = make_mail("See below.", Subject="Fwd: F\u00e4hre")
    outer.add_attachment(mail)
    del outer.get_payload()[1]["Content-Disposition"]
    return outer


WHOLE = make_mail().as_bytes(policy=SMTP)
FERRY = Article(
    "a.eml", "F\u00e4hre opens", "2026-05-01", "Lenvik Post", "https://post.example/ferry", PLAIN, ()
)  # fmt: skip


@pytest.fixture(scope="module")
def reader() -> Iterator[ArticleReader]:
    """Yield a reader with its usual limits."""
    with ArticleReader() as reader:
        yield reader


def text_of(reader: ArticleReader, data: bytes) -> str:
    """The text of a mail."""
    article = read(reader, "a.eml", data)
    assert isinstance(article, Article), article
    return article.text


def test_a_mail_gives_its_text_subject_day_and_sender(reader: ArticleReader) -> None:
    """The day is that of where it was sent from."""
    assert read(reader, "a.eml", WHOLE) == FERRY
    assert read(reader, "a.eml", b"\n\n" + make_mail().as_bytes()) == FERRY


@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1", "cp1252", "utf-16", "koi8-r", "big5", "utf-7"])
def test_the_encoding_is_the_one_that_the_mail_names(reader: ArticleReader, charset: str) -> None:
    """Whichever that is."""
    others = {
        "koi8-r": "\u041f\u0430\u0440\u043e\u043c \u043e\u0442\u043a\u0440\u044b\u0442.",
        "big5": "\u6e2f\u53e3\u958b\u653e\u3002",
    }
    text = others.get(charset, PLAIN)
    body = text.encode(charset)
    assert text_of(reader, raw(body, f"Content-Type: text/plain; charset={charset}")) == text


@pytest.mark.parametrize("named", ["nonsense", "utf-8", "", "ascii", "\x00", "undefined", "punycode\u00ff"])
def test_a_wrong_encoding_is_read_as_western_european(reader: ArticleReader, named: str) -> None:
    """Where what it names is unknown or not what the text is in, and the text is not UTF-8."""
    field = f"Content-Type: text/plain; charset={named}"
    assert text_of(reader, raw("K\u00f6nig \u20ac".encode("cp1252"), field)) == "K\u00f6nig \u20ac"


def test_one_broken_letter_does_not_change_the_others(reader: ArticleReader) -> None:
    """The mail stays in the encoding that it names, or in UTF-8, here cut off within a letter."""
    for field in ("Content-Type: text/plain; charset=utf-8", "Content-Type: text/plain"):
        data = raw("Gr\u00fc\u00dfe aus \u00c5".encode()[:-1], field)
        assert text_of(reader, data) == "Gr\u00fc\u00dfe aus \ufffd"


def test_what_names_no_encoding_is_read_in_the_likeliest(reader: ArticleReader) -> None:
    """Subject and text, wherever Western European would have been wrong."""
    subject, text = (
        "\u010cesk\u00e9 pek\u00e1rny",
        "Pek\u00e1rna na rohu letos u\u017e podruh\u00e9 zdra\u017euje chl\u00e9b.",
    )
    mail = f"\r\nFrom: a@post.example\r\nSubject: {subject}\r\n\r\n{text}".encode("cp1250")
    article, notes = reader.read_noting(candidate_from("a.eml", mail))
    assert (article.title, article.text) == (subject, text)
    assert [note.split(",")[0] for note in notes] == ["was read as cp1250"]


def test_text_that_is_utf_8_is_read_so_where_a_western_encoding_is_named(reader: ArticleReader) -> None:
    """As programs name it that know no other."""
    assert text_of(reader, raw(PLAIN.encode(), "Content-Type: text/plain; charset=iso-8859-1")) == PLAIN


def test_of_alternatives_the_letter_is_read_and_otherwise_the_plain_text(reader: ArticleReader) -> None:
    """As pages are, but tables that only lay out are none, and what is hidden is not read."""
    assert text_of(reader, make_mail("See the web.", LETTER).as_bytes()) == LETTER_TEXT
    assert text_of(reader, make_mail(None, LETTER).as_bytes()) == LETTER_TEXT
    assert text_of(reader, make_mail(PLAIN, "<html><body><img src='a.png'></body></html>").as_bytes()) == PLAIN


def test_of_a_long_letter_the_main_text_is_read(reader: ArticleReader) -> None:
    """By the same extractor as a page: without the links at its head and foot."""
    news = "".join(
        f"<p>In the week {n} of the year the harbour of Lenvik took {n * 7} ships, more than ever.</p>"
        for n in range(20)
    )
    links = "<ul><li><a href='/a'>View in browser</a></li><li><a href='/b'>Unsubscribe</a></li></ul>"
    letter = f"<html><body><nav>{links}</nav><div>{news}</div><footer>{links}</footer></body></html>"
    text = text_of(reader, make_mail(None, letter).as_bytes())
    assert text.startswith("In the week 0")
    assert text.endswith("took 133 ships, more than ever.")
    assert text.count("\n") == 19


def test_the_headlines_of_a_long_letter_are_read(reader: ArticleReader) -> None:
    """Each above what it stands for."""
    news = "".join(
        f"<h2>News {n}</h2><p>In the week {n} the harbour of Lenvik took {n * 7} ships, more than ever.</p>"
        for n in range(9)
    )
    text = text_of(reader, make_mail(None, f"<html><body>{news}</body></html>").as_bytes())
    assert text.split("\n")[::2] == [f"News {n}" for n in range(9)]


def test_attachments_are_left_out_and_forwarded_mails_are_read(reader: ArticleReader) -> None:
    """As a reader of mail shows them; what comes after an attachment is read, too."""
    mail = make_mail()
    mail.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename="../../a.pdf")
    mail.add_attachment("Not for reading.", filename="a.txt")
    assert text_of(reader, mail.as_bytes()) == PLAIN
    assert text_of(reader, forwarding(make_mail("Inner text.")).as_bytes()) == "See below.\n\nInner text."
    assert text_of(reader, forwarding(make_mail("x", LETTER)).as_bytes()) == f"See below.\n\n{LETTER_TEXT}"


@pytest.mark.parametrize(
    ("head", "title", "date", "source", "url"),
    [
        ({"Subject": ""}, "a", "2026-05-01", "Lenvik Post", HEAD["Archived-At"].strip("<>")),
        ({"Date": ""}, "F\u00e4hre opens", None, "Lenvik Post", HEAD["Archived-At"].strip("<>")),
        (
            {"From": "news@post.example"},
            "F\u00e4hre opens",
            "2026-05-01",
            "news@post.example",
            HEAD["Archived-At"].strip("<>"),
        ),
        ({"From": ""}, "F\u00e4hre opens", "2026-05-01", None, HEAD["Archived-At"].strip("<>")),
        ({"Archived_At": ""}, "F\u00e4hre opens", "2026-05-01", "Lenvik Post", None),
        ({"Archived_At": "<javascript:alert(1)>"}, "F\u00e4hre opens", "2026-05-01", "Lenvik Post", None),
    ],
)
def test_what_a_mail_does_not_say_is_unknown(
    reader: ArticleReader, head: dict[str, str], title: str, date: str | None, source: str | None, url: str | None
) -> None:
    """Its title is then the file's name."""
    assert read(reader, "a.eml", make_mail(**head).as_bytes()) == Article("a.eml", title, date, source, url, PLAIN)


@pytest.mark.parametrize(
    "field",
    ["Date: yesterday", "Date: Fri, 99 May 2026 00:00:00 +0000", "Date: " + "9" * 5000, "Date:", "Date: 1 Jan 99999 1:1:1 +0"]
    + ["Subject: =?nonsense?Q?x?=", "Subject: =?utf-8?B?####?=", "Subject: \xff\xfe", "From: \x00<<<>>>", "From: " + "(" * 5000]
    + ["Content-Transfer-Encoding: nonsense", "Content-Type: ;;;", "Content-Type: multipart/mixed", "Message-ID: \xff"]
    + ["Content-Type: multipart/mixed; boundary=", "Content-Type: text/" + "x" * 5000, "no colon at all", ": nothing"],
)  # fmt: skip
def test_a_broken_field_costs_at_most_itself(reader: ArticleReader, field: str) -> None:
    """The text is read, or there is a reason."""
    ended = read(reader, "a.eml", raw(b"The text of a mail.", field))
    assert ended if isinstance(ended, str) else "The text of a mail." in ended.text


@pytest.mark.parametrize(
    ("data", "reason"),
    {
        "empty": (b"", "is not an e-mail"),
        "text": (b"Just text.\nNo head at all.", "is not an e-mail"),
        "a PDF": (b"%PDF-1.4\n" + bytes(range(256)) * 9, "is not an e-mail"),
        "no body": (raw(b""), "has no text, only attachments"),
        "blank": (raw(b" \n \n"), "has no text, only attachments"),
        "a picture": (
            raw(b"R0lG", "Content-Type: image/gif", "Content-Transfer-Encoding: base64"),
            "has no text, only",
        ),
        "an attachment": (
            raw(b"x", "Content-Type: text/plain", "Content-Disposition: attachment"),
            "has no text, only",
        ),
        "parts that do not end": (nested(400), ""),
        "parts in thousands of parts": (nested(20_000), "has parts within parts without end"),
        "base64 that is none": (raw(b"\xff###", "Content-Transfer-Encoding: base64"), ""),
        "uuencode that is none": (raw(b"begin\n###", "Content-Transfer-Encoding: x-uuencode"), ""),
        "deep HTML": (raw(b"<p>" * 3_000 + b"deep", "Content-Type: text/html"), ""),
        "no HTML": (raw(b"\x01\x02\x00", "Content-Type: text/html"), ""),
    }.values(),
)
def test_a_broken_mail_ends_with_its_reason(reader: ArticleReader, data: bytes, reason: str) -> None:
    """Or with the text that is left of it."""
    ended = read(reader, "a.eml", data)
    assert reason in ended if isinstance(ended, str) else not reason
    assert read(reader, "a.eml", WHOLE) == FERRY


def test_a_mail_cut_short_or_damaged_costs_only_itself(reader: ArticleReader) -> None:
    """Thirty of them, with a letter: a text or a reason each."""
    whole = make_mail(PLAIN, LETTER).as_bytes()
    for data in (*cut_short(whole, 15), *damaged(whole, 15)):
        read(reader, "a.eml", data)
    assert read(reader, "a.eml", WHOLE) == FERRY


def mailbox(*mails: bytes) -> bytes:
    """A mailbox of mails."""
    begin = b"From news@post.example Fri May  1 23:30:00 2026\n"
    return b"".join(begin + mail.replace(b"\r\n", b"\n").rstrip(b"\n") + b"\n\n" for mail in mails)


def mail_of(number: int, text: str = "") -> bytes:
    """A small mail with an id."""
    return make_mail(text or f"Text {number}.", Message_ID=f"<{number}@post.example>").as_bytes()


def test_each_mail_of_a_mailbox_is_an_article_by_its_own_id(reader: ArticleReader) -> None:
    """In any order; a mail without an id gets one from what it says."""
    ended = read_all(reader, "b.mbox", mailbox(mail_of(1), mail_of(2), make_mail("None.", Message_ID="").as_bytes()))
    turned = read_all(reader, "c.mbox", mailbox(make_mail("None.", Message_ID="").as_bytes(), mail_of(2), mail_of(1)))
    articles = [entry for entry in ended if isinstance(entry, Article)]
    assert [(a.article_id, a.text, a.date) for a in articles[:2]] == [
        ("1@post.example", "Text 1.", "2026-05-01"),
        ("2@post.example", "Text 2.", "2026-05-01"),
    ]
    assert (len(articles[2].article_id), articles[2].text) == (64, "None.")
    assert turned == ended[::-1]


def test_a_line_that_looks_like_a_new_mail_is_text(reader: ArticleReader) -> None:
    """Where no empty line is before it, or a mark that takes the look off it, which is taken out."""
    text = "On Monday\nFrom here to Lenvik\n\n>From there back\n>>From afar"
    (article,) = read_all(reader, "b.mbox", mailbox(mail_of(1, text)))
    assert isinstance(article, Article)
    assert article.text == text.replace("\n>", "\n")


def test_of_a_mail_that_stands_twice_the_last_counts(reader: ArticleReader) -> None:
    """The others are listed."""
    ended = read_all(reader, "b.mbox", mailbox(mail_of(1, "Old."), mail_of(2), mail_of(1, "New.")))
    assert ended[0] == RepeatedId("b.mbox:1", "id 1@post.example stands again on mail 3, which counts")
    assert [entry.text for entry in ended if isinstance(entry, Article)] == ["Text 2.", "New."]


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"", "is not a mailbox"), (b"Just text.", "is not a mailbox"), (WHOLE, "is not a mailbox"), (bytes(9000), "is not a mailbox")],
)  # fmt: skip
def test_what_is_no_mailbox_is_one_failure(reader: ArticleReader, data: bytes, reason: str) -> None:
    """Of the file as a whole."""
    (failure,) = read_all(reader, "b.mbox", data)
    assert isinstance(failure, Failure)
    assert (failure.path, reason in failure.reason) == ("b.mbox", True)


def test_a_bad_mail_in_a_mailbox_costs_only_itself(reader: ArticleReader) -> None:
    """So do many: a mailbox cut short or damaged keeps what can be read of it."""
    ended = read_all(reader, "b.mbox", mailbox(mail_of(1), b"No head.\n", nested(20_000), mail_of(2)))
    assert [isinstance(entry, Article) for entry in ended] == [True, False, False, True]
    whole = mailbox(*(mail_of(number) for number in range(6)))
    for number, data in enumerate(cut_short(whole, 25)):
        ended = read_all(reader, "b.mbox", data)
        assert sum(isinstance(entry, Article) for entry in ended) >= number // 4 - 1
    for data in damaged(whole, 20):
        assert read_all(reader, "b.mbox", data)
