"""Candidates and kinds of files."""

from qa.articles import ARTICLE_SUFFIXES
from qa.articles.candidate import article_suffix, candidate_from


def test_a_suffix_counts_in_any_case() -> None:
    """And of a doubled suffix the whole."""
    assert [article_suffix(f"Name{suffix.upper()}") for suffix in ARTICLE_SUFFIXES] == list(ARTICLE_SUFFIXES)
    assert [article_suffix(name) for name in ("a.jpg", "a.gz", "txt", "a.txt.bz2", "a.doc")] == [None] * 5


def test_the_hash_is_of_the_bytes() -> None:
    """SHA-256 in hexadecimal: here the published value for "abc"."""
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert candidate_from("a.txt", b"abc").content_hash == expected
    assert candidate_from("b.jsonl", b"abc", "7").content_hash == expected
