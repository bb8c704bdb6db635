"""R7: a library is searched with the embedder that made its vectors, and refused to every other, however alike."""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from qa.chat import Desk
from qa.errors import LibraryError
from qa.library.drift import SAME
from qa.retrieval.embedder import SentenceEmbedder
from qa.settings import Settings
from qa.types import Embedder
from tests.conftest import ScriptedGenerator, WordReader
from tests.reliability import made
from tests.reliability.figure import Effort, Figure

ARTICLES = 30


@dataclass(frozen=True, slots=True)
class Model:
    """How a very small sentence-transformers model is made."""

    seed: int = 0
    size: int = 32
    trained: float = 0.0  # how far its weights have moved
    steps: int = 0  # of how many steps its weights are, 0 for as many as there are
    normalised: bool = True
    pooling: str = "mean"
    prefix: str = ""
    lower: bool = True


OTHERS = {
    "another model": Model(seed=1),
    "another dimension": Model(size=48),
    "another revision": Model(trained=0.05),
    "quantised weights": Model(steps=127),
    "normalisation": Model(normalised=False),
    "pooling": Model(pooling="max"),
    "a prefix": Model(prefix="notice: "),
    "another tokenizer": Model(lower=False),
}


def gate(place: Path, _: Effort) -> list[Figure]:
    """In a process of its own: torch has threads, and what is tried after this is forked."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(figures, place).result()


def figures(place: Path) -> list[Figure]:
    """Every other model in turn, and the same one whose vectors come out another way."""
    files, library, own = made.write(place / "files", range(ARTICLES)), place / "library", make(place / "own", Model())
    _desk(library, lambda: SentenceEmbedder(str(own))).index(files)
    texts = [made.text(number) for number in range(ARTICLES)]
    vectors = SentenceEmbedder(str(own)).encode(texts)
    refused, mended, apart, accepted = list[str](), list[str](), list[str](), list[str]()
    for name, model in OTHERS.items():
        folder = make(place / name, model)
        embedder = SentenceEmbedder(str(folder))
        others = embedder.encode(texts)
        if others.shape == vectors.shape:
            accepted.append(name)  # by a program that only holds the length of vectors against that of its index
        if others.shape != vectors.shape or (others * vectors).sum(axis=1).min() < SAME:
            apart.append(name)
        desk = _desk(library, lambda: embedder)  # noqa: B023
        message = _message(lambda: desk.search(made.SEARCHES[0]))  # noqa: B023
        if "made with the embedder" in message and f"qa reembed --model {embedder.name}" in message:
            refused.append(name)
        desk.reembed(lambda: embedder)  # noqa: B023
        if desk.search(made.SEARCHES[0]):
            mended.append(name)
        _desk(library, lambda: SentenceEmbedder(str(own))).reembed(lambda: SentenceEmbedder(str(own)))
    same, drifted = _cosines(library, SentenceEmbedder(str(own))), _cosines(library, Drifted(str(own)))
    return [
        Figure(
            "R7",
            "another embedder than that of a library's vectors is refused with what to do, which works",
            f"{len(OTHERS)} others ({', '.join(OTHERS)}), of which {len(apart)} give other vectors",
            f"{len(refused)} refused, {len(mended)} of them used after the command that was named",
            f"{len(accepted)} accepted by the length of their vectors",
            len(refused) == len(mended) == len(OTHERS) and bool(accepted),
        ),
        Figure(
            "R7",
            "the same embedder gives the vectors that are stored, and qa doctor tells where it does not",
            f"{same.size} passages embedded again",
            f"cosine {same.min():.5f} at least; of one that reckons otherwise {drifted.min():.5f}, and told",
            "as above",
            bool(same.size == 20 and same.min() >= SAME > drifted.min()),
        ),
    ]


class Drifted(SentenceEmbedder):
    """The same files, run by something that reckons otherwise."""

    def encode(self, texts: Any) -> Any:
        """Each number a little off, the same way each time."""
        vectors = super().encode(texts)
        vectors = vectors + 0.1 * np.sin(1000 * vectors) * np.abs(vectors).mean()
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def make(place: Path, model: Model) -> Path:
    """A sentence-transformers model in a folder, with weights that were never trained and a word for each token."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Normalize, Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizerFast
    from transformers.utils import logging

    logging.disable_progress_bar()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    words = [*special, *".:-0123456789", "notice", "of", *sorted(set(made.WORDS))]
    start = place / "start"
    start.mkdir(parents=True)
    (start / "vocab.txt").write_text("\n".join(words))
    torch.manual_seed(model.seed)
    bert = BertModel(
        BertConfig(
            vocab_size=len(words), hidden_size=model.size, num_hidden_layers=1, num_attention_heads=2,
            intermediate_size=64, max_position_embeddings=128, initializer_range=0.5,
        )
    ).eval()  # fmt: skip
    with torch.no_grad():
        for weights in bert.parameters():
            weights += model.trained * torch.randn_like(weights)
            if model.steps and weights.ndim > 1:
                step = weights.abs().max() / model.steps
                weights.copy_((weights / step).round() * step)
    bert.save_pretrained(start)
    BertTokenizerFast(str(start / "vocab.txt"), do_lower_case=model.lower).save_pretrained(start)
    modules = [Transformer(str(start)), Pooling(model.size, model.pooling), Normalize()]
    prompts = {"prompts": {"passage": model.prefix}, "default_prompt_name": "passage"} if model.prefix else {}
    SentenceTransformer(modules=modules[: 2 + model.normalised], device="cpu", **prompts).save(str(place / "minilm"))
    return place / "minilm"


def _desk(library: Path, embedder: Callable[[], Embedder]) -> Desk:
    return Desk(library, Settings(), embedder, WordReader, ScriptedGenerator)


def _message(use: Callable[[], object]) -> str:
    try:
        use()
    except LibraryError as error:
        return str(error)
    return ""


def _cosines(library: Path, embedder: Embedder) -> Any:
    with _desk(library, lambda: embedder).library.snapshot(vectors=False) as snapshot:
        return snapshot.cosines_anew(embedder)
