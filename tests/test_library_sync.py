"""Indexing and removing, whole or cut short."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from qa.chat import Desk
from qa.errors import InputError, LibraryError
from qa.library.database import FILE
from qa.library.sync import sync
from qa.library.verify import verify
from qa.settings import Settings
from qa.types import SyncReport
from tests.conftest import ARTICLES, MakeDesk, ScriptedGenerator, WordEmbedder, WordReader, resize, write_articles

PROJECT = Path(__file__).parents[1]

KILLED_AT_STATEMENT = """
import os, shutil, signal, sys
from pathlib import Path
import apsw, faiss
from qa.library.sync import sync
from qa.settings import Settings
from tests.conftest import WordEmbedder

def die_at(number):
    seen = 0
    def trace(cursor, statement, bindings):
        nonlocal seen
        seen += 1
        if seen == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return True
    apsw.connection_hooks.append(lambda connection: setattr(connection, "exec_trace", trace))

start, articles, copies, step = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])
number = 1
while True:
    copy = copies / f"{number:04}"
    shutil.copytree(start, copy)
    child = os.fork()
    if not child:
        die_at(number)
        sync(copy, [articles], WordEmbedder, Settings())
        os._exit(0)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0:
        break
    number += step
"""

KILLED_AT_ENCODING = """
import os, signal, sys
from pathlib import Path
from qa.library.sync import sync
from qa.settings import Settings
from tests.conftest import WordEmbedder

class Killer(WordEmbedder):
    calls = 0
    def encode(self, texts):
        self.calls += 1
        if self.calls == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().encode(texts)

killer = Killer()
sync(Path(sys.argv[1]), [Path(sys.argv[2])], lambda: killer, Settings())
"""


def run(script: str, *arguments: Path | int) -> int:
    """The exit status of a script in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)], cwd=PROJECT, timeout=600, check=False
    ).returncode


def many(folder: Path, count: int) -> Path:
    """A folder with one file of ``count`` articles, each one passage that differs from all others."""
    line = (
        '{{"id": "{0}", "title": "Report {0}", "text": "The harbour of Lindal counted {0} ships and {0}0 captains."}}\n'
    )
    return write_articles(folder, {"many.jsonl": "".join(line.format(number) for number in range(count))})


def counts(report: SyncReport) -> tuple[int, int, int, int]:
    """Added, updated, removed, unchanged."""
    return report.added, report.updated, report.removed, report.unchanged


def encoded(desk: Desk) -> list[str]:
    """What the desk's fake embedder has encoded; the list can be emptied."""
    assert isinstance(desk.embedder, WordEmbedder)
    return desk.embedder.encoded


def state(desk: Desk) -> dict[str, str]:
    """Every article's text by its id."""
    return {listed.article_id: desk.article(listed.article_id).text for listed in desk.articles()}


def desk_for(folder: Path) -> Desk:
    """A desk over a library, with a fake embedder and nothing else."""
    embedder = WordEmbedder()
    return Desk(folder, Settings(), lambda: embedder, pytest.fail, pytest.fail)


def segments(library: Path) -> list[tuple[str, int]]:
    """Names of the FAISS files, with the time they were written."""
    return sorted((file.name, file.stat().st_mtime_ns) for file in (library / "segments").iterdir())


def test_a_first_run_adds_everything(articles: Path, make_desk: MakeDesk) -> None:
    """Each passage is embedded once, with its headline and date."""
    desk = make_desk()
    report = desk.index(articles)
    assert (counts(report), report.failed, report.skipped) == ((3, 0, 0, 0), 0, 0)
    assert sorted(state(desk)) == sorted(ARTICLES)
    assert len(encoded(desk)) == len(set(encoded(desk))) == 3
    assert any(
        text.startswith("Harbour bridge reopens in Port Lindal, 2031-04-02\nThe harbour") for text in encoded(desk)
    )


def test_an_unchanged_second_run_does_nothing(articles: Path, tmp_path: Path, make_desk: MakeDesk) -> None:
    """Nothing is embedded, passages keep their ids and the FAISS file is not written again, ten times over."""
    desk = make_desk()
    desk.index(articles)
    hits, files = desk.search("the bridge and the frost"), segments(tmp_path / "library")
    encoded(desk).clear()
    for _ in range(10):
        assert counts(desk.index(articles)) == (0, 0, 0, 3)
    assert (encoded(desk), segments(tmp_path / "library")) == ([], files)
    encoded(desk).clear()
    assert desk.search("the bridge and the frost") == hits


def test_a_touched_file_with_the_same_content_is_unchanged(articles: Path, make_desk: MakeDesk) -> None:
    """Content counts, not time."""
    desk = make_desk()
    desk.index(articles)
    os.utime(articles / "bridge.txt", (1, 1))
    assert counts(desk.index()) == (0, 0, 0, 3)


