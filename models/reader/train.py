"""Train the reader: MiniLM with a head that points at the start and end of an answer, or at nothing.

    python -m models.reader.train EXAMPLES_FOLDER OUT_FOLDER [--epochs 2] [--rate 2e-4] [--paragraphs N]
        [--news N] [--twisted N] [--left-open TIMES] [--start WEIGHTS] [--bfloat16]

The folder holds what examples.py, news.py, twisted.py and left_open.py wrote. Starts from all-MiniLM-L6-v2, whose word embeddings stay
as they are, so that only the six layers and the head are written (reader.safetensors, bfloat16). No answer is the span at the
first token, as in Devlin et al. 2019 for SQuAD 2.0.
"""

import argparse
import json
import random
import time
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch.nn.functional import cross_entropy
from transformers import AutoTokenizer

from qa.answering.pair_model import PairModel, Pairs, encode_pairs
from qa.answering.reader import LONGEST
from qa.retrieval.embedder import base_folder

BATCH_TOKENS = 6144
SEED = 0
HEAD_RATE = 1e-3
Read = Callable[[list[dict]], tuple[Pairs, torch.Tensor]]
HELD_OUT = ("held-out", *(f"{kind}-held-out" for kind in ("news", "written", "twisted", "left-open", "short", "quiz")))


def load(file: Path) -> list[dict]:
    """Examples as examples.py wrote them."""
    with file.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def batches(examples: list[dict], lengths: list[int], rng: random.Random) -> list[list[int]]:
    """Index lists of similar length with about BATCH_TOKENS tokens each, in random order."""
    order = sorted(range(len(examples)), key=lambda i: lengths[i] + rng.random() * 16)
    made, current = [], []
    for i in order:
        if current and (len(current) + 1) * lengths[i] > BATCH_TOKENS:
            made.append(current)
            current = []
        current.append(i)
    made.append(current)
    rng.shuffle(made)
    return made


def trainable(start: Path | None) -> PairModel:
    """The encoder with a fresh head, or with weights to go on from; the word embeddings stay as they are."""
    model = PairModel.from_base(base_folder())
    if start:
        model.load_state_dict({name: value.float() for name, value in load_file(start).items()}, strict=False)
    for parameter in model.encoder.embeddings.parameters():
        parameter.requires_grad = False
    for layer in model.encoder.encoder.layer:
        layer.attention.self.dropout.p = 0.0  # drawing so many random numbers took a third of a step on two cores
    return model


