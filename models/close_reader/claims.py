"""How the close reader is trained on claims: pairs of a sentence that a stretch of an article supports and one that it does not.

The pairs are those of models/support/examples.py.
"""

import re
from difflib import SequenceMatcher

import torch
from tokenizers import Tokenizer
from torch.nn.functional import binary_cross_entropy_with_logits, softplus

from qa.answering.close_model import CLAIM, CloseModel, claim_logits, encode_close
from qa.answering.pair_model import Pairs
from qa.answering.reader import LONGEST_CLAIM

WORD = re.compile(r"\w+")
MOST_CHANGED = 0.5  # share of words in which the two claims of a pair differ, from which they are different sentences
KINDS = ("written", "answers", "sentences", "twisted", "open")


def encoded_claims(coder: Tokenizer, pairs: list[dict]) -> Pairs:
    """Both claims of each pair with their stretch: rows of supported and unsupported ones by turns."""
    claims = [claim for e in pairs for claim in (e["said"], e["unsaid"])]
    titles, texts = ([e[name] for e in pairs for _ in range(2)] for name in ("title", "text"))
    return encode_close(coder, claims, titles, texts, LONGEST_CLAIM, CLAIM)


def unsaid_words(said: str, unsaid: str) -> list[tuple[int, int]]:
    """The stretches of the unsupported claim, in characters, that are not in the supported one at that place."""
    places = [match.span() for match in WORD.finditer(unsaid)]
    one, other = WORD.findall(said), WORD.findall(unsaid)
    blocks = SequenceMatcher(None, one, other, autojunk=False).get_opcodes()
    return [places[at] for what, _, _, first, last in blocks if what != "equal" for at in range(first, last)]


def claim_loss(model: CloseModel, coder: Tokenizer, pairs: list[dict]) -> torch.Tensor:
    """Of claims, of the two claims of a pair, and of the words in which they differ."""
    encoded = encoded_claims(coder, pairs)
    scores = model(encoded.ids, encoded.mask)[..., 2:]
    logits, inside = claim_logits(scores, encoded), (encoded.types == 0) & (encoded.mask == 1)
    truth = torch.tensor([1.0, 0.0]).repeat(len(pairs))
    said, unsaid = logits.reshape(-1, 2).unbind(1)
    loss = binary_cross_entropy_with_logits(logits, truth) + softplus(unsaid - said).mean()
    words = scores[..., 1] - scores[..., 0]
    wrong = torch.zeros_like(inside)
    for row, pair in enumerate(pairs):
        places = unsaid_words(pair["said"], pair["unsaid"])
        if len(places) <= MOST_CHANGED * len(WORD.findall(pair["unsaid"])):
            starts, ends = (encoded.offsets[2 * row + 1, :, side] - len(CLAIM) for side in (0, 1))
            for start, end in places:
                wrong[2 * row + 1] |= torch.from_numpy((starts < end) & (ends > start)) & inside[2 * row + 1]
        else:
            inside[2 * row + 1] = False  # another sentence: which of its words are wrong is not known
    right = inside & ~wrong
    return loss + softplus(words[wrong]).mean() + softplus(-words[right]).mean() if wrong.any() else loss


@torch.no_grad()
def evaluate_claims(model: CloseModel, coder: Tokenizer, pairs: list[dict]) -> dict[str, float]:
    """AUROC by kind, and how often the supported claim of a pair has the higher score."""
    from sklearn.metrics import roc_auc_score

    figures = {}
    for kind in KINDS:
        of_kind = sorted((e for e in pairs if e["kind"] == kind), key=lambda e: len(e["text"]))
        logits: list[list[float]] = []
        for first in range(0, len(of_kind), 8):
            encoded = encoded_claims(coder, of_kind[first : first + 8])
            scores = model(encoded.ids, encoded.mask)[..., 2:]
            logits += claim_logits(scores, encoded).reshape(-1, 2).tolist()
        if logits:
            flat = [logit for pair in logits for logit in pair]
            figures[kind] = round(float(roc_auc_score([1, 0] * len(logits), flat)), 4)
            figures[f"{kind}, pairs"] = round(sum(said > unsaid for said, unsaid in logits) / len(logits), 4)
    return figures
