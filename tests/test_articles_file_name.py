"""What a file's name says."""

import pytest

from qa.articles.file_name import date_in_name, is_fit, printable, title_in_name


@pytest.mark.parametrize(
    ("path", "date", "title"),
    [
        ("2024-12-28-storm-odila.txt", "2024-12-28", "storm odila"),
        ("news/2024_12_28_storm.md", "2024-12-28", "storm"),
        ("20241228 Storm.html", "2024-12-28", "Storm"),
        ("storm-2024-12-28.txt", "2024-12-28", "storm"),
        ("2024-12-28-storm-2023-01-02.txt", "2024-12-28", "storm 2023 01 02"),
        ("the-2024-12-28-storm.txt", None, "the storm"),
        ("2024-12-28.txt", "2024-12-28", "2024-12-28"),
        ("2024-13-28-storm.txt", None, "2024 13 28 storm"),
        ("2024-12_28-storm.txt", None, "2024 12 28 storm"),
        ("120241228-storm.txt", None, "120241228 storm"),
        ("a.b_c.JSONL.GZ", None, "a.b c"),
    ],
)
def test_a_name_gives_date_and_title(path: str, date: str | None, title: str) -> None:
    """The date only from the start or else the end, and only if real; the title without it where more than that remains."""
    assert (date_in_name(path), title_in_name(path)) == (date, title)


def test_unfit_names_are_shown_with_escapes() -> None:
    """Control characters, line ends, bidi marks and bytes that are no UTF-8."""
    names = {"a\x1bb": r"a\x1bb", "a\nb": r"a\nb", "a\u202eb": r"a\u202eb", "a\udcffb": r"a\xffb"}
    for name, shown in names.items():
        assert not is_fit(name)
        assert printable(name) == shown
    assert is_fit("M\u00fcnster \u4e2d.txt") and printable("M\u00fcnster \u4e2d.txt") == "M\u00fcnster \u4e2d.txt"