def optimizer_with_schedule(
    model: PairModel, rate: float, steps: int
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    """AdamW, the head at its own rate, and a one-cycle schedule over so many steps."""
    head = [p for n, p in model.named_parameters() if n.startswith("head")]
    body = [p for n, p in model.named_parameters() if not n.startswith("head") and p.requires_grad]
    optimizer = torch.optim.AdamW([{"params": body, "lr": rate}, {"params": head, "lr": HEAD_RATE}], weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, [rate, HEAD_RATE], total_steps=steps + 50, pct_start=0.08, anneal_strategy="linear"
    )
    return optimizer, schedule


def stepped(
    model: PairModel,
    loss: torch.Tensor,
    optimizer: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
) -> None:
    """One step down a loss."""
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    schedule.step()


def save(model: PairModel, file: Path) -> None:
    """Write what was trained, in bfloat16."""
    weights = {
        k: v.to(torch.bfloat16).contiguous() for k, v in model.state_dict().items() if ".embeddings." not in f".{k}"
    }
    save_file(weights, file)


def targets(encoded, examples: list[dict]) -> torch.Tensor:
    """Token positions of start and end, shape (batch, 2); (0, 0) where there is no answer."""
    rows = []
    for i, example in enumerate(examples):
        place = (0, 0)
        if example["answer"]:
            start, end = (at + encoded.passage_starts[i] for at in example["answer"])
            tokens = [
                t
                for t, (a, b) in enumerate(encoded.offsets[i])
                if encoded.is_passage[i][t] and a < end and b > start and b > a
            ]
            place = (tokens[0], tokens[-1]) if tokens else place
        rows.append(place)
    return torch.tensor(rows)


def reading(model: PairModel, tokenizer) -> Read:
    """How a network reads a batch of examples: as pairs, with their scores."""

    def read(part: list[dict]) -> tuple[Pairs, torch.Tensor]:
        encoded = encode_pairs(
            tokenizer, *([one[key] for one in part] for key in ("question", "title", "text")), LONGEST
        )
        return encoded, model(encoded.ids, encoded.mask, encoded.types)

    return read


@torch.no_grad()
def evaluate(read: Read, examples: list[dict]) -> dict[str, float]:
    """Span F1 where there is an answer, and how well the score tells answered from unanswered (AUROC)."""
    overlap, margins, labels = [], [], []
    examples = sorted(examples, key=lambda example: len(example["text"]))  # a batch is padded to its longest
    for first in range(0, len(examples), 32):
        part = examples[first : first + 32]
        encoded, scores = read(part)
        for i, example in enumerate(part):
            best = encoded.best_spans(i, scores[i], 1)[0]
            margins.append(best.margin)
            labels.append(example["answer"] is not None)
            if example["answer"]:
                a, b = example["answer"]
                gold = set(range(a, b))
                found = set(range(best.start, best.end))
                overlap.append(2 * len(gold & found) / (len(gold) + len(found)) if gold & found else 0.0)
    from sklearn.metrics import roc_auc_score

    return {
        "character_f1": round(sum(overlap) / len(overlap), 4),
        "auroc": round(float(roc_auc_score(labels, margins)), 4),
    }


def main() -> None:
    """Train, evaluate on what is held out after each epoch, keep the best epoch by the sum of all figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("examples", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--rate", type=float, default=2e-4)
    parser.add_argument("--paragraphs", type=int, help="examples of the open sets, drawn by chance; all where left out")
    parser.add_argument("--news", type=int, help="examples of news, likewise")
    parser.add_argument(
        "--twisted", type=int, default=0, help="pairs of a question and its twist, likewise; none at first"
    )
    parser.add_argument("--left-open", type=int, default=0, help="how often those examples are read in an epoch")
    parser.add_argument("--start", type=Path, help="weights to go on from")
    parser.add_argument("--bfloat16", action="store_true", help="faster where the processor has units for it")
    arguments = parser.parse_args()
    torch.manual_seed(SEED)
    rng = random.Random(SEED)
    tokenizer = AutoTokenizer.from_pretrained(base_folder())
    model = trainable(arguments.start)
    paragraphs, news = (load(arguments.examples / f"{name}.jsonl") for name in ("train", "news"))
    train = rng.sample(paragraphs, arguments.paragraphs or len(paragraphs))
    train += rng.sample(news, arguments.news or len(news))
    if arguments.twisted:
        twisted = load(arguments.examples / "twisted.jsonl")
        train += [one for i in rng.sample(range(0, len(twisted), 2), arguments.twisted) for one in twisted[i : i + 2]]
    train += load(arguments.examples / "left-open.jsonl") * arguments.left_open
    held_out = {name: load(arguments.examples / f"{name}.jsonl") for name in HELD_OUT}
    lengths = [
        min(LONGEST, len(ids))
        for ids in tokenizer([f"{e['question']} {e['title']} {e['text']}" for e in train])["input_ids"]
    ]
    steps = arguments.epochs * len(batches(train, lengths, random.Random(0)))
    optimizer, schedule = optimizer_with_schedule(model, arguments.rate, steps)
    arguments.out.mkdir(parents=True, exist_ok=True)
    log, best, began = [], 0.0, time.time()
    read = reading(model, tokenizer)

    def measured() -> dict[str, dict[str, float]]:
        model.eval()
        figures = {name: evaluate(read, examples) for name, examples in held_out.items()}
        model.train()
        return figures

    if arguments.start:
        log.append({"epoch": 0, **measured()})
        print(log[-1], flush=True)
    model.train()
    step = 0
    for epoch in range(arguments.epochs):
        for batch in batches(train, lengths, rng):
            part = [train[i] for i in batch]
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=arguments.bfloat16):
                encoded, scores = read(part)
            places = targets(encoded, part)
            loss = sum(cross_entropy(scores[..., side].float(), places[:, side]) for side in (0, 1)) / 2
            stepped(model, loss, optimizer, schedule)
            step += 1
            if step % 20 == 0:
                print(f"step {step}/{steps} loss {loss.item():.3f} {time.time() - began:.0f}s", flush=True)
        found = measured()
        log.append({"epoch": epoch + 1, "seconds": round(time.time() - began), **found})
        print(log[-1], flush=True)
        total = sum(value for figures in found.values() for value in figures.values())
        if total > best:
            best = total
            save(model, arguments.out / "reader.safetensors")
    (arguments.out / "log.json").write_text(
        json.dumps({"seed": SEED, "rate": arguments.rate, "epochs": log}, indent=1) + "\n"
    )


if __name__ == "__main__":
    main()
