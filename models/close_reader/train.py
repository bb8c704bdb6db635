"""Train the close reader: low-rank differences to the lower blocks of the default language model, and a head that points.

    python -m models.close_reader.train EXAMPLES CLAIMS OUT [--paragraphs 8000] [--news 8000] [--left-open 4000] [--twisted 1000]
        [--short 0] [--quiz 0] [--names 0] [--marked 4000] [--claims 0] [--rank 32] [--rate 4e-4] [--seed 0] [--start FILE]

EXAMPLES is the folder of models/reader, CLAIMS that of models/support: 55 % of what is drawn of paragraphs and of news have an
answer; of the paragraphs' other questions at most --marked are such as a person wrote to have none. One pass, batches of
questions and of pairs of claims by chance in turn, each block compiled, bfloat16. Writes close_reader.safetensors and log.json.
"""

import argparse
import json
import random
import re
import time
from collections.abc import Mapping
from pathlib import Path

import gguf
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch.nn.functional import cross_entropy
from transformers import LlamaConfig
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from models.close_reader.claims import claim_loss, encoded_claims, evaluate_claims
from models.generator.low_rank import SCALE, LowRank, warmed_cosine
from models.generator.train import attention
from models.reader.train import HEAD_RATE, HELD_OUT, Read, batches, evaluate, load, targets
from qa.answering.choice import DEFAULT, model_file
from qa.answering.close_model import CloseModel, encode_close
from qa.answering.gguf_model import configuration, tokenizer, weights
from qa.answering.pair_model import Pairs
from qa.answering.reader import LONGEST

BLOCKS, CAUSAL = 24, 8  # of 30: those used, and of these the ones that stay as they are and read from left to right
ANSWERED = 0.55  # share of the paragraphs and of the news
HELD_OUT_EACH = 300  # examples, every so many steps
MEASURED_EVERY = 500
_FOR_A_NAME = re.compile(
    r"(?:(?:at|by|from|in|of|to|with) )?(?:who|whom|whose|which|what (?:is|was) the name)\b", re.IGNORECASE
)
CLAIMS_WEIGHT = 0.5  # a claim has a loss of four parts, a question of two


def untrained(reader: gguf.GGUFReader) -> CloseModel:
    """The network with the language model's weights and a head drawn by chance."""
    model = CloseModel(LlamaConfig(**configuration(reader, BLOCKS)), CAUSAL)
    model.load_state_dict(
        {f"model.{name}": torch.tensor(value) for name, value in weights(reader, BLOCKS)}, strict=False
    )
    torch.nn.init.normal_(model.head.weight, std=0.02)
    torch.nn.init.zeros_(model.head.bias)
    return model


def made_trainable(model: CloseModel, rank: int) -> LowRank:
    """Put the network into bfloat16, each block compiled; returns what of it is trained beside the head."""
    layers = {name: part for name, part in model.model.named_modules() if isinstance(part, torch.nn.Linear)}
    layers = {name: part for name, part in layers.items() if int(name.split(".")[1]) >= CAUSAL}
    model.model.requires_grad_(False)
    change = LowRank(layers, rank, set(layers))
    model.model.bfloat16()
    model.model.rotary_emb = type(model.model.rotary_emb)(model.model.config)  # its angles need more digits than that
    ALL_ATTENTION_FUNCTIONS.register("products", attention)
    model.model.set_attn_implementation("products")
    for block in model.model.layers:
        block.compile(dynamic=True)
    return change


def put_back(model: CloseModel, change: LowRank, file: Path) -> None:
    """Go on from what was saved."""
    saved = load_file(file)
    for name, value in model.head.named_parameters():
        rows = saved[f"head.{name}"]
        value.data[: len(rows)] = rows.float()  # those of claims may not have been trained yet
    for name in change.layers:
        change.a[name].data.copy_(saved[f"{name}.a"])
        change.b[name].data.copy_(saved[f"{name}.b"])


def save(model: CloseModel, change: LowRank, file: Path) -> None:
    """Write what was trained, as float16."""
    parts = {f"head.{name}": value for name, value in model.head.state_dict().items()}
    for name in change.layers:
        parts |= {f"{name}.a": change.a[name].data, f"{name}.b": change.b[name].data}
    told = {"blocks": str(BLOCKS), "causal": str(CAUSAL), "scale": str(SCALE)}
    save_file({name: value.half().contiguous() for name, value in parts.items()}, file, told)


