"""A small reader finds the words of a passage that answer a question, and says how sure it is that any do.

MiniLM with a head that scores every token as start and as end of the answer; "no answer" is the span at the first
token, as Devlin et al. 2019 (BERT) do for SQuAD 2.0. The same network, trained on from there, tells whether a passage
says what a sentence says. Weights, data and scripts: models/reader/, models/support/.
"""

import json
import threading
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qa.errors import ModelError
from qa.types import Calibration, Hit, Reading
from qa.weights import own_weights

if TYPE_CHECKING:
    from qa.answering.pair_model import Pairs

READER_SHA256 = "5da2ed1ed52e32085479c894d7a5c46b8318c4d4a99a3e75927b2efcd961fa57"
SUPPORT_SHA256 = "1ae3a5c3297f701dd30ba431487d01578b55cf2fe080a2452bafc774c7729169"
_BATCH = 4  # of similar length: a third faster on two cores than 8 as they come
LONGEST = 320  # tokens of question, headline and passage together
LONGEST_CLAIM = 480  # of a sentence, the headline and a passage; the encoder knows 512 positions
_READINGS = 3  # of each passage; the best one alone misses what another feature would have told


class PassageReader:
    """The two trained networks; torch is loaded with the first question, not before."""

    def __init__(self) -> None:
        """Find the weights. Raises ModelError when they are missing or not the known ones."""
        self.file = own_weights("reader/reader.safetensors", READER_SHA256)
        self._support_file = own_weights("support/support.safetensors", SUPPORT_SHA256)
        self._loading = threading.Lock()

    @cached_property
    def calibration(self) -> Calibration:
        """The weights in calibration.json beside the reader's own. Raises ModelError when they are missing."""
        file = self.file.with_name("calibration.json")
        try:
            return Calibration(**json.loads(file.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise ModelError(f"{file} cannot be read ({error}); install newsdesk again") from error

    def read(self, question: str, hits: Sequence[Hit]) -> list[tuple[Reading, ...]]:
        """Return the best answer spans of each hit."""
        with self._loading:
            tokenizer, model = self._spans
        readings: dict[int, tuple[Reading, ...]] = {}
        for numbers, pairs, scores in _scored(tokenizer, model, question, hits, LONGEST):
            for row, number in enumerate(numbers):
                shift = hits[number].start
                found = pairs.best_spans(row, scores[row], _READINGS)
                readings[number] = tuple(Reading(shift + f.start, shift + f.end, f.margin) for f in found)
        return [readings[number] for number in range(len(hits))]

    def supports(self, sentence: str, hits: Sequence[Hit]) -> list[float]:
        """Return for each hit the probability that it says what the sentence says."""
        from qa.answering.pair_model import claim_logits

        with self._loading:
            tokenizer, model = self._claims
        sure: dict[int, float] = {}
        for numbers, pairs, scores in _scored(tokenizer, model, sentence, hits, LONGEST_CLAIM):
            sure.update(zip(numbers, claim_logits(scores.float(), pairs).sigmoid().tolist(), strict=True))
        return [sure[number] for number in range(len(hits))]

    @cached_property
    def _spans(self) -> tuple[Any, Any]:
        return _loaded(self.file)

    @cached_property
    def _claims(self) -> tuple[Any, Any]:
        return _loaded(self._support_file)


def _loaded(file: Path) -> tuple[Any, Any]:
    from qa.answering.pair_model import loaded_model

    return loaded_model(file)


def _scored(
    tokenizer: Any, model: Any, text: str, hits: Sequence[Hit], longest: int
) -> Iterator[tuple[list[int], "Pairs", Any]]:
    """Batches that have every hit once: which hits, the pairs of each with the text, scores of shape (hits, tokens, 2)."""
    import torch

    from qa.answering.pair_model import encode_pairs

    order = sorted(range(len(hits)), key=lambda number: len(hits[number].text))
    for first in range(0, len(hits), _BATCH):
        part = order[first : first + _BATCH]
        titles, texts = [hits[number].title for number in part], [hits[number].text for number in part]
        pairs = encode_pairs(tokenizer, [text] * len(part), titles, texts, longest)
        with torch.inference_mode():
            scores = model(pairs.ids, pairs.mask, pairs.types)
        yield part, pairs, scores
