"""The network of the close reader and texts as it reads them. Imports torch: load it late.

The lower blocks of the default language model with a head that gives every token four scores: of a start and of an end
of the answer to a question, and of a word of a claim that the passage does not say and of one that it does. The lowest
blocks read from left to right, as the language model does; the others were trained to read in both directions
(label-supervised, unmasked adaptation after Li et al. 2023, arXiv:2310.01208), for whether an answer begins at a word
depends on what follows it.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from tokenizers import Tokenizer
from transformers import LlamaConfig, LlamaModel

from qa.answering.pair_model import Pairs
from qa.processor import torch_is_faster_in_bfloat16

QUESTION, CLAIM = "Question: ", "Claim: "
_UNSEEN = -30_000.0  # added to the score of what may not be seen
_ALIGNED = 16  # a batch is filled up to a multiple of it, so that few shapes occur


class CloseModel(torch.nn.Module):  # type: ignore[misc]  # torch is not followed: its own errors are not ours
    """The blocks of a language model, the lowest ``causal`` of which read from left to right, and the head."""

    def __init__(self, config: LlamaConfig, causal: int) -> None:
        """Make the network with weights drawn by chance."""
        super().__init__()
        self.model = LlamaModel(config)
        self.head = torch.nn.Linear(config.hidden_size, 4)
        self.causal = causal

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Scores of shape (batch, tokens, 4) from token ids and attention mask of shape (batch, tokens)."""
        hidden, length = self.model.embed_tokens(ids), ids.shape[1]
        kind = hidden.dtype
        turned = self.model.rotary_emb(hidden, torch.arange(length)[None])
        seen = mask.bool()[:, None, None, :].expand(-1, 1, length, -1)
        both, left = (
            torch.where(part, 0.0, _UNSEEN).to(kind) for part in (seen, seen & torch.ones(length, length).tril().bool())
        )
        for number, block in enumerate(self.model.layers):
            hidden = block(hidden, attention_mask=left if number < self.causal else both, position_embeddings=turned)
        scores: torch.Tensor = self.head(self.model.norm(hidden).float())
        return scores.masked_fill(mask[..., None] == 0, -1e4)


def encode_close(
    tokenizer: Tokenizer,
    asked: Sequence[str],
    titles: Sequence[str],
    texts: Sequence[str],
    longest: int,
    front: str = QUESTION,
) -> Pairs:
    """Tokenize questions, or claims behind another ``front``, with their passages; all is cut at ``longest`` tokens.

    The headline stands between them. The first token is the one that begins a text; its span is "no answer". The ``types``
    are 0 for the words of the question or claim and 1 for all else.
    """
    fronts = [f"{front}{one}\n{title}\n" for one, title in zip(asked, titles, strict=True)]
    whole = [front + text for front, text in zip(fronts, texts, strict=True)]
    encoded = [(e.ids[: longest - 1], e.offsets[: longest - 1]) for e in tokenizer.encode_batch(whole)]
    width = 1 + max(len(ids) for ids, _ in encoded)
    width += -width % _ALIGNED
    shape = (len(whole), width)
    ids, mask, offsets = np.zeros(shape, dtype=int), np.zeros(shape, dtype=int), np.zeros((*shape, 2), dtype=int)
    for row, (text, (tokens, places)) in enumerate(zip(whole, encoded, strict=True)):
        end = 1 + len(tokens)
        ids[row, :end], mask[row, :end] = [1, *tokens], 1
        # A token holds the blank before its word; an answer begins with the word.
        offsets[row, 1:end] = [(b - len(text[a:b].lstrip()), b) for a, b in places]
    starts = tuple(map(len, fronts))
    is_passage = (offsets[..., 0] >= np.array(starts)[:, None]) & (offsets[..., 1] > offsets[..., 0])
    ends = np.array([len(front) + len(one) for one in asked])[:, None]
    is_asked = (offsets[..., 0] >= len(front)) & (offsets[..., 1] <= ends) & (offsets[..., 1] > offsets[..., 0])
    tensors = torch.tensor(ids), torch.tensor(mask), torch.tensor(~is_asked, dtype=torch.long)
    return Pairs(*tensors, offsets, starts, is_passage)


def claim_logits(scores: torch.Tensor, pairs: Pairs) -> torch.Tensor:
    """The logit of "the passage says it" for each claim of a batch, from scores of shape (batch, tokens, 2).

    Each word of the claim has a logit of its own: its score of a word that the passage says, less that of one it does not.
    A smooth minimum over them, since a sentence is wrong where one of its words is: what all words agree on stays as it is.
    """
    words, inside = scores[..., 1] - scores[..., 0], pairs.types == 0
    return -((-words).masked_fill(~inside, -torch.inf).logsumexp(1) - inside.sum(1).log())


def loaded_close_model(file: Path) -> tuple[Tokenizer, CloseModel]:
    """The tokenizer and the network in a file that ``qa/answering/merging.py`` wrote, in the number format that is faster here."""
    kind = torch.bfloat16 if torch_is_faster_in_bfloat16() else torch.float32
    with safe_open(file, "pt") as opened:
        told = opened.metadata()
        weights = {name: opened.get_tensor(name) for name in opened.keys()}
    with torch.device("meta"):
        model = CloseModel(LlamaConfig(**json.loads(told["config"])), int(told["causal"]))
    model.model.rotary_emb = type(model.model.rotary_emb)(model.model.config)  # computed, not stored
    model.load_state_dict(
        {name: value if name.startswith("head.") else value.to(kind) for name, value in weights.items()}, assign=True
    )
    return Tokenizer.from_str(told["tokenizer"]), model.eval()
