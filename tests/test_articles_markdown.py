"""Articles in .md files."""

import pytest

from qa.articles.draft import Draft
from qa.articles.markdown import read_markdown


def test_front_matter_is_taken_out() -> None:
    """Title, date, source and url are read; other keys, lists and mappings are not."""
    page = b"---\ntitle: Ferry\ndate: 2026-05-01\nurl: https://a.example\nsource: Post\ntags: [a]\n---\n# Other\n"
    assert read_markdown(page) == Draft("# Other\n", "Ferry", "2026-05-01", "Post", "https://a.example")
    assert read_markdown(b"\xef\xbb\xbf---\r\ntitle: 2024\r\ndate: 2026-02-30\r\n...\r\nText") == Draft(
        "Text", "2024", "2026-02-30"
    )


def test_without_front_matter_the_title_is_the_first_heading() -> None:
    """Of the first level, without closing marks; the heading stays in the text."""
    text = "## Small\n\n# Ferry opens #\n\n# Second\n"
    assert read_markdown(text.encode()) == Draft(text, "Ferry opens")
    assert read_markdown(b"About #1 things\n#none").title is None
    assert read_markdown(b"# About C#").title == "About C#"


@pytest.mark.parametrize(
    "block",
    ["just words", "- a\n- b", "a: [", "", "'\\x': \"\\UFFFFFFFF\"", "[" * 5000, "a: &a [*a]\nb: *missing"],
)
def test_a_block_that_is_no_mapping_stays_in_the_text(block: str) -> None:
    """Also one that is no YAML, or nests too deep to be read."""
    text = f"---\n{block}\n---\nText"
    assert read_markdown(text.encode()).text == text


def test_merged_keys_do_not_multiply() -> None:
    """Thirty lines that would merge into a billion keys are read as thirty."""
    lines = ["a0: &a0 {k: v}"] + [f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}" for n in range(1, 30)]
    page = "---\n" + "\n".join(lines) + "\ntitle: Ferry\n---\nText"
    assert read_markdown(page.encode()) == Draft("Text", "Ferry")


def test_a_rule_far_below_does_not_end_front_matter() -> None:
    """Only a block near the start is looked for."""
    text = "---\ntitle: Ferry\n" + "x: y\n" * 20_000 + "---\nText"
    assert read_markdown(text.encode()).text == text
