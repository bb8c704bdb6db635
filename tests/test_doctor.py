"""The report about machine, models and library."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from qa.chat import Desk
from qa.doctor import diagnose
from qa.errors import ModelError
from qa.settings import Settings
from qa.types import Check
from tests.conftest import MakeDesk, ScriptedGenerator, WordEmbedder, WordReader

ADDRESS = "http://127.0.0.1:9/v1"


def checks(desk: Desk) -> dict[str, Check]:
    """The checks by name."""
    found = diagnose(desk)
    assert len({check.name for check in found}) == len(found)
    assert all(check.ok or check.fix for check in found)
    return {check.name: check for check in found}


def test_a_healthy_desk_is_ok(make_desk: MakeDesk, articles: Path) -> None:
    """Packages, processor, library and models, each with what it is."""
    make_desk().index(articles)
    found = checks(make_desk("Once upon a time", model=ADDRESS))
    assert [
        name for name in ("python", "sqlite", "torch", "gradio", "processor", "memory", "disk") if name not in found
    ] == []
    assert found["library"].value.endswith("library, 3 articles")
    assert found["embedder"] == Check("embedder", True, "words-512")
    assert found["model"] == Check("model", True, "scripted")
    assert found["model speed"].ok
    assert "2048 tokens of context" in found["model speed"].value


def test_an_embedder_that_gives_other_vectors_than_are_stored_is_told_and_what_is_said_mends_it(
    make_desk: MakeDesk, articles: Path, tmp_path: Path
) -> None:
    """As where the same files are run by another version of their packages; by its files nothing is another one."""

    class Drifted(WordEmbedder):
        def encode(self, texts: Sequence[str]) -> np.ndarray:
            vectors = super().encode(texts)
            vectors[:, 0] += 0.05  # adds .05 along one side: the cosine is 1 / sqrt(1 + .05 ** 2) = .99875
            return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))

    make_desk().index(articles)
    sound = checks(make_desk("Once upon a time", model=ADDRESS))["vectors"]
    assert sound == Check("vectors", True, "3 passages embedded again, cosine to what is stored 1.0000 at least")
    generator = ScriptedGenerator("Once upon a time", "Once upon a time")
    desk = Desk(tmp_path / "library", Settings(model=ADDRESS), Drifted, WordReader, lambda: generator)
    told = checks(desk)["vectors"]
    assert (told.ok, told.value) == (False, "3 passages embedded again, cosine to what is stored 0.9988 at least")
    assert told.fix == f"embed everything anew with: qa repair --reembed --library {tmp_path / 'library'}"
    desk.repair(reembed=True)
    assert checks(desk)["vectors"].ok


def test_without_a_library_it_says_how_to_make_one_and_makes_none(make_desk: MakeDesk, tmp_path: Path) -> None:
    """Which is no failure."""
    found = checks(make_desk("Once upon a time", model=ADDRESS))
    assert found["library"].ok
    assert "qa index" in (found["library"].fix or "")
    assert not (tmp_path / "library").exists()


def test_embedding_anew_that_was_cut_short_is_said(make_desk: MakeDesk, articles: Path) -> None:
    """With how far it came and what to do; it is no failure, as the old vectors answer."""

    class Interrupted(WordEmbedder):
        fingerprint = "words-of-tomorrow"

        def encode(self, texts: object) -> np.ndarray:  # type: ignore[override]
            raise KeyboardInterrupt

    desk = make_desk("Once upon a time", model=ADDRESS)
    desk.index(articles)
    assert "reembed" not in checks(desk)
    with pytest.raises(KeyboardInterrupt):
        desk.reembed(Interrupted)
    found = checks(make_desk("Once upon a time", model=ADDRESS))["reembed"]
    assert found.ok
    assert found.value == "0 of 3 passages have a vector of words-of-tomorrow, none of which is in use yet"
    assert found.fix and found.fix.startswith("go on with the same qa reembed")


def test_what_is_broken_is_one_failed_check(tmp_path: Path) -> None:
    """A damaged library, an embedder that is not there, a reader without weights, a model that says nothing."""

    def no_embedder() -> WordEmbedder:
        raise ModelError("no embedder; install it")

    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "library.sqlite").write_bytes(b"no database" * 1000)

    def no_reader() -> WordReader:
        raise ModelError("no reader; install it")

    desk = Desk(tmp_path / "library", Settings(model=ADDRESS), no_embedder, no_reader, ScriptedGenerator)
    found = checks(desk)
    assert found["embedder"] == Check("embedder", False, "no embedder", "install it")
    assert [name for name in ("library", "embedder", "reader", "model speed") if found[name].ok] == []
    assert found["model"].ok
    assert found["reader"] == Check("reader", False, "no reader", "install it")


def test_a_generator_that_cannot_be_made_does_not_end_the_report(tmp_path: Path) -> None:
    """It is the last check."""

    def none() -> ScriptedGenerator:
        raise ModelError("no model file; give another with --model")

    found = diagnose(Desk(tmp_path, Settings(), WordEmbedder, WordReader, none))
    assert found[-1] == Check("model", False, "no model file", "give another with --model")
