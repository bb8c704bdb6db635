"""Word files: the text as it would be printed, and what the file says about itself."""

import io
import re
from typing import Any

import docx
from docx.oxml.ns import qn

from . import RefusedError, Reply, said
from .zip import opened

_OLD_MARK = bytes.fromhex("d0cf11e0a1b11ae1")  # of the container before 2007, into which a password puts any file, too
_SIGNS = {qn("w:tab"): "\t", qn("w:br"): "\n", qn("w:cr"): "\n", qn("w:noBreakHyphen"): "-", qn("w:p"): "\n"}
# Deleted or moved away; and the second one of two forms of the same text box.
_UNSEEN = {qn("w:del"), qn("w:moveFrom"), "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"}
LEFT_OUT = "has footnotes or comments, which are not read; write them into the text where they matter"
_UNREAD = ("footnotes", "endnotes", "comments")
_WORDS = re.compile(rb"<w:t(?: [^>]*)?>\s*[^<\s]")
_HEADINGS = ("title", "heading 1")
_TEMPLATE_MADE = "2013-12-23"  # the day on which python-docx's template was made, and with it every file made from that


def parse(data: bytes) -> Reply:
    """Return the text, with a row of a table as a line; ``made`` is the day on which the file was made."""
    if data.startswith(_OLD_MARK):
        raise RefusedError("is encrypted or in the Word format of before 2007; save it as .docx without a password")
    opened(data, "a Word file").close()
    document = docx.Document(io.BytesIO(data))
    text = _text_of(document.element.body).strip("\n")
    if not text.strip():
        raise RefusedError("has no text; give it one or remove it")
    about: Any = document
    made = said(lambda: about.core_properties.created.date().isoformat())
    return {
        "text": text,
        "title": said(lambda: about.core_properties.title) or said(lambda: _heading(document)),
        "source": said(lambda: about.core_properties.author),
        "made": None if made == _TEMPLATE_MADE else made,
        "notes": [LEFT_OUT] if any(map(_is_left_out, about.part.rels.values())) else [],
    }


def _is_left_out(relation: Any) -> bool:
    """Whether another part of the file holds footnotes, endnotes or comments; Word makes some without a word in them."""
    kind = relation.reltype.rpartition("/")[2]
    return kind in _UNREAD and not relation.is_external and _WORDS.search(relation.target_part.blob) is not None


def _text_of(element: Any) -> str:
    """The text in an element and what lies in it; python-docx itself leaves insertions and text boxes out."""
    if element.tag == qn("w:t"):
        return element.text or ""
    if element.tag in _UNSEEN or not isinstance(element.tag, str):
        return ""
    if element.tag == qn("w:tr"):
        return " | ".join(" ".join(_text_of(cell).split()) for cell in element.iter(qn("w:tc"))) + "\n"
    return "".join(_text_of(child) for child in element) + _SIGNS.get(element.tag, "")


def _heading(document: Any) -> str | None:
    """The first paragraph with text, where its style makes it the headline of the whole."""
    first: Any = next((paragraph for paragraph in document.paragraphs if paragraph.text.strip()), None)
    is_heading = first is not None and (first.style.name or "").lower() in _HEADINGS
    return first.text if is_heading else None
