"""Ask Newsdesk and its peers the same questions on the same machine, in turn: ``make peers DATA=folder``.

    .venv/bin/python benchmarks/peers/run.py --data FOLDER [--work FOLDER] [--corpus realtimeqa|seeds] [--only NAME ...]

Each peer gets a virtual environment of its own in the work folder, with the versions of requirements/NAME.txt. All of
them index, one after the other; then each answers some questions in turn, so that what else the machine does touches
all of them alike. What was answered is kept: an interrupted run goes on where it stopped, but indexes again. The
figures go to results.md beside this file, the answers stay in the work folder.
"""

import argparse
import ctypes
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import IO

import corpora
import llama_cpp
import psutil
from corpora import Corpus
from protocol import read_lines
from scoring import Run, complete, deviations, table

from qa.answering.choice import DEFAULT, model_file
from qa.processor import has_int8_tiles
from qa.retrieval.embedder import base_folder
from qa.weights import file_sha256

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
RESULTS = HERE / "results.md"
# A script may not be named like the package it imports.
SCRIPTS = {
    "newsdesk": "newsdesk.py",
    "baseline": "baseline.py",
    "llamaindex": "peer_llamaindex.py",
    "langchain": "peer_langchain.py",
    "txtai": "peer_txtai.py",
    "haystack": "peer_haystack.py",
}
ENVIRONMENT = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "HAYSTACK_TELEMETRY_ENABLED": "False",
    "LANGSMITH_TRACING": "false",
    "PYTHONPATH": str(ROOT),  # for newsdesk.py where the project is not installed
}


class Started:
    """A running peer script, which answers when it is told to."""

    def __init__(self, name: str, python: Path, files: Sequence[Path], model: Path, embedder: Path) -> None:
        """Start the script; its chatter goes to a log beside its answers."""
        self.name, self.log = name, files[-1].with_suffix(".log")
        command = [
            *map(str, [python, HERE / SCRIPTS[name], *files]),
            "--model",
            str(model),
            "--embedder",
            str(embedder),
        ]
        environment = {**os.environ, **ENVIRONMENT}
        if name != "newsdesk":
            del environment["PYTHONPATH"]
        with self.log.open("w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [*command, "--turns"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment,
                text=True,
            )
        self.left = self._heard()

    def answer(self, count: int) -> None:
        """Let it answer that many questions, and wait."""
        try:
            print(count, file=_open(self.process.stdin), flush=True)
        except BrokenPipeError:
            pass  # what it has said last tells why
        self.left = self._heard()

    def stop(self) -> None:
        """End the script where it still runs; what it has answered is written."""
        _open(self.process.stdin).close()
        self.process.terminate()
        self.process.wait()

    def _heard(self) -> int:
        """How many questions are left; a script that failed is out, the others go on."""
        said = _open(self.process.stdout).readline().split()
        if said[:1] == ["ready"]:
            return int(said[1])
        print(f"{self.name} failed with {self.process.wait()}; see {self.log}", file=sys.stderr)
        return 0


def _open(stream: IO[str] | None) -> IO[str]:
    assert stream is not None
    return stream


