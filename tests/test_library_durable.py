"""Files and folders that outlive a power cut; that they do, tests/reliability/power.py tries."""

from pathlib import Path

from qa.library.durable import make_folder, sync_folder, write_file


def test_a_folder_is_made_with_those_above_it_for_its_owner_alone(tmp_path: Path) -> None:
    """One that is there is left as it is."""
    place = tmp_path / "one" / "two"
    make_folder(place)
    assert place.stat().st_mode & 0o777 == 0o700
    (place / "file").touch()
    place.chmod(0o750)
    make_folder(place)
    assert (place / "file").exists()
    assert place.stat().st_mode & 0o777 == 0o750


def test_a_file_is_whole_and_its_other_name_gone(tmp_path: Path) -> None:
    """One of the same name is replaced, readable by its owner alone."""
    file, part = tmp_path / "file", tmp_path / "file.part"
    for data in (b"first", b"second, and longer", b""):
        write_file(file, part, data)
        assert file.read_bytes() == data
        assert not part.exists()
        assert file.stat().st_mode & 0o777 == 0o600
    sync_folder(tmp_path)
