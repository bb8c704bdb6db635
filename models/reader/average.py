"""Average the weights of several trainings that went on from one another (model soups, Wortsman et al., ICML 2022).

    python -m models.reader.average EXAMPLES_FOLDER OUT WEIGHTS SHARE WEIGHTS SHARE ...

Prints what the average is worth on what is held out, as train.py does, and writes it.
"""

import sys
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from transformers import AutoTokenizer

from models.reader.train import HELD_OUT, evaluate, load, reading
from qa.answering.pair_model import PairModel
from qa.retrieval.embedder import base_folder


def average(shares: dict[Path, float]) -> dict[str, torch.Tensor]:
    """The weighted mean of files of weights of one shape; the shares add up to 1."""
    loaded = {file: load_file(file) for file in shares}
    names = next(iter(loaded.values()))
    return {name: sum(share * loaded[file][name].float() for file, share in shares.items()) for name in names}


def main() -> None:
    """Read the arguments, measure and write."""
    examples, out, *rest = sys.argv[1:]
    weights = average({Path(file): float(share) for file, share in zip(rest[::2], rest[1::2], strict=True)})
    model = PairModel.from_base(base_folder())
    model.load_state_dict(weights, strict=False)
    read = reading(model.eval(), AutoTokenizer.from_pretrained(base_folder()))
    for name in HELD_OUT:
        print(name, evaluate(read, load(Path(examples) / f"{name}.jsonl")))
    save_file({name: value.to(torch.bfloat16).contiguous() for name, value in weights.items()}, out)


if __name__ == "__main__":
    main()
