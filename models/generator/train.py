"""Train the generator's adapter: LoRA on every linear layer of SmolLM2-135M-Instruct, in the product's own prompt.

    python -m models.generator.train GROUPS_FOLDER OUT_FOLDER [--groups 2000] [--rank 16] [--rate 4e-4] [--frozen 0]

GROUPS_FOLDER is what examples.py wrote. The questions of a group share their passages, so the passages are read once:
questions and answers stand one after the other behind them, and each sees the passages and itself only. Loss on the
answers. Starts from the quantised weights that users have, dequantised; bfloat16, each block compiled.
"""

import argparse
import json
import random
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from torch.nn.functional import cross_entropy
from transformers import AutoModelForCausalLM
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from models.generator.adapter_file import read_adapter, write_adapter
from models.generator.low_rank import LowRank, warmed_cosine
from qa.answering.choice import DEFAULT, model_file
from qa.answering.generator import LlamaGenerator
from qa.answering.prompt import NOT_SAID, build_messages
from qa.types import Hit

SEED = 0
STEP_TOKENS = 3000  # of groups that make one step
LEAST_ASKED = 6  # questions of a group that is worth reading its passages
LONGEST = 1400  # tokens of one group
UNSEEN = -30_000.0  # added to the score of what may not be seen
ALIGNED = 128  # a sequence is filled up to a multiple of it, so that memory of the same sizes is asked for again


def load_groups(file: Path, most: int) -> list[dict]:
    """Groups as examples.py wrote them, in its random order."""
    groups = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return [group for group in groups if len(group["asked"]) >= LEAST_ASKED][:most]


def tokenized(group: dict, generator: LlamaGenerator) -> dict | None:
    """The tokens of a group: the prefix that all its prompts share, and for each question the rest and the answer."""
    hits = [
        Hit(str(n), p["title"], p["date"], None, None, p["text"], 0, len(p["text"]), 0.0, n)
        for n, p in enumerate(group["passages"])
    ]
    prompts, replies = [], []
    for question in group["asked"]:
        messages, used = build_messages(question["question"], hits, 2000, generator.count_tokens)
        if len(used) < len(hits):
            return None
        said = f"{question['answer']} [{question['passage']}]" if question["answer"] else NOT_SAID
        prompts.append(generator.prompt_tokens(messages))
        replies.append([*generator.plain_tokens(said), generator._llama.token_eos()])
    shared = next(
        (i for i, column in enumerate(zip(*prompts, strict=False)) if len(set(column)) > 1),
        min(len(prompt) for prompt in prompts) - 1,
    )
    total = shared + sum(len(p) - shared + len(r) for p, r in zip(prompts, replies, strict=True))
    if total > LONGEST:
        return None
    return {"prefix": prompts[0][:shared], "rests": [p[shared:] for p in prompts], "replies": replies, "total": total}


def packed(group: dict) -> tuple[torch.Tensor, ...]:
    """Ids, positions (1, tokens), mask (1, 1, tokens, tokens), places that predict, what they predict."""
    ids = list(group["prefix"])
    shared = len(ids)
    positions, owner = list(range(shared)), [-1] * shared
    places, labels = [], []
    for number, (rest, reply) in enumerate(zip(group["rests"], group["replies"], strict=True)):
        first = len(ids) + len(rest) - 1
        ids += rest + reply[:-1]
        places += range(first, first + len(reply))
        labels += reply
        positions += range(shared, shared + len(rest) + len(reply) - 1)
        owner += [number] * (len(rest) + len(reply) - 1)
    filling = -len(ids) % ALIGNED
    ids, positions, owner = ids + [0] * filling, positions + [0] * filling, owner + [-2] * filling
    owners = torch.tensor(owner)
    seen = torch.tril(torch.ones(len(ids), len(ids), dtype=torch.bool))
    seen &= (owners[None, :] == -1) | (owners[None, :] == owners[:, None])
    mask = torch.where(seen, 0.0, UNSEEN).bfloat16()
    return torch.tensor([ids]), torch.tensor([positions]), mask[None, None], torch.tensor(places), torch.tensor(labels)