def test_a_changed_file_replaces_its_passages(articles: Path, make_desk: MakeDesk) -> None:
    """Only what is new is embedded; the old text is found no more."""
    desk = make_desk()
    desk.index(articles)
    encoded(desk).clear()
    write_articles(articles, {"library.txt": "The town library burnt down.\n"})
    assert counts(desk.index()) == (0, 1, 0, 2)
    assert encoded(desk) == ["library\nThe town library burnt down."]
    hits = desk.search("books in the library", 9)
    assert [hit.text for hit in hits if hit.article_id == "library.txt"] == ["The town library burnt down."]


def test_only_the_changed_passages_of_an_article_are_embedded(tmp_path: Path, make_desk: MakeDesk) -> None:
    """A new last paragraph costs its own passages alone."""
    paragraphs = [f"Paragraph {number} " + "speaks of the harbour " * 24 + "again." for number in range(6)]
    folder = write_articles(tmp_path / "f", {"a.txt": "\n\n".join(paragraphs)})
    desk = make_desk(overlap_sentences=0)
    desk.index(folder)
    assert len(encoded(desk)) == 6
    encoded(desk).clear()
    write_articles(folder, {"a.txt": "\n\n".join([*paragraphs[:5], "The end " + "was another one " * 24 + "instead."])})
    desk.index()
    assert len(encoded(desk)) == 1


def test_a_deleted_file_is_gone(articles: Path, tmp_path: Path, make_desk: MakeDesk) -> None:
    """From the list, from both searches and from the disk."""
    desk = make_desk()
    desk.index(articles)
    (articles / "valley" / "orchard.txt").unlink()
    assert counts(desk.index()) == (0, 0, 1, 2)
    assert all(hit.article_id != "valley/orchard.txt" for hit in desk.search("frost cherry crop Hallin orchards", 40))
    assert b"cherry" not in (tmp_path / "library" / FILE).read_bytes()
    assert verify(tmp_path / "library").vectors == 2


def test_a_renamed_file_is_not_embedded_again(articles: Path, make_desk: MakeDesk) -> None:
    """One removed and one added, with the vectors there are."""
    desk = make_desk()
    desk.index(articles)
    encoded(desk).clear()
    (articles / "bridge.txt").rename(articles / "valley" / "crossing.txt")
    assert counts(desk.index()) == (1, 0, 1, 2)
    assert encoded(desk) == []
    assert desk.search("harbour bridge")[0].article_id == "valley/crossing.txt"


def test_removing_takes_an_article_out(articles: Path, make_desk: MakeDesk) -> None:
    """The user's file stays where it is."""
    desk = make_desk()
    desk.index(articles)
    assert desk.remove("bridge.txt", "library.txt") == ("bridge.txt", "library.txt")
    assert list(state(desk)) == ["valley/orchard.txt"]
    assert (articles / "bridge.txt").exists()


def test_an_unknown_id_removes_nothing(articles: Path, tmp_path: Path, make_desk: MakeDesk) -> None:
    """Neither itself nor those named with it; and no library is made."""
    with pytest.raises(LibraryError, match="there is no library"):
        make_desk().remove("bridge.txt")
    assert not (tmp_path / "library").exists()
    desk = make_desk()
    desk.index(articles)
    with pytest.raises(InputError, match="there is no article 'nothing' in the library; see: qa list"):
        desk.remove("bridge.txt", "nothing")
    assert len(state(desk)) == 3


def test_another_embedder_is_refused_and_changes_nothing(articles: Path, tmp_path: Path, make_desk: MakeDesk) -> None:
    """By indexing and by searching; both messages name the remedy."""

    class Other(WordEmbedder):
        fingerprint = "other-512"

    make_desk().index(articles)
    before = (tmp_path / "library" / FILE).read_bytes()
    write_articles(articles, {"new.txt": "New text.\n"})
    other = Desk(tmp_path / "library", Settings(), Other, pytest.fail, pytest.fail)
    for use in (lambda: other.index(articles), lambda: other.search("bridge")):
        with pytest.raises(
            LibraryError, match=r"made with the embedder words-512, but other-512 is set; .*qa reembed --model words"
        ):
            use()
    assert (tmp_path / "library" / FILE).read_bytes() == before


def test_progress_tells_of_every_stage(tmp_path: Path, make_desk: MakeDesk) -> None:
    """One after the other, up to the end of each; of embedding, batch by batch."""
    told: list[tuple[str, int, int]] = []
    make_desk().index(many(tmp_path / "f", 300), progress=lambda *now: told.append(now))
    assert [now for now in told if now[0] == "embedding"] == [
        ("embedding", 0, 300),
        ("embedding", 256, 300),
        ("embedding", 300, 300),
    ]
    assert [now[1] for now in told if now[0] == "reading"] == list(range(1, 301))
    assert list(dict.fromkeys(stage for stage, _, _ in told)) == [
        "reading",
        "cutting",
        "embedding",
        "writing",
        "matching",
    ]
    for stage in ("cutting", "writing", "matching"):
        assert [now[1:] for now in told if now[0] == stage] == [(done, 300) for done in range(301)]


