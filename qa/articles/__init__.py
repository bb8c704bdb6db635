"""Files become articles: what a source holds, how each format is read, and what is taken out of a text.

Nothing here knows how articles are stored or searched.
"""

from qa.articles.candidate import ARTICLE_SUFFIXES, Candidate, Collection, Noted, RepeatedId, Skipped, Unread
from qa.articles.cleaning import clean_text
from qa.articles.reading import ArticleReader
from qa.articles.scanning import scan_source

__all__ = [
    "ARTICLE_SUFFIXES",
    "ArticleReader",
    "Candidate",
    "Collection",
    "Noted",
    "RepeatedId",
    "Skipped",
    "Unread",
    "clean_text",
    "scan_source",
]
