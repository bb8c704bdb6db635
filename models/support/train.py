"""Train the claim checker: whether a stretch of an article says what a sentence says.

    python -m models.support.train EXAMPLES_FOLDER READER_WEIGHTS OUT_FOLDER [--epochs 2] [--rate 1e-4]

EXAMPLES_FOLDER is what examples.py wrote. Starts from the reader's weights, which compare a question with a passage word by
word already, with a fresh head, whose two scores of each word of the claim are of "not said" and "said". The word embeddings
stay those of all-MiniLM-L6-v2, so that only the six layers and the head are written (support.safetensors, bfloat16).
"""

import argparse
import json
import random
import re
import time
from difflib import SequenceMatcher
from pathlib import Path

import torch
from torch.nn.functional import binary_cross_entropy_with_logits, softplus
from transformers import AutoTokenizer

from models.reader.train import SEED, batches, load, optimizer_with_schedule, save, stepped, trainable
from qa.answering.pair_model import PairModel, Pairs, claim_logits, encode_pairs
from qa.answering.reader import LONGEST_CLAIM
from qa.retrieval.embedder import base_folder

WORD = re.compile(r"\w+")
MOST_CHANGED = 0.5  # share of words in which the two claims of a pair differ, from which they are different sentences
KINDS = ("written", "answers", "sentences")


def encoded_claims(tokenizer, pairs: list[dict]) -> Pairs:
    """Both claims of each pair with their stretch: rows of supported and unsupported ones by turns."""
    claims = [claim for e in pairs for claim in (e["said"], e["unsaid"])]
    titles, texts = ([e[name] for e in pairs for _ in range(2)] for name in ("title", "text"))
    return encode_pairs(tokenizer, claims, titles, texts, LONGEST_CLAIM)


def claim_words(encoded: Pairs) -> torch.Tensor:
    """Which tokens are the claim's, of shape (batch, tokens): those before the first separator."""
    ends = encoded.types.argmax(dim=1)  # where the passage begins, behind the separator
    places = torch.arange(encoded.ids.shape[1])
    return (places > 0) & (places < ends[:, None] - 1)


def unsaid_words(said: str, unsaid: str) -> list[tuple[int, int]]:
    """The stretches of the unsupported claim, in characters, that are not in the supported one at that place."""
    places = [match.span() for match in WORD.finditer(unsaid)]
    one, other = WORD.findall(said), WORD.findall(unsaid)
    blocks = SequenceMatcher(None, one, other, autojunk=False).get_opcodes()
    return [places[at] for what, _, _, first, last in blocks if what != "equal" for at in range(first, last)]


def losses(model: PairModel, tokenizer, pairs: list[dict]) -> torch.Tensor:
    """Of claims, of the two claims of a pair, and of the words in which they differ."""
    encoded = encoded_claims(tokenizer, pairs)
    scores = model(encoded.ids, encoded.mask, encoded.types)
    logits, inside = claim_logits(scores, encoded), claim_words(encoded)
    truth = torch.tensor([1.0, 0.0]).repeat(len(pairs))
    said, unsaid = logits.reshape(-1, 2).unbind(1)
    loss = binary_cross_entropy_with_logits(logits, truth) + softplus(unsaid - said).mean()
    words = scores[..., 1] - scores[..., 0]
    wrong = torch.zeros_like(inside)
    for row, pair in enumerate(pairs):
        places = unsaid_words(pair["said"], pair["unsaid"])
        if len(places) <= MOST_CHANGED * len(WORD.findall(pair["unsaid"])):
            starts, ends = encoded.offsets[2 * row + 1, :, 0], encoded.offsets[2 * row + 1, :, 1]
            for start, end in places:
                wrong[2 * row + 1] |= torch.from_numpy((starts < end) & (ends > start)) & inside[2 * row + 1]
        else:
            inside[2 * row + 1] = False  # another sentence: which of its words are wrong is not known
    right = inside & ~wrong
    return loss + softplus(words[wrong]).mean() + softplus(-words[right]).mean() if wrong.any() else loss


@torch.no_grad()
def evaluate(model: PairModel, tokenizer, pairs: list[dict]) -> dict[str, float]:
    """AUROC by kind, and how often the supported claim of a pair has the higher score."""
    from sklearn.metrics import roc_auc_score

    model.eval()
    figures = {}
    for kind in KINDS:
        of_kind = [e for e in pairs if e["kind"] == kind]
        logits: list[list[float]] = []
        for first in range(0, len(of_kind), 8):
            encoded = encoded_claims(tokenizer, of_kind[first : first + 8])
            scores = model(encoded.ids, encoded.mask, encoded.types)
            logits += claim_logits(scores, encoded).reshape(-1, 2).tolist()
        if logits:
            flat = [logit for pair in logits for logit in pair]
            figures[kind] = round(float(roc_auc_score([1, 0] * len(logits), flat)), 4)
            figures[f"{kind}, pairs"] = round(sum(said > unsaid for said, unsaid in logits) / len(logits), 4)
    model.train()
    return figures


def main() -> None:
    """Train, evaluate on what is held out after each epoch, write the last."""
    parser = argparse.ArgumentParser()
    parser.add_argument("examples", type=Path)
    parser.add_argument("start", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--rate", type=float, default=1e-4)
    arguments = parser.parse_args()
    torch.manual_seed(SEED)
    rng, tokenizer = random.Random(SEED), AutoTokenizer.from_pretrained(base_folder())
    model = trainable(arguments.start)
    torch.nn.init.normal_(model.head.weight, std=0.02)
    torch.nn.init.zeros_(model.head.bias)
    train, held_out = (load(arguments.examples / f"{part}.jsonl") for part in ("train", "held-out"))
    texts = [f"{e['said']} {e['title']} {e['text']}" for e in train]
    lengths = [2 * min(LONGEST_CLAIM, len(ids)) for ids in tokenizer(texts)["input_ids"]]
    steps = arguments.epochs * len(batches(train, lengths, random.Random(0)))
    optimizer, schedule = optimizer_with_schedule(model, arguments.rate, steps)
    arguments.out.mkdir(parents=True, exist_ok=True)
    log, began, step = [], time.time(), 0
    model.train()
    for epoch in range(arguments.epochs):
        for batch in batches(train, lengths, rng):
            loss = losses(model, tokenizer, [train[i] for i in batch])
            stepped(model, loss, optimizer, schedule)
            step += 1
            if step % 20 == 0:
                print(f"step {step}/{steps} loss {loss.item():.3f} {time.time() - began:.0f}s", flush=True)
        log.append({"epoch": epoch + 1, "seconds": round(time.time() - began), **evaluate(model, tokenizer, held_out)})
        print(log[-1], flush=True)
        save(model, arguments.out / "support.safetensors")
    made = {"seed": SEED, "rate": arguments.rate, "pairs": len(train), "epochs": log}
    (arguments.out / "log.json").write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