@pytest.mark.parametrize("stage", ["reading", "cutting", "embedding", "writing", "matching"])
def test_an_interruption_loses_nothing(tmp_path: Path, make_desk: MakeDesk, stage: str) -> None:
    """The old state answers; the next run embeds only what was not embedded yet."""
    folder = write_articles(tmp_path / "f", {"old.txt": "Old text of the harbour.\n"})
    make_desk().index(folder)
    many(folder, 600)

    def interrupt(now: str, done: int, total: int) -> None:
        if (now, done) == (stage, 512):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_desk().index(folder, progress=interrupt)
    assert state(make_desk()) == {"old.txt": "Old text of the harbour.\n"}
    assert verify(tmp_path / "library").ok
    desk = make_desk()
    assert counts(desk.index(folder)) == (600, 0, 0, 1)
    assert len(encoded(desk)) == {"reading": 600, "cutting": 600, "embedding": 88}.get(stage, 0)
    assert verify(tmp_path / "library").ok


def test_a_kill_while_embedding_costs_at_most_a_batch(tmp_path: Path, make_desk: MakeDesk) -> None:
    """Killed in its third batch, a repeat encodes what the first two did not."""
    folder = many(tmp_path / "f", 600)
    assert run(KILLED_AT_ENCODING, tmp_path / "library", folder) == -signal.SIGKILL
    desk = make_desk()
    assert state(desk) == {}
    assert desk.search("harbour") == []
    encoded(desk).clear()
    assert counts(desk.index(folder)) == (600, 0, 0, 0)
    assert len(encoded(desk)) == 88
    assert verify(tmp_path / "library").ok


@pytest.mark.parametrize(("first", "step"), [(False, 3), (True, 4)], ids=["change", "first build"])
def test_a_kill_at_any_statement_leaves_old_or_new(
    articles: Path, tmp_path: Path, make_desk: MakeDesk, first: bool, step: int
) -> None:
    """Rows, keyword index and vectors belong together, and a repeat ends in the new state with nothing left over."""
    start, copies = tmp_path / "library", tmp_path / "copies"
    copies.mkdir()
    old: dict[str, str] = {}
    if first:
        start.mkdir()
    else:
        make_desk().index(articles)
        old = state(make_desk())
        write_articles(articles, {"bridge.txt": "The bridge closed again.\n", "new.txt": "New text.\n"})
        (articles / "library.txt").unlink()
    assert run(KILLED_AT_STATEMENT, start, articles, copies, step) == 0

    final = desk_for(sorted(copies.iterdir())[-1])
    new, seen = state(final), set()
    assert new != old
    for copy in sorted(copies.iterdir()):
        desk = desk_for(copy)
        try:
            found = state(desk)
        except LibraryError:  # before its tables stand there is no library
            assert first
            found = old
        else:
            assert verify(copy).ok, copy.name
            assert {hit.article_id for hit in desk.search("bridge library orchards text", 40)} == set(found)
        assert found in (old, new), copy.name
        seen.add(found == new)
        desk.index(articles)
        assert state(desk) == new
        assert verify(copy).ok
        assert len(list((copy / "segments").iterdir())) == 1
    assert seen == {True, False}
    assert len(list(copies.iterdir())) > 15, len(list(copies.iterdir()))


def test_a_full_disk_loses_nothing(articles: Path, small_disk: Path) -> None:
    """At many sizes: one line that says so, the old content answers, and with more space the same command works."""
    resize(small_disk, 16_000)
    library = small_disk / "library"
    desk = desk_for(library)
    desk.index(articles)
    old, hits = state(desk), desk.search("harbour bridge frost")
    used = shutil.disk_usage(small_disk).used // 1024
    shutil.copytree(library, small_disk.parent / "start")
    many(articles, 300)
    for spare in (0, 4, 40, 100, 200, 300, 400, 500, 600, 700, 900, 1100):
        resize(small_disk, used + spare)
        with pytest.raises(
            LibraryError, match=r"no space is left on the disk .*; free some and repeat, nothing was lost"
        ):
            desk_for(library).index(articles)
        assert state(desk_for(library)) == old, spare
        assert desk_for(library).search("harbour bridge frost") == hits
        resize(small_disk, 16_000)
        assert verify(library).ok
        if spare in (0, 300, 1100):
            assert counts(desk_for(library).index(articles)) == (300, 0, 0, 3)
            assert verify(library).ok
        shutil.rmtree(library)
        shutil.copytree(small_disk.parent / "start", library)