def attention(
    _: torch.nn.Module, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, mask: torch.Tensor, **given: float
) -> tuple[torch.Tensor, None]:
    """Attention in matrix products, which a processor with AMX does faster than torch's fused kernel."""
    batch, heads, length, width = query.shape
    shared = key.shape[1]  # heads that several query heads share
    asked = (query * given["scaling"]).reshape(batch, shared, heads // shared * length, width)
    scores = (asked @ key.transpose(-1, -2)).view(batch, shared, heads // shared, length, length) + mask[:, :, None]
    weights = torch.softmax(scores.float(), -1).to(value.dtype)
    seen = weights.view(batch, shared, heads // shared * length, length) @ value
    return seen.view(batch, heads, length, width).transpose(1, 2).contiguous(), None


def load_model(file: Path) -> torch.nn.Module:
    """The model with the weights of a file, none of them trained, each block compiled."""
    model = AutoModelForCausalLM.from_pretrained(
        str(file.parent), gguf_file=file.name, dtype=torch.float32, local_files_only=True
    )
    ALL_ATTENTION_FUNCTIONS.register("products", attention)
    model.set_attn_implementation("products")
    model.requires_grad_(False).train()
    for block in model.model.layers:
        block.compile(dynamic=True)
    return model


def group_loss(model: torch.nn.Module, group: dict) -> tuple[torch.Tensor, int]:
    """The summed loss over the answers of a group, and the number of their tokens."""
    ids, positions, mask, places, labels = packed(group)
    hidden = model.model(input_ids=ids, position_ids=positions, attention_mask=mask, use_cache=False).last_hidden_state
    return cross_entropy(model.lm_head(hidden[0, places]).float(), labels, reduction="sum"), len(labels)


@torch.no_grad()
def held_out_loss(model: torch.nn.Module, groups: list[dict]) -> float:
    """Mean loss of an answer's token."""
    sums = [group_loss(model, group) for group in groups]
    return sum(float(loss) for loss, _ in sums) / sum(count for _, count in sums)


def steps(groups: list[dict]) -> Iterator[list[dict]]:
    """Groups in their order, about STEP_TOKENS tokens at a time."""
    current: list[dict] = []
    for group in groups:
        current.append(group)
        if sum(g["total"] for g in current) >= STEP_TOKENS:
            yield current
            current = []


def main() -> None:
    """Train one pass, write adapter.gguf and log.json."""
    parser = argparse.ArgumentParser()
    parser.add_argument("groups_folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--groups", type=int, default=2000)
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--rate", type=float, default=4e-4)
    parser.add_argument("--frozen", type=int, default=0, help="blocks from below that stay as they start")
    parser.add_argument("--start", type=Path, help="an adapter to go on from")
    arguments = parser.parse_args()
    random.seed(SEED)
    torch.manual_seed(SEED)
    file = model_file(DEFAULT)
    generator = LlamaGenerator(file, 2048)
    train = [
        g
        for group in load_groups(arguments.groups_folder / "train.jsonl", arguments.groups)
        if (g := tokenized(group, generator))
    ]
    held_out = [
        g for group in load_groups(arguments.groups_folder / "held-out.jsonl", 60) if (g := tokenized(group, generator))
    ]
    model = load_model(file)
    layers = {name: part for name, part in model.model.named_modules() if isinstance(part, torch.nn.Linear)}
    changed = {name for name in layers if int(name.split(".")[1]) >= arguments.frozen}
    adapter = LowRank(layers, arguments.rank, changed)
    model.bfloat16()
    model.model.rotary_emb = type(model.model.rotary_emb)(model.config)  # its angles need more digits than that
    if arguments.start:
        read_adapter(adapter, model.config, arguments.start)
    trained = adapter.parameters()
    planned = list(steps(train))
    print(f"{len(train)} groups, {sum(g['total'] for g in train)} tokens, {len(planned)} steps", flush=True)
    optimizer = torch.optim.AdamW(trained, lr=arguments.rate, weight_decay=0.0, betas=(0.9, 0.98))
    schedule = warmed_cosine(optimizer, len(planned))
    arguments.out.mkdir(parents=True, exist_ok=True)
    log, began, seen = [], time.time(), 0
    adapter.put_in()
    print(f"held out: {held_out_loss(model, held_out):.4f}", flush=True)
    for number, step in enumerate(planned, start=1):
        total = sum(len(reply) for group in step for reply in group["replies"])
        told = 0.0
        for group in step:
            loss, _ = group_loss(model, group)
            (loss / total).backward()
            told += float(loss.detach()) / total
            seen += group["total"]
        adapter.take_gradients()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        adapter.put_in()
        schedule.step()
        if number % 10 == 0:
            print(
                f"step {number}/{len(planned)} loss {told:.3f} {seen / (time.time() - began):.0f} tokens/s", flush=True
            )
        if number % 60 == 0 or number == len(planned):
            log.append(
                {
                    "step": number,
                    "seconds": round(time.time() - began),
                    "held_out_loss": round(held_out_loss(model, held_out), 4),
                }
            )
            print(log[-1], flush=True)
            write_adapter(adapter, model.config, arguments.out / "adapter.gguf")
    settings = {
        "seed": SEED,
        "rank": arguments.rank,
        "rate": arguments.rate,
        "frozen": arguments.frozen,
        "groups": len(train),
        "tokens": seen,
    }
    (arguments.out / "log.json").write_text(json.dumps({**settings, "log": log}, indent=1) + "\n")


if __name__ == "__main__":
    main()