def environment_of(name: str, work: Path) -> Path:
    """The Python of a peer's virtual environment, made when it is not there or its requirements have changed."""
    if name == "newsdesk":
        return Path(sys.executable)
    folder, requirements = work / "venvs" / name, HERE / "requirements" / f"{name}.txt"
    python, stamp = folder / "bin" / "python", folder / "installed.txt"
    wanted = requirements.read_text(encoding="utf-8")
    if not stamp.is_file() or stamp.read_text(encoding="utf-8") != wanted:
        print(f"installing {name}", file=sys.stderr)
        venv.create(folder, with_pip=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        # torch first: what depends on it must not choose another build.
        torch = next(line for line in wanted.splitlines() if line.startswith("torch=="))
        subprocess.run([*pip, torch], check=True)
        subprocess.run([*pip, "--requirement", str(requirements)], check=True)
        stamp.write_text(wanted, encoding="utf-8")
    return python


def fast_model(work: Path) -> Path:
    """The default model as Q8_0, made from its Q4_1 without another loss worth naming; as bfloat16 on processors with AMX.

    Its package has Q4_1, which is read half as fast; Newsdesk stores its merged model in a faster format, so the others
    get one, too. With AMX, llama.cpp crashes over quantised weights (qa/answering/generator.py).
    """
    name, kind = (
        ("BF16", llama_cpp.LLAMA_FTYPE_MOSTLY_BF16) if has_int8_tiles() else ("Q8_0", llama_cpp.LLAMA_FTYPE_MOSTLY_Q8_0)
    )
    file = work / f"model.{name}.gguf"
    if not file.is_file():
        part = file.with_suffix(".part")
        silence = llama_cpp.llama_log_callback(lambda *_: None)  # it tells of each of its 272 tensors
        llama_cpp.llama_log_set(silence, ctypes.c_void_p(0))
        settings = llama_cpp.llama_model_quantize_default_params()
        settings.ftype, settings.allow_requantize = kind, True
        code = llama_cpp.llama_model_quantize(
            str(model_file(DEFAULT)).encode(), str(part).encode(), ctypes.byref(settings)
        )
        if code:
            raise SystemExit(f"the model could not be written as {name} to {work} ({code}); make room there")
        part.replace(file)
    return file


def folder_of(corpus: Corpus, work: Path) -> Path:
    """Where the answers to this very corpus are kept, with the files that the peers read."""
    lines = [list(corpus.articles), [asdict(asked) for asked in corpus.questions]]
    digest = hashlib.sha256(json.dumps(lines, sort_keys=True).encode()).hexdigest()[:12]
    folder = work / f"{corpus.name}-{digest}"
    folder.mkdir(parents=True, exist_ok=True)
    # The peers are told neither the answers nor where they stand.
    questions = [{"id": asked.id, "question": asked.question, "date": asked.date} for asked in corpus.questions]
    for name, content in (("corpus", corpus.articles), ("questions", questions)):
        text = "\n".join(json.dumps(line, ensure_ascii=False) for line in content)
        (folder / f"{name}.jsonl").write_text(text, encoding="utf-8")
    return folder


def ask(corpus: Corpus, names: Sequence[str], work: Path, chunk: int) -> None:
    """Let the peers index and answer in turn."""
    folder, started = folder_of(corpus, work), list[Started]()
    try:
        for name in names:
            began = time.perf_counter()
            files = [folder / "corpus.jsonl", folder / "questions.jsonl", answers_of(folder, name)]
            model = model_file(DEFAULT) if name == "newsdesk" else fast_model(work)
            started.append(Started(name, environment_of(name, work), files, model, base_folder()))
            took = time.perf_counter() - began
            print(f"{corpus.name}: {name} is ready after {took:.0f} s, {started[-1].left} to answer", file=sys.stderr)
        while any(peer.left for peer in started):
            for peer in [peer for peer in started if peer.left]:
                peer.answer(chunk)
                print(f"{corpus.name}: {peer.name} has {peer.left} left", file=sys.stderr)
            started.append(started.pop(0))  # another one begins the next round
    finally:
        for peer in started:
            peer.stop()


def answers_of(folder: Path, name: str) -> Path:
    """The file of a peer's answers; what another code, model or version has answered lies in another one."""
    code = [HERE / SCRIPTS[name], HERE / "protocol.py", model_file(DEFAULT)]
    if name == "newsdesk":
        code += sorted((ROOT / "qa").rglob("*.py"))
        code += [
            file for file in sorted((ROOT / "models").glob("*/*")) if file.suffix in (".gguf", ".safetensors", ".json")
        ]
    else:
        code.append(HERE / "requirements" / f"{name}.txt")
    digest = hashlib.sha256("".join(map(file_sha256, code)).encode()).hexdigest()
    return folder / f"{name}-{digest[:12]}.jsonl"


def found(corpus: Corpus, work: Path) -> list[Run]:
    """What all peers have answered."""
    folder = folder_of(corpus, work)
    return [Run(name, read_lines(answers_of(folder, name))) for name in SCRIPTS]


def report(chosen: Sequence[Corpus], work: Path) -> str:
    """The text of results.md."""
    runs = {corpus.name: found(corpus, work) for corpus in chosen}
    every = [run for answered in runs.values() for run in answered]
    machine = (
        f"{os.cpu_count()} processor cores, {psutil.virtual_memory().total / 2**30:.0f} GiB of memory, no GPU used, "
        f"Python {'.'.join(map(str, sys.version_info[:2]))}"
    )
    return "\n".join(
        [
            "# Newsdesk and its peers",
            "",
            "Made by `make peers`; what is measured and how: [README.md](README.md).",
            f"Machine: {machine}. Rates with counts and 95 % Wilson intervals.",
            "",
            *[table(corpus, runs[corpus.name]) for corpus in chosen],
            "## Where the scripts are not what the documentation shows",
            "",
            deviations(every),
            "",
        ]
    )


def default_work() -> Path:
    """A folder outside the repository that outlives a run."""
    return Path(os.environ.get("XDG_CACHE_HOME") or tempfile.gettempdir()) / "newsdesk-peers"


def main() -> None:
    """Read the arguments, ask and write the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, help="folder with eval/realtimeqa-2024.*; --corpus seeds needs none")
    parser.add_argument("--work", type=Path, default=default_work(), help="folder for environments and answers")
    parser.add_argument("--only", nargs="+", choices=list(SCRIPTS), default=list(SCRIPTS), help="peers to run")
    parser.add_argument("--corpus", choices=["realtimeqa", "seeds"], help="one corpus only")
    parser.add_argument("--limit", type=int, help="a trial with so many answerable questions; results.md is left alone")
    parser.add_argument("--articles", type=int, default=corpora.ARTICLES, help="articles of realtimeqa")
    parser.add_argument(
        "--chunk", type=int, default=5, help="questions a peer answers before it is the next one's turn"
    )
    parser.add_argument("--again", action="store_true", help="forget what the chosen peers have answered")
    given = parser.parse_args()
    work = given.work.resolve()
    if work.is_relative_to(ROOT.resolve()):
        parser.error("the work folder holds texts of the data sets and must lie outside the repository")
    if given.data is None and given.corpus != "seeds":
        parser.error("give --data FOLDER, or --corpus seeds")
    names = [given.corpus] if given.corpus else ["realtimeqa", "seeds"]
    chosen = [corpora.make(name, given.data, given.limit, given.articles) for name in names]
    for corpus in chosen:
        if given.again:
            for name in given.only:
                answers_of(folder_of(corpus, work), name).unlink(missing_ok=True)
        ask(corpus, given.only, work, given.chunk)
    text = report(chosen, work)
    whole = given.limit is None and given.corpus is None and given.articles == corpora.ARTICLES
    if whole and all(complete(corpus, found(corpus, work)) for corpus in chosen):
        RESULTS.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