def test_a_first_run_on_a_full_disk_says_so(articles: Path, small_disk: Path) -> None:
    """And works when there is space."""
    for kilobytes in (4, 16, 40, 64, 100):
        resize(small_disk, kilobytes)
        with pytest.raises(LibraryError, match="no space is left"):
            desk_for(small_disk / "library").index(articles)
    resize(small_disk, 16_000)
    assert counts(desk_for(small_disk / "library").index(articles)) == (3, 0, 0, 0)
    assert verify(small_disk / "library").ok


def test_no_embedder_is_asked_to_encode_where_nothing_is_new(articles: Path, tmp_path: Path) -> None:
    """The fingerprint is all that is needed."""

    class Mute(WordEmbedder):
        def encode(self, texts: object) -> None:  # type: ignore[override]
            pytest.fail("asked to encode")

    sync(tmp_path / "library", [articles], WordEmbedder, Settings())
    assert sync(tmp_path / "library", [articles], Mute, Settings()).unchanged == 3


def test_a_wrong_path_makes_no_source(articles: Path, tmp_path: Path, make_desk: MakeDesk) -> None:
    """Not a file of another kind, not the library itself: the next bare sync has nothing to complain of."""
    desk = make_desk()
    desk.index(articles)
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8")
    for wrong in (tmp_path / "photo.jpg", desk.library.folder, tmp_path / "absent"):
        with pytest.raises(InputError):
            desk.index(wrong)
        assert desk.index().unchanged == 3


def test_a_wrong_path_makes_no_library(tmp_path: Path, make_desk: MakeDesk) -> None:
    """So that the next question says that there is none."""
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8")
    for wrong in (tmp_path / "photo.jpg", tmp_path / "absent"):
        with pytest.raises(InputError):
            make_desk().index(wrong)
        with pytest.raises(LibraryError, match="there is no library"):
            make_desk().articles()


def test_a_source_that_was_given_up_is_forgotten(articles: Path, tmp_path: Path, make_desk: MakeDesk) -> None:
    """A folder that was deleted, and is meant to be empty, is not looked for again."""
    desk = make_desk()
    desk.index(articles)
    other = write_articles(tmp_path / "other", {"note.txt": "A note on the weather."})
    desk.index(other)
    shutil.rmtree(other)
    with pytest.raises(InputError, match="is missing but the library holds 1 articles"):
        desk.index()
    assert desk.index(other, allow_empty=True).removed == 1
    assert desk.index().unchanged == 3


def test_an_interrupted_takeover_changes_no_id(tmp_path: Path, make_desk: MakeDesk) -> None:
    """A folder above an indexed one takes its articles over when it is published, not before."""
    inner = write_articles(tmp_path / "top" / "inner", {"old.txt": "An old story of the town."})
    write_articles(tmp_path / "top", {"new.txt": "A new story of the harbour."})
    desk = make_desk()
    desk.index(inner)

    def interrupt(stage: str, done: int, total: int) -> None:
        if stage == "embedding":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        desk.index(tmp_path / "top", progress=interrupt)
    assert [article.article_id for article in desk.articles()] == ["old.txt"]
    assert desk.index().unchanged == 1
    assert desk.index(tmp_path / "top").added == 1
    assert {article.article_id for article in desk.articles()} == {"inner/old.txt", "new.txt"}


def test_the_embedder_of_a_library_without_vectors_does_not_bind(tmp_path: Path, make_desk: MakeDesk) -> None:
    """Nothing was embedded, so nothing has to be embedded anew."""
    (tmp_path / "empty").mkdir()

    class Other(WordEmbedder):
        fingerprint = "words-of-tomorrow"

    Desk(tmp_path / "library", Settings(), Other, WordReader, ScriptedGenerator).index(tmp_path / "empty")
    assert make_desk().index(write_articles(tmp_path / "articles")).added == 3


def test_a_failed_line_is_named_by_its_id(tmp_path: Path, make_desk: MakeDesk) -> None:
    """Its neighbours are indexed."""
    lines = [{"id": "w1", "text": "Snow fell."}, {"id": "w2", "text": " "}, {"id": "w3", "text": "Rain fell."}]
    file = tmp_path / "wire.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    report = make_desk().index(file)
    assert (report.added, [failure.path for failure in report.failures]) == (2, ["wire.jsonl (id w2)"])


def test_a_name_that_is_no_text_is_refused(tmp_path: Path, make_desk: MakeDesk) -> None:
    """In one line, before anything is stored."""
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/n\xffws"))
    folder.mkdir()
    with pytest.raises(InputError, match="no text; rename"):
        make_desk().index(folder)
