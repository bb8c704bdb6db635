"""The network of the reader, and texts as it reads them. Imports torch: load it late."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from transformers import AutoModel, AutoTokenizer

from qa.processor import torch_is_faster_in_bfloat16
from qa.retrieval.embedder import base_folder

_LONGEST_ANSWER = 24  # tokens


class PairModel(torch.nn.Module):  # type: ignore[misc]  # torch is not followed: its own errors are not ours
    """An encoder with a linear head that gives every token two scores: of a start and of an end of the answer."""

    def __init__(self, encoder: Any) -> None:
        """Put a fresh head on an encoder."""
        super().__init__()
        self.encoder = encoder
        self.head = torch.nn.Linear(encoder.config.hidden_size, 2)

    @classmethod
    def from_base(cls, folder: Path) -> "PairModel":
        """The embedder's network with an untrained head."""
        return cls(
            AutoModel.from_pretrained(
                str(folder), trust_remote_code=False, local_files_only=True, add_pooling_layer=False
            )
        )

    def forward(self, ids: torch.Tensor, mask: torch.Tensor, types: torch.Tensor) -> torch.Tensor:
        """Scores of shape (batch, tokens, 2) from token ids, attention mask and segment ids of shape (batch, tokens)."""
        hidden = self.encoder(input_ids=ids, attention_mask=mask, token_type_ids=types).last_hidden_state
        scores: torch.Tensor = self.head(hidden)
        return scores.masked_fill(mask[..., None] == 0, -1e4)


@dataclass(frozen=True, slots=True)
class Found:
    """Where in a passage the answer stands, and by how much it beats "no answer" (a difference of logits)."""

    start: int
    end: int
    margin: float


@dataclass(frozen=True, slots=True)
class Pairs:
    """A batch of questions and passages as token tensors of shape (batch, tokens), with the way back to characters."""

    ids: torch.Tensor
    mask: torch.Tensor
    types: torch.Tensor
    offsets: Any  # int array (batch, tokens, 2): characters of headline, line end and passage
    passage_starts: tuple[int, ...]  # where the passage begins in that text
    is_passage: Any  # bool array (batch, tokens): tokens that may be part of an answer

    def best_spans(self, row: int, scores: torch.Tensor, count: int) -> list[Found]:
        """Up to ``count`` answers in a passage that share no token, best first, by its ``scores``, shape (tokens, 2)."""
        values = scores.float().numpy()
        allowed = self.is_passage[row].copy()
        shift, span = self.passage_starts[row], self.offsets[row]
        joint = values[:, 0][:, None] + values[:, 1][None, :]
        # An answer ends where it begins or later, and not too far away.
        shape = np.triu(np.ones_like(joint)) * np.tri(len(joint), k=_LONGEST_ANSWER - 1) > 0
        found: list[Found] = []
        while len(found) < count and allowed.any():
            free = np.where(shape & allowed[:, None] & allowed[None, :], joint, -np.inf)
            start, end = np.unravel_index(int(np.argmax(free)), joint.shape)
            found.append(
                Found(
                    int(span[start][0]) - shift, int(span[end][1]) - shift, float(joint[start, end] - values[0].sum())
                )
            )
            allowed[start : end + 1] = False
        return found


def loaded_model(file: Path) -> tuple[Any, "PairModel"]:
    """The tokenizer and a network with the weights of a file, in the number format that is faster here."""
    tokenizer = AutoTokenizer.from_pretrained(str(base_folder()), local_files_only=True)
    model = PairModel.from_base(base_folder())
    model.load_state_dict({name: value.float() for name, value in load_file(file).items()}, strict=False)
    return tokenizer, (model.bfloat16() if torch_is_faster_in_bfloat16() else model).eval().to(torch.device("cpu"))


def encode_pairs(
    tokenizer: Any, questions: Sequence[str], titles: Sequence[str], texts: Sequence[str], longest: int
) -> Pairs:
    """Tokenize questions with their passages, the headline in front; a passage is cut at ``longest`` tokens of both."""
    second = [f"{title}\n{text}" if title else text for title, text in zip(titles, texts, strict=True)]
    encoded = tokenizer(
        list(questions),
        second,
        truncation="only_second",
        max_length=longest,
        padding=True,
        return_offsets_mapping=True,
        return_tensors="pt",
    )
    offsets = encoded["offset_mapping"].numpy()
    starts = tuple(len(title) + 1 if title else 0 for title in titles)
    types = encoded["token_type_ids"].numpy()
    is_passage = np.stack(
        [(t == 1) & (o[:, 0] >= s) & (o[:, 1] > o[:, 0]) for t, o, s in zip(types, offsets, starts, strict=True)]
    )
    return Pairs(
        encoded["input_ids"], encoded["attention_mask"], encoded["token_type_ids"], offsets, starts, is_passage
    )
