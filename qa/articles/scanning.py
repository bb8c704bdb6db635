"""What a folder or a file holds that should become articles."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from qa.articles.candidate import UNKNOWN_KIND, Unread, article_suffix
from qa.articles.file_name import printable
from qa.articles.folder_walk import FolderWalk, Found, read_file
from qa.articles.looks import Looks
from qa.errors import InputError

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def scan_source(
    root: Path, library: Path | None = None, under: str = "", looks: Looks | None = None
) -> Iterator[Found]:
    """Yield what a folder or a file holds, ordered by path; hidden files and folders in it are left out.

    Args:
        root: the folder or file; a link to one is resolved.
        library: a folder that is never entered unless the root lies inside it.
        under: the path, relative to a folder root, of the one file or folder in it that is wanted.
        looks: which files need no reading; takes up how those look that were read, once they have been.

    Raises:
        InputError: the root or what ``under`` names is missing, unreadable, or no kind of article.

    """
    shown, looks = printable(str(root)), looks or Looks()
    try:
        resolved = root.resolve(strict=True)
        if resolved.is_dir():
            return _scan_folder(resolved, FolderWalk(_identity(library), looks), under)
    except (OSError, RuntimeError, ValueError) as error:
        reason = "does not exist" if isinstance(error, FileNotFoundError) else "cannot be read"
        raise InputError(f"{shown} {reason}; give a folder or file of articles") from error
    _check_named_file(resolved, shown)
    return _file(resolved, looks)


def _scan_folder(root: Path, walk: FolderWalk, under: str) -> Iterator[Found]:
    if walk.library is not None and walk.library == _identity(root):
        raise InputError(f"{printable(str(root))} is the library itself; give the folder of your articles")
    wanted = PurePosixPath(under).parts
    if wanted:
        _check_under(root, wanted)
    return _folder(root, walk, wanted)


def _check_under(root: Path, wanted: tuple[str, ...]) -> None:
    """Raise InputError unless the path names something visible inside the root."""
    shown, folder = printable("/".join(wanted)), printable(str(root))
    if wanted[0].startswith("/") or ".." in wanted:
        raise InputError(f"{shown} does not lie inside {folder}; give a path inside it")
    if any(part.startswith(".") for part in wanted):
        raise InputError(f"{shown} is hidden, as a name in it begins with a dot; rename it")
    target = root.joinpath(*wanted)
    if not os.path.lexists(target):
        raise InputError(f"{shown} does not exist in {folder}; give a path inside it")
    if not target.is_symlink() and not target.is_dir():
        _check_named_file(target, shown)


def _check_named_file(file: Path, shown: str) -> None:
    """Raise InputError for something named explicitly that is no file of articles."""
    if not stat.S_ISREG(file.stat().st_mode):
        raise InputError(f"{shown} is not a regular file; give a folder or file of articles")
    if article_suffix(file.name) is None:
        raise InputError(f"{shown} {UNKNOWN_KIND}")


def _folder(root: Path, walk: FolderWalk, wanted: tuple[str, ...]) -> Iterator[Found]:
    yield from walk.entries(_opened(root), "", wanted)


def _file(file: Path, looks: Looks) -> Iterator[Found]:
    parent = _opened(file.parent)
    try:
        if looks.unchanged(parent, "", [file.name]):
            yield Unread(frozenset([file.name]))
        else:
            yield from read_file(parent, file.name, file.name, looks)
    finally:
        os.close(parent)


def _opened(folder: Path) -> int:
    try:
        return os.open(folder, _FOLDER)
    except OSError as error:
        shown = printable(str(folder))
        raise InputError(f"{shown} cannot be read ({error.strerror}); allow reading it") from error


def _identity(folder: Path | None) -> tuple[int, int] | None:
    """Return device and number of a folder, None where there is none."""
    if folder is None or not folder.is_dir():
        return None
    status = folder.stat()
    return status.st_dev, status.st_ino
