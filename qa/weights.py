"""Files of weights: where this project's own lie, and the proof that a file is the one it should be."""

import hashlib
from pathlib import Path

from qa.errors import ModelError


def own_weights(name: str, sha256: str) -> Path:
    """A file of ``own_folder``. Raises ModelError where it is missing or not the known one."""
    return proven(own_folder() / name, sha256, "install newsdesk again")


def own_folder() -> Path:
    """models/, which is inside qa/ in a wheel."""
    inside = Path(__file__).parent / "models"
    return inside if inside.is_dir() else Path(__file__).parent.parent / "models"


def proven(file: Path, sha256: str, mend: str) -> Path:
    """The file, if its hash is ``sha256``. Raises ModelError with ``mend``, what to do about it, otherwise."""
    if file_sha256(file, mend) != sha256:
        raise ModelError(f"{file} is not the file it should be (its hash differs); {mend}")
    return file


def file_sha256(file: Path, mend: str = "install it again") -> str:
    """The sha256 of a file, in hexadecimal. Raises ModelError where it cannot be read."""
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(f"{file} cannot be read ({error.strerror}); {mend}") from error
