"""How fast the default model reads a prompt and writes, as its package has it and merged with the adapter.

    .venv/bin/python benchmarks/generator.py [ROUNDS]

Each round measures every form once, in turn, so that what else the machine does touches all of them alike. Writes the
medians to benchmarks/generator.md.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

from qa.answering.choice import ADAPTER_SHA256, DEFAULT, model_file
from qa.answering.generator import LlamaGenerator
from qa.answering.merging import write_merged
from qa.types import Message
from qa.weights import own_weights

WRITTEN = 48  # tokens
SENTENCE = "The ferry left the harbour at {} and came back with {} passengers in the evening. "


def measure(generator: LlamaGenerator, number: int) -> tuple[float, float]:
    """Tokens read and tokens written a second; no prompt begins like another, so that nothing is reused."""
    text = "".join(SENTENCE.format(number * 100 + i, i) for i in range(24))
    messages = [Message("user", f"{number} {text}\n\nTell the story of the harbour at length.")]
    tokens = len(generator.prompt_tokens(messages))
    began = time.perf_counter()
    times = [time.perf_counter() for _ in generator.stream(messages, WRITTEN)]
    return tokens / (times[0] - began), (len(times) - 1) / max(times[-1] - times[0], 1e-9)


def main() -> None:
    """Measure, print and keep the table."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    base, adapter = model_file(DEFAULT), own_weights("generator/adapter.gguf", ADAPTER_SHA256)
    with tempfile.TemporaryDirectory() as folder:
        files = {}
        for quantization in ("Q8_0", "BF16"):
            files[quantization] = Path(folder) / f"{quantization}.gguf"
            write_merged(base, adapter, quantization, files[quantization])
        forms = {
            "Q4_1, as its package has it": LlamaGenerator(base, 2048),
            **{f"{name}, with the adapter": LlamaGenerator(file, 2048) for name, file in files.items()},
        }
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in forms}
        for number in range(rounds + 1):
            for name, generator in forms.items():
                speeds = measure(generator, number)
                found[name] += [speeds] if number else []  # the first one loads
    first = [statistics.median(column) for column in zip(*next(iter(found.values())), strict=True)]
    lines = ["| form | reads, tokens/s | writes, tokens/s | times the first |", "|---|---|---|---|"]
    for name, speeds in found.items():
        read, wrote = (statistics.median(column) for column in zip(*speeds, strict=True))
        lines.append(f"| {name} | {read:.0f} | {wrote:.0f} | {read / first[0]:.2f}, {wrote / first[1]:.2f} |")
    table = "\n".join(lines)
    Path(__file__).with_suffix(".md").write_text(
        f"# Speed of the default generator\n\nMade by `benchmarks/generator.py`: medians of {rounds} rounds, "
        f"all forms in turn.\n\n{table}\n",
        encoding="utf-8",
    )
    print(table)


if __name__ == "__main__":
    main()
