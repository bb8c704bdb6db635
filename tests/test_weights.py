"""Files of weights, and the proof that they are the known ones."""

import hashlib
from pathlib import Path

import pytest

from qa.errors import ModelError
from qa.weights import file_sha256, own_weights, proven

ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-2, appendix B.1


def test_a_file_is_proven_by_its_hash(tmp_path: Path) -> None:
    """One changed byte is another file, and what to do about it is said."""
    file = tmp_path / "weights"
    file.write_bytes(b"abc")
    assert file_sha256(file) == ABC
    assert proven(file, ABC, "run: mend") == file
    file.write_bytes(b"abd")
    with pytest.raises(ModelError, match="its hash differs.*; run: mend"):
        proven(file, ABC, "run: mend")


def test_what_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    """A folder, a file that is not there."""
    for file in (tmp_path, tmp_path / "absent"):
        with pytest.raises(ModelError, match="cannot be read.*; run: mend"):
            proven(file, ABC, "run: mend")


def test_the_weights_of_this_project_lie_beside_their_cards() -> None:
    """And are found from wherever the package is."""
    card = Path(__file__).parent.parent / "models" / "reader" / "README.md"
    assert own_weights("reader/README.md", hashlib.sha256(card.read_bytes()).hexdigest()) == card
    with pytest.raises(ModelError, match="install newsdesk again"):
        own_weights("reader/README.md", ABC)
    with pytest.raises(ModelError, match="install newsdesk again"):
        own_weights("reader/absent", ABC)
