"""What the layout of the page decides by itself."""

from pathlib import Path

from ui.app import storage_key


def test_each_library_keeps_its_own_conversation(tmp_path: Path) -> None:
    """Two libraries served on one port, one after the other, do not show each other's questions."""
    one, other = tmp_path / "one" / "articles", tmp_path / "other" / "articles"
    assert storage_key(one) != storage_key(other)


def test_a_library_keeps_its_conversation_however_its_folder_is_named(tmp_path: Path) -> None:
    """By a relative path, a link or the path itself."""
    folder = tmp_path / "library"
    folder.mkdir()
    (tmp_path / "link").symlink_to(folder)
    assert storage_key(tmp_path / "link" / "articles") == storage_key(folder / "articles")
    assert storage_key(folder / ".." / "library" / "articles") == storage_key(folder / "articles")