def drawn(folder: Path, wanted: Mapping[str, int], rng: random.Random) -> list[dict]:
    """So many examples of each kind; of twisted questions so many pairs."""
    made = []
    for name, file, fits in (("paragraphs", "train", None), ("news", "news", None), ("names", "news", asks_for_a_name)):
        answered, marked, others = [], [], []
        for example in filter(fits, load(folder / f"{file}.jsonl") if wanted[name] else ()):
            (answered if example["answer"] else marked if example.get("marked") else others).append(example)
        left = wanted[name]
        for side, most in ((answered, round(ANSWERED * left)), (marked, wanted["marked"]), (others, left)):
            part = rng.sample(side, min(len(side), most, left))
            made, left = made + part, left - len(part)
    for name in ("left_open", "short", "quiz"):
        examples = load(folder / f"{name.replace('_', '-')}.jsonl") if wanted[name] else []
        made += rng.sample(examples, min(len(examples), wanted[name]))
    twisted = load(folder / "twisted.jsonl")
    pairs = rng.sample(range(0, len(twisted), 2), min(len(twisted) // 2, wanted["twisted"]))
    return made + [one for at in pairs for one in twisted[at : at + 2]]


def asks_for_a_name(example: dict) -> bool:
    """Whether a question of a written article has a name for its answer, or, left open, begins as one that may have."""
    if example["answer"]:
        return example["row"] == "written" and example["text"][example["answer"][0]].isupper()
    return example["row"] == "written" and bool(_FOR_A_NAME.match(example["question"]))


def encoded(coder: Tokenizer, part: list[dict]) -> Pairs:
    """A batch of examples."""
    return encode_close(coder, *([one[key] for one in part] for key in ("question", "title", "text")), LONGEST)


def reading(model: CloseModel, coder: Tokenizer) -> Read:
    """How a network reads a batch of examples: as pairs, with their scores."""

    def read(part: list[dict]) -> tuple[Pairs, torch.Tensor]:
        pairs = encoded(coder, part)
        return pairs, model(pairs.ids, pairs.mask)

    return read


def main() -> None:
    """Train one pass over examples drawn by chance."""
    parser = argparse.ArgumentParser()
    parser.add_argument("examples", type=Path)
    parser.add_argument("claims_folder", type=Path)
    parser.add_argument("out", type=Path)
    for name, count in (
        ("paragraphs", 8000),
        ("news", 8000),
        ("left-open", 4000),
        ("twisted", 1000),
        ("short", 0),
        ("quiz", 0),
        ("names", 0),
        ("marked", 4000),
        ("claims", 0),
    ):
        parser.add_argument(f"--{name}", type=int, default=count)
    parser.add_argument("--rank", type=int, default=32)
    parser.add_argument("--rate", type=float, default=4e-4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--start", type=Path, help="weights to go on from")
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    torch.manual_seed(arguments.seed)
    base = gguf.GGUFReader(model_file(DEFAULT))
    coder, model = tokenizer(base), untrained(base)
    change = made_trainable(model, arguments.rank)
    if arguments.start:
        put_back(model, change, arguments.start)
    examples = drawn(arguments.examples, vars(arguments), rng)
    held_out = {
        name: random.Random(0).sample(load(arguments.examples / f"{name}.jsonl"), HELD_OUT_EACH) for name in HELD_OUT
    }

    claims, claims_held_out = (load(arguments.claims_folder / f"{part}.jsonl") for part in ("train", "held-out"))
    claims = rng.sample(claims, min(len(claims), arguments.claims))

    read = reading(model, coder)
    lengths = [int(encoded(coder, [one]).mask.sum()) for one in examples]
    claim_lengths = [int(encoded_claims(coder, [one]).mask.sum()) for one in claims]
    planned = [(False, batch) for batch in batches(examples, lengths, rng)]
    if claims:
        planned += [(True, batch) for batch in batches(claims, claim_lengths, rng)]
        rng.shuffle(planned)
    slow, fast = change.parameters(), list(model.head.parameters())
    optimizer = torch.optim.AdamW(
        [{"params": slow, "lr": arguments.rate}, {"params": fast, "lr": HEAD_RATE}], weight_decay=0.0, betas=(0.9, 0.98)
    )
    schedule = warmed_cosine(optimizer, len(planned))
    tokens = sum(lengths) + sum(claim_lengths)
    print(f"{len(examples)} examples, {len(claims)} pairs of claims, {tokens} tokens, {len(planned)} steps", flush=True)
    arguments.out.mkdir(parents=True, exist_ok=True)
    log, began, seen = [], time.time(), 0
    change.put_in()
    for number, (claimed, batch) in enumerate(planned, start=1):
        if claimed:
            loss = CLAIMS_WEIGHT * claim_loss(model, coder, [claims[at] for at in batch])
        else:
            part = [examples[at] for at in batch]
            pairs, scores = read(part)
            places = targets(pairs, part)
            loss = sum(cross_entropy(scores[..., side], places[:, side]) for side in (0, 1)) / 2
        loss.backward()
        change.take_gradients()
        torch.nn.utils.clip_grad_norm_([*slow, *fast], 1.0)
        optimizer.step()
        optimizer.zero_grad()
        change.put_in()
        schedule.step()
        seen += sum((claim_lengths if claimed else lengths)[at] for at in batch)
        if number % 10 < 2:
            what = "claims" if claimed else "questions"
            print(
                f"step {number} loss of {what} {loss.item():.3f} {seen / (time.time() - began):.0f} tokens/s",
                flush=True,
            )
        if number % MEASURED_EVERY == 0 or number == len(planned):
            save(model, change, arguments.out / "close_reader.safetensors")
            figures = {name: evaluate(read, part) for name, part in held_out.items()}
            if claims:
                figures["claims"] = evaluate_claims(model, coder, claims_held_out)
            log.append({"step": number, "seconds": round(time.time() - began), **figures})
            print(log[-1], flush=True)
    settings = {name: value for name, value in vars(arguments).items() if not isinstance(value, Path)}
    (arguments.out / "log.json").write_text(json.dumps({**settings, "tokens": seen, "log": log}, indent=1) + "\n")


if __name__ == "__main__":
    main()
