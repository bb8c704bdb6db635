"""A small reader finds the words of a passage that answer a question, and says how sure it is that any do.

MiniLM with a head that scores every token as start and as end of the answer; "no answer" is the span at the first
token, as Devlin et al. 2019 (BERT) do for SQuAD 2.0. Weights, data and script: models/reader/.
"""

import json
import threading
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from qa.answering.weights import own_weights
from qa.errors import ModelError
from qa.types import Calibration, Hit, Reading

SHA256 = "abb1fff9d3b9337e4c097cc542ec96c0af5de32c6d519ba7d91385aac6eee647"
_BATCH = 4  # of similar length: a third faster on two cores than 8 as they come
_READINGS = 3  # of each passage; the best one alone misses what another feature would have told


class PassageReader:
    """The trained reader; torch is loaded with the first question, not before."""

    def __init__(self) -> None:
        """Find the weights. Raises ModelError when they are missing or not the known ones."""
        self.file = own_weights("reader/reader.safetensors", SHA256)
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
        import torch

        from qa.answering.pair_model import encode_pairs

        with self._loading:
            tokenizer, model = self._loaded
        readings: dict[int, tuple[Reading, ...]] = {}
        order = sorted(range(len(hits)), key=lambda number: len(hits[number].text))
        for first in range(0, len(hits), _BATCH):
            part = order[first : first + _BATCH]
            titles, texts = [hits[number].title for number in part], [hits[number].text for number in part]
            pairs = encode_pairs(tokenizer, [question] * len(part), titles, texts)
            with torch.inference_mode():
                scores = model(pairs.ids, pairs.mask, pairs.types)
            for row, number in enumerate(part):
                shift = hits[number].start
                found = pairs.best_spans(row, scores[row], _READINGS)
                readings[number] = tuple(Reading(shift + f.start, shift + f.end, f.margin) for f in found)
        return [readings[number] for number in range(len(hits))]

    @cached_property
    def _loaded(self) -> tuple[Any, Any]:
        from qa.answering.pair_model import loaded_model

        return loaded_model(self.file)
