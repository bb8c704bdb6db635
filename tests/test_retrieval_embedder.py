"""The embedder, with its real model."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from qa.errors import ModelError
from qa.retrieval.embedder import SentenceEmbedder, base_folder

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def embedder() -> SentenceEmbedder:
    """The default embedder, loaded once."""
    return SentenceEmbedder(threads=1)


@pytest.fixture
def own_copy(tmp_path: Path) -> Path:
    """A copy of the model's folder."""
    return Path(shutil.copytree(base_folder(), tmp_path / "model"))


def test_vectors_are_unit_rows_of_384(embedder: SentenceEmbedder) -> None:
    """Whatever the text."""
    vectors = embedder.encode(["The bridge reopened.", "", "橋", "word " * 2000])
    assert vectors.shape == (4, 384) == (4, embedder.dimension)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-3)


def test_a_text_is_nearest_to_itself(embedder: SentenceEmbedder) -> None:
    """Alone or in a batch with longer ones."""
    texts = [
        "The bridge reopened on Wednesday.",
        "Frost destroyed the cherry crop.",
        "The library keeps 31,000 books. " * 20,
    ]
    together = embedder.encode(texts)
    for row, text in enumerate(texts):
        cosines = together @ embedder.encode([text])[0]
        assert cosines.argmax() == row
        assert cosines[row] > 0.99


def test_meaning_counts_more_than_words(embedder: SentenceEmbedder) -> None:
    """What a keyword search cannot do."""
    question, right, wrong = embedder.encode(
        ["How much money did the repair take?", "The renovation cost 48 million crowns.", "The bridge opens at nine."]
    )
    assert question @ right > question @ wrong


def test_the_fingerprint_is_stable_and_names_the_model(embedder: SentenceEmbedder) -> None:
    """Two embedders of the same files agree."""
    assert embedder.fingerprint == SentenceEmbedder().fingerprint
    assert embedder.fingerprint.startswith("all-minilm-l6-v2 ")


def test_a_damaged_weights_file_changes_the_fingerprint(own_copy: Path) -> None:
    """One byte is enough."""
    sound = SentenceEmbedder(str(own_copy)).fingerprint
    with (own_copy / "model.safetensors").open("r+b") as file:
        file.seek(5_000_000)
        byte = file.read(1)[0]
        file.seek(5_000_000)
        file.write(bytes([byte ^ 1]))
    assert SentenceEmbedder(str(own_copy)).fingerprint != sound


def test_a_changed_tokenizer_changes_the_fingerprint(own_copy: Path) -> None:
    """Vectors would differ though the weights are the same."""
    sound = SentenceEmbedder(str(own_copy)).fingerprint
    (own_copy / "tokenizer.json").write_text((own_copy / "tokenizer.json").read_text() + " ")
    assert SentenceEmbedder(str(own_copy)).fingerprint != sound


@pytest.mark.parametrize(
    "file", ["config_sentence_transformers.json", "3_Dense/model.safetensors", "tokenizer_config.json"]
)
def test_whatever_else_changes_a_vector_changes_the_fingerprint(own_copy: Path, file: str) -> None:
    """Prompts, the weights of a further module, and how the tokenizer is to be used."""
    sound = SentenceEmbedder(str(own_copy)).fingerprint
    assert SentenceEmbedder(str(own_copy)).fingerprint == sound
    (own_copy / file).parent.mkdir(exist_ok=True)
    (own_copy / file).write_text('{"prompts": {"query": "query: "}}')
    assert SentenceEmbedder(str(own_copy)).fingerprint != sound


def test_a_missing_folder_is_told_in_one_line(tmp_path: Path) -> None:
    """Before anything is loaded."""
    with pytest.raises(ModelError, match=r"no sentence-transformers model .*; give its folder") as raised:
        SentenceEmbedder(str(tmp_path / "nowhere"))
    assert "\n" not in str(raised.value)
