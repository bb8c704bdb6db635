"""A small reader finds the words of a passage that answer a question, and says how sure it is that any do.

MiniLM with a head that scores every token as start and as end of the answer; "no answer" is the span at the first
token, as Devlin et al. 2019 (BERT) do for SQuAD 2.0. A network five times as large reads what that one finds best once
more, and tells whether a passage says what a sentence says. Weights, data and scripts: models/reader/,
models/close_reader/.
"""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from qa.errors import ModelError
from qa.types import Calibration, Hit, Reading
from qa.weights import own_weights

if TYPE_CHECKING:
    from qa.answering.pair_model import Pairs

READER_SHA256 = "5da2ed1ed52e32085479c894d7a5c46b8318c4d4a99a3e75927b2efcd961fa57"
CLOSE_READER_SHA256 = "6921474f9cfa7625aaedd83314bfa8bf855baa50dad20ad00af40642d638340e"
_BATCH = 4  # of similar length: a third faster on two cores than 8 as they come
LONGEST = 320  # tokens of question, headline and passage together
LONGEST_CLAIM = 480  # of a sentence, the headline and a passage
_SHARE = 2  # a question or a sentence has at most one part in so many of these tokens
_READINGS = 3  # of each passage; the best one alone misses what another feature would have told


class PassageReader:
    """The two trained networks; torch is loaded with the first question, not before."""

    def __init__(self) -> None:
        """Find the weights. Raises ModelError when they are missing or not the known ones."""
        self.file = own_weights("reader/reader.safetensors", READER_SHA256)
        self.close_file = own_weights("close_reader/close_reader.safetensors", CLOSE_READER_SHA256)
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
            network = self._spans
        return _readings(network, question, hits)

    def read_closely(self, question: str, hits: Sequence[Hit]) -> list[tuple[Reading, ...]]:
        """Return the best answer spans of each hit by the larger network, which takes several times as long."""
        with self._loading:
            network, _ = self._close
        return _readings(network, question, hits)

    def supports(self, sentence: str, hits: Sequence[Hit]) -> list[float]:
        """Return for each hit the probability that it says what the sentence says."""
        from qa.answering.close_model import claim_logits

        with self._loading:
            _, network = self._close
        if len(network.places(sentence)) > LONGEST_CLAIM // _SHARE:
            return [0.0] * len(hits)  # there is no room for a passage that would say all of it
        sure: dict[int, float] = {}
        for numbers, pairs, scores in _scored(network, sentence, hits, LONGEST_CLAIM):
            sure.update(zip(numbers, claim_logits(scores.float(), pairs).sigmoid().tolist(), strict=True))
        return [sure[number] for number in range(len(hits))]

    @cached_property
    def _spans(self) -> "_Network":
        return _pair_network(self.file)

    @cached_property
    def _close(self) -> tuple["_Network", "_Network"]:
        return _close_networks(self.close_file)


class _Network(NamedTuple):
    """Where the tokens of a text are, how texts become tokens (questions, headlines, passages, tokens at most), their scores."""

    places: Callable[[str], Sequence[tuple[int, int]]]
    encode: Callable[[Sequence[str], Sequence[str], Sequence[str], int], "Pairs"]
    scores: Callable[["Pairs"], Any]


def _pair_network(file: Path) -> _Network:
    from qa.answering.pair_model import encode_pairs, loaded_model

    tokenizer, model = loaded_model(file)
    return _Network(
        lambda text: tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)[
            "offset_mapping"
        ],
        partial(encode_pairs, tokenizer),
        lambda pairs: model(pairs.ids, pairs.mask, pairs.types),
    )


def _close_networks(change: Path) -> tuple[_Network, _Network]:
    """One network for two tasks: as it reads questions, and as it reads claims."""
    from qa.answering.choice import DEFAULT, model_file
    from qa.answering.close_model import CLAIM, QUESTION, encode_close, loaded_close_model
    from qa.answering.merging import merged_close

    tokenizer, model = loaded_close_model(merged_close(model_file(DEFAULT), change))

    def network(front: str, scores: slice) -> _Network:
        return _Network(
            lambda text: tokenizer.encode(text).offsets,
            partial(encode_close, tokenizer, front=front),
            lambda pairs: model(pairs.ids, pairs.mask)[..., scores],
        )

    return network(QUESTION, slice(2)), network(CLAIM, slice(2, 4))


def _readings(network: _Network, question: str, hits: Sequence[Hit]) -> list[tuple[Reading, ...]]:
    question = _asked_last(question, network, LONGEST // _SHARE)
    found: dict[int, tuple[Reading, ...]] = {}
    for numbers, pairs, scores in _scored(network, question, hits, LONGEST):
        for row, number in enumerate(numbers):
            shift, best = hits[number].start, pairs.best_spans(row, scores[row], _READINGS)
            found[number] = tuple(Reading(shift + f.start, shift + f.end, f.margin) for f in best)
    return [found[number] for number in range(len(hits))]


def _asked_last(question: str, network: _Network, most: int) -> str:
    """A question of at most so many tokens: of a longer one, those up to its last question mark, or its last ones."""
    places = network.places(question)
    if len(places) <= most:
        return question
    mark = question.rfind("?")
    asked = sum(start <= mark for start, _ in places) or len(places)
    end = max(asked, most)
    return question[places[end - most][0] : places[end - 1][1]]


def _scored(
    network: _Network, text: str, hits: Sequence[Hit], longest: int
) -> Iterator[tuple[list[int], "Pairs", Any]]:
    """Batches that have every hit once: which hits, the pairs of each with the text, scores of shape (hits, tokens, 2)."""
    import torch

    order = sorted(range(len(hits)), key=lambda number: len(hits[number].text))
    for first in range(0, len(hits), _BATCH):
        part = order[first : first + _BATCH]
        titles, texts = [hits[number].title for number in part], [hits[number].text for number in part]
        pairs = network.encode([text] * len(part), titles, texts, longest)
        with torch.inference_mode():
            scores = network.scores(pairs)
        yield part, pairs, scores
