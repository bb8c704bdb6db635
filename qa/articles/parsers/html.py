"""HTML: the main text of web pages with what they say about themselves, and the text of mails, chapters and entries."""

import codecs
import contextlib
import re
from typing import Any

import trafilatura
from lxml import etree, html

from . import RefusedError, Reply, decoded

SHORT = 100  # words, below which nothing is around a text, and the extractor breaks its lines at bold words
LOOKED_AT_BYTES = 5_000_000  # of a page that is parsed twice, to see whether it was cut
HEAD_BYTES = 4096  # in which a page names its encoding
TOO_DEEP = "is nested too deep in its HTML, and what lies deeper than 256 elements is lost; save it as text"
WORTH = 0.5  # share of all words from which what is found counts: mails and chapters have little around their text

# References to characters that XML lacks: one of them makes trafilatura give up the whole page.
_CONTROL_REFERENCE = re.compile(
    rb"&#(?:0*(?:[1-8]|1[124-9]|2[0-9]|3[01]|6553[45])(?![0-9])"
    rb"|[xX]0*(?:[1-8bBcCeEfF]|1[0-9a-fA-F]|[fF]{3}[eEfF])(?![0-9a-fA-F]));?"
)
_CHARSET = re.compile(rb"""<(?:meta|\?xml)[^>]{0,300}?(?:charset|encoding)\s*=\s*["']?([\w-]{1,30})""", re.IGNORECASE)
_HIDDEN = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_UNREAD = ("script", "style", "noscript", "template", "head", "object", "svg")
_LAYOUT = ("table", "thead", "tbody", "tfoot", "tr", "td", "center")
_BLOCKS = "address article aside blockquote br dd div dl dt figcaption figure footer h1 h2 h3 h4 h5 h6 header hr li main ol p pre section table tr ul".split()  # noqa: E501
_BREAK = "\u2029"


def parse(data: bytes, guessed: str | None = None) -> Reply:
    """Return main text, title, date, site name and canonical address of a page.

    ``guessed`` is its encoding where it is neither in UTF-8 nor in the one it names.
    """
    page = _CONTROL_REFERENCE.sub(b"", _in_utf_8(data, guessed)).replace(b"\0", b"")
    found = trafilatura.bare_extraction(
        page,
        include_comments=False,
        with_metadata=True,
        prune_xpath="//nav",  # of a page with little text it would count as such
        # the extensive search takes a year in a footer for the article's date
        date_extraction_params={"extensive_search": False, "original_date": True},
    )
    if found is None or not (text := _text(found)):
        raise RefusedError("has no main text that could be found in the HTML; save it as text")
    return {
        "text": text,
        "title": found.title,
        "date": found.date,
        "source": found.sitename,
        "url": found.url,
        "notes": [TOO_DEEP] if len(page) <= LOOKED_AT_BYTES and _is_too_deep(page) else [],
    }


def text_of(markup: str) -> str:
    """Return the text of a piece of HTML that stands for itself, "" where there is none.

    That is what the extractor of web pages finds in it, or all of its text where it is short or the other far less.
    """
    data = _CONTROL_REFERENCE.sub(b"", markup.encode("utf-8", "replace"))
    try:
        tree = html.document_fromstring(data, parser=html.HTMLParser(encoding="utf-8", remove_comments=True))
    except etree.ParserError:  # nothing in it
        return ""
    _tidy(tree)
    whole = _whole_text(tree)
    if len(whole.split()) < SHORT:
        return whole
    found = _text(trafilatura.bare_extraction(_page(tree), include_comments=False, favor_recall=True))
    return found if len(found.split()) >= WORTH * len(whole.split()) else whole


def _is_too_deep(page: bytes) -> bool:
    """Whether the parser cut a page; trafilatura, which parses it with the same one, does not say so."""
    parser = html.HTMLParser(encoding="utf-8")
    with contextlib.suppress(etree.ParserError):
        html.document_fromstring(page, parser=parser)
    return any(error.type == etree.ErrorTypes.ERR_RESOURCE_LIMIT for error in parser.error_log)


def _in_utf_8(data: bytes, guessed: str | None) -> bytes:
    """Return a page in UTF-8, where trafilatura would guess without regard to what the page names."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace").encode("utf-8", "replace")
    named = _CHARSET.search(data[:HEAD_BYTES])
    try:
        data.decode()
    except UnicodeDecodeError:
        return decoded(data, named[1].decode() if named else None, guessed).encode("utf-8", "replace")
    return data


def _page(tree: Any) -> bytes:
    """Return a tree as a page that is one article: outside of one the extractor leaves headlines out."""
    for body in tree.iter("body"):
        body.tag = "article"
    return bytes(html.tostring(tree, encoding="utf-8"))


def _text(found: Any) -> str:
    return (found.text or "").strip() if found is not None and not isinstance(found, dict) else ""


def _tidy(tree: Any) -> None:
    """Take out what nobody sees, and make of tables without headings, which only lay out, what they stand for."""
    etree.strip_elements(tree, *_UNREAD, with_tail=False)
    for element in list(tree.iter()):
        if isinstance(element.tag, str) and _HIDDEN.search(element.get("style") or ""):
            element.clear(keep_tail=True)
    for table in list(tree.iter("table")):
        if table.find(".//th") is None:
            for element in table.iter(*_LAYOUT):
                element.tag = "div"


def _whole_text(tree: Any) -> str:
    """All text, a line for each block; the tree is left as it was."""
    pieces: list[str] = []
    for event, element in etree.iterwalk(tree, events=("start", "end")):
        if element.tag in _BLOCKS:
            pieces.append(_BREAK)
        pieces.append((element.text if event == "start" else element.tail) or "")
    lines = (" ".join(line.split()) for line in "".join(pieces).split(_BREAK))
    return "\n".join(filter(None, lines))


# What trafilatura loads late is loaded here, so that the time of no page is spent on it.
parse(b"<html><head><title>A</title></head><body><article><p>A page.</p></article></body></html>")
