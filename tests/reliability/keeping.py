"""What else changes a library or stands for one: a restore, anew or over a library, a purge, and a backup."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from qa.errors import InputError
from qa.library.restore import STAGING, finish_restore
from tests.reliability import made
from tests.reliability.scenarios import (
    MixedError,
    Scenario,
    State,
    completed,
    leftovers,
    library_scenarios,
    library_state,
)

LINES = {"first": made.text(70).partition("\n")[2], "second": made.text(71).partition("\n")[2]}


def struck_changes(place: Path, names: Sequence[str]) -> list[Scenario]:
    """The changes of these names, of those in ``figure.CHANGES``."""
    more = {
        "purge": purge_scenario,
        "restore": restore_scenario,
        "restore anew": restore_anew_scenario,
        "backup": backup_scenario,
    }
    made_of_files = library_scenarios(place, [name for name in names if name not in more])
    return made_of_files + [more[name](place) for name in names if name in more]


def restore_scenario(place: Path) -> Scenario:
    """A backup takes the place of a library with other articles, uploads and settings."""
    start, kept = place / "restore" / "start", _kept(place / "restore")
    _library(start, place / "restore" / "files", range(12))
    return completed(Scenario("restore", start, lambda f: _restore(f, kept), restored_state, _left), place / "restore")


def restore_anew_scenario(place: Path) -> Scenario:
    """A backup becomes a library where there is none."""
    name = "restore anew"
    kept = _kept(place / name)
    scenario = Scenario(name, place / name / "start", lambda f: _restore(f, kept), restored_state, _left)
    return completed(scenario, place / name)


def backup_scenario(place: Path) -> Scenario:
    """A backup takes the place of an earlier one; the library it is made of lies elsewhere."""
    room = place / "backup"
    library, start = room / "library", room / "start"
    _library(library, room / "files", range(12))
    start.mkdir()
    desk = made.desk_for(library)
    desk.backup(start / "kept.zip")
    desk.remove(made.name(1))
    whole = library_state(library)

    def state(folder: Path) -> State:
        if library_state(library) != whole:
            raise MixedError("the library itself changed")
        return backup_state(folder / "kept.zip")

    def left(folder: Path) -> list[str]:
        return [path.name for path in folder.iterdir() if path.name != "kept.zip"]

    def change(folder: Path) -> None:
        made.desk_for(library).backup(folder / "kept.zip", replace=True)

    return completed(Scenario("backup", start, change, state, left), room)


def purge_scenario(place: Path) -> Scenario:
    """An article of a file and one of an uploaded file of two are removed, and nothing of them is left on the disk."""
    start, gone = place / "purge" / "start", (made.name(1), "first")
    made.desk_for(start).index(made.write(place / "purge" / "files", range(12)))
    desk = made.desk_for(start)
    desk.upload("lines.jsonl", "".join(json.dumps({"id": i, "text": t}) + "\n" for i, t in LINES.items()).encode())
    desk.index(desk.uploads)
    texts = [made.text(1).split("\n")[1].partition(".")[0], LINES["first"].partition(".")[0]]
    assert len(_on_disk(start, texts)) == 2

    def change(folder: Path) -> None:
        desk = made.desk_for(folder)
        desk.remove(*(set(gone) & {article.article_id for article in desk.articles()}), purge=True)

    def left(folder: Path) -> list[str]:
        return leftovers(folder) + _on_disk(folder, texts)

    return completed(Scenario("purge", start, change, library_state, left), place / "purge")


def restored_state(folder: Path) -> State:
    """What a library holds, its uploaded files and its settings, after what every command does first."""
    finish_restore(folder)
    state = library_state(folder)
    beside = [path for path in (folder / "articles", folder / "settings.toml") if path.exists()]
    if state is None:
        if beside:
            raise MixedError(f"no library, but {beside}")
        return None
    uploads = {path.name: path.read_bytes() for path in sorted((folder / "articles").iterdir())}
    return *state, tuple(uploads.items()), (folder / "settings.toml").read_text()


def backup_state(file: Path) -> State:
    """What a backup becomes; None for a file that is no backup, or none."""
    with TemporaryDirectory(dir=file.parent.parent) as place:
        try:
            made.desk_for(Path(place, "library")).restore(file)
        except InputError:
            return None
        return restored_state(Path(place, "library"))


def _kept(place: Path) -> Path:
    """A backup of another library than the one it will replace."""
    _library(place / "other", place / "others", range(6, 15), version=1)
    made.desk_for(place / "other").backup(place / "kept.zip")
    shutil.rmtree(place / "other")
    return place / "kept.zip"


def _library(folder: Path, files: Path, numbers: range, version: int = 0) -> None:
    """A library with an uploaded file and settings."""
    desk = made.desk_for(folder)
    desk.index(made.write(files, numbers, version))
    for number in (numbers.start, 50):
        desk.upload(f"sent{number}.txt", made.text(number + 50, version).encode())
    desk.index(desk.uploads)
    (folder / "settings.toml").write_text(f"context_passages = {3 + version}\n")


def _restore(folder: Path, kept: Path) -> None:
    made.desk_for(folder).restore(kept, replace=True)


def _left(folder: Path) -> list[str]:
    return leftovers(folder) + [path.name for path in folder.glob(STAGING)]


def _on_disk(folder: Path, texts: list[str]) -> list[str]:
    """Which of these texts stand in a file of a folder."""
    stored = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    return [text for text in texts if text.encode() in stored]
