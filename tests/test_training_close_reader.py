"""What the close reader is trained on, and what is written of it."""

import json
import random
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import LlamaConfig

from models.close_reader.train import asks_for_a_name, drawn, put_back, save
from models.generator.low_rank import LowRank
from qa.answering.close_model import CloseModel

SMALL = LlamaConfig(
    vocab_size=9, hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=2, num_key_value_heads=1
)


def write(file: Path, answered: int, others: int, marked: int = 0) -> None:
    """So many examples, each with a question of its own."""
    rows = [
        {"question": f"{file.stem} {n}", "answer": [0, 1] if n < answered else None} for n in range(answered + others)
    ]
    rows += [{"question": f"{file.stem} marked {n}", "answer": None, "marked": True} for n in range(marked)]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_a_little_more_than_half_of_what_is_drawn_has_an_answer(tmp_path: Path) -> None:
    """55 of 100; all there are where there are fewer, and the others make up for them; a twist comes with its question."""
    kinds = (("news", 10, 300), ("left-open", 3, 3), ("short", 6, 6), ("quiz", 2, 2), ("twisted", 4, 4))
    for name, answered, others in kinds:
        write(tmp_path / f"{name}.jsonl", answered, others)
    write(tmp_path / "train.jsonl", 80, 80, marked=30)
    wanted = {
        "paragraphs": 100,
        "news": 100,
        "left_open": 4,
        "short": 5,
        "quiz": 3,
        "names": 0,
        "twisted": 2,
        "marked": 20,
    }
    found = drawn(tmp_path, wanted, random.Random(0))
    assert len({one["question"] for one in found}) == len(found) == 100 + 100 + 4 + 5 + 3 + 4
    answered = {
        kind: [one["answer"] is not None for one in found if kind in one["question"]] for kind in ("train", "news")
    }
    assert {kind: sum(told) for kind, told in answered.items()} == {"train": 55, "news": 10}
    assert sum("marked" in one["question"] for one in found) == 20
    twists = [int(one["question"].split()[1]) for one in found[-4:]]
    assert twists[0] % 2 == twists[2] % 2 == 0
    assert (twists[1], twists[3]) == (twists[0] + 1, twists[2] + 1)


@pytest.mark.parametrize(
    ("question", "answer", "row", "asks"),
    [
        ("what opened?", [3, 6], "written", True),
        ("Which bath opened?", [7, 13], "written", False),
        ("Which bath closed?", None, "written", True),
        ("at which bath did one slip", None, "written", True),
        ("What did the bath cost?", None, "written", False),
        ("Which bath opened?", [3, 6], "news-3", False),
    ],
)
def test_a_written_question_asks_for_a_name(question: str, answer: list[int] | None, row: str, asks: bool) -> None:
    """Where its answer is one, or, left open, where it begins as if it were."""
    example = {"question": question, "text": "In Ulm opened a bath.", "answer": answer, "row": row}
    assert asks_for_a_name(example) is asks


def test_a_training_goes_on_from_what_was_written(tmp_path: Path) -> None:
    """Head and differences come back as they were, to half precision."""

    def fresh() -> tuple[CloseModel, LowRank]:
        model = CloseModel(SMALL, 0)
        name = "layers.0.mlp.up_proj"
        return model, LowRank({name: model.model.get_submodule(name)}, 2, {name})

    torch.manual_seed(0)
    (model, change), (other, copied) = fresh(), fresh()
    change.b["layers.0.mlp.up_proj"].data.fill_(0.5)
    save(model, change, tmp_path / "out.safetensors")
    assert load_file(tmp_path / "out.safetensors")["head.weight"].dtype == torch.float16
    put_back(other, copied, tmp_path / "out.safetensors")
    assert torch.allclose(other.head.weight, model.head.weight, atol=1e-3)
    for first, second in zip(change.parameters(), copied.parameters(), strict=True):
        assert torch.allclose(first, second, atol=1e-3)


def test_a_training_goes_on_from_a_network_that_knew_no_claims(tmp_path: Path) -> None:
    """Its two scores come back, those of claims are drawn by chance."""
    model = CloseModel(SMALL, 0)
    drawn_by_chance = model.head.weight[2:].clone()
    save_file({"head.weight": torch.ones(2, 8), "head.bias": torch.ones(2)}, tmp_path / "before.safetensors")
    put_back(model, LowRank({}, 2, set()), tmp_path / "before.safetensors")
    assert (model.head.weight[:2] == 1).all()
    assert torch.equal(model.head.weight[2:], drawn_by_chance)
