"""Train the claim checker: whether a stretch of an article says what a sentence says.

    python -m models.support.train EXAMPLES_FOLDER READER_WEIGHTS OUT_FOLDER [--epochs 2] [--rate 1e-4]

EXAMPLES_FOLDER is what examples.py wrote. Starts from the reader's weights, which compare a question with a passage word by
word already; the two scores of the first token become the two classes. The word embeddings stay those of
all-MiniLM-L6-v2, so that only the six layers and the head are written (support.safetensors, bfloat16).
"""

import argparse
import json
import random
import time
from pathlib import Path

import torch
from torch.nn.functional import cross_entropy
from transformers import AutoTokenizer

from models.reader.train import SEED, batches, load, optimizer_with_schedule, save, stepped, trainable
from qa.answering.pair_model import LONGEST_CLAIM, PairModel, encode_pairs
from qa.retrieval.embedder import base_folder

KINDS = ("written", "answers", "sentences")


def scores_of(model: PairModel, tokenizer, examples: list[dict]) -> torch.Tensor:
    """Scores of "not said" and "said", shape (batch, 2)."""
    columns = ([e[name] for e in examples] for name in ("claim", "title", "text"))
    encoded = encode_pairs(tokenizer, *columns, longest=LONGEST_CLAIM)
    return model(encoded.ids, encoded.mask, encoded.types)[:, 0]


@torch.no_grad()
def evaluate(model: PairModel, tokenizer, examples: list[dict]) -> dict[str, float]:
    """AUROC by kind, and how often the supported one of a written pair has the higher score."""
    from sklearn.metrics import roc_auc_score

    model.eval()
    examples = sorted(examples, key=lambda example: len(example["text"]))  # a batch is padded to its longest
    logits: list[float] = []
    for first in range(0, len(examples), 32):
        scores = scores_of(model, tokenizer, examples[first : first + 32])
        logits += (scores[:, 1] - scores[:, 0]).tolist()
    model.train()
    figures = {}
    for kind in KINDS:
        of_kind = [(e["supported"], logit) for e, logit in zip(examples, logits, strict=True) if e["kind"] == kind]
        if of_kind:
            figures[kind] = round(float(roc_auc_score(*zip(*of_kind, strict=True))), 4)
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
    texts = [f"{e['claim']} {e['title']} {e['text']}" for e in train]
    lengths = [min(LONGEST_CLAIM, len(ids)) for ids in tokenizer(texts)["input_ids"]]
    steps = arguments.epochs * len(batches(train, lengths, random.Random(0)))
    optimizer, schedule = optimizer_with_schedule(model, arguments.rate, steps)
    arguments.out.mkdir(parents=True, exist_ok=True)
    log, began, step = [], time.time(), 0
    model.train()
    for epoch in range(arguments.epochs):
        for batch in batches(train, lengths, rng):
            part = [train[i] for i in batch]
            loss = cross_entropy(scores_of(model, tokenizer, part), torch.tensor([int(e["supported"]) for e in part]))
            stepped(model, loss, optimizer, schedule)
            step += 1
            if step % 20 == 0:
                print(f"step {step}/{steps} loss {loss.item():.3f} {time.time() - began:.0f}s", flush=True)
        log.append({"epoch": epoch + 1, "seconds": round(time.time() - began), **evaluate(model, tokenizer, held_out)})
        print(log[-1], flush=True)
        save(model, arguments.out / "support.safetensors")
    made = {"seed": SEED, "rate": arguments.rate, "examples": len(train), "epochs": log}
    (arguments.out / "log.json").write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
