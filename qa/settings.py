"""All settings, in one frozen value; building one loads nothing.

Each value comes from the first of: an explicit argument, the environment, ``settings.toml`` in the library, the default.
"""

import os
import tomllib
from dataclasses import dataclass, fields, replace
from pathlib import Path

from qa.errors import InputError

DEFAULT_LIBRARY = Path(".qa")
ENVIRONMENT = {"model": "QA_MODEL", "embedder": "QA_EMBEDDER", "threads": "QA_THREADS"}


@dataclass(frozen=True, slots=True)
class Settings:
    """What can be chosen; the comment gives the unit or the reason."""

    model: str = "smollm2-135m"  # this name, a path to a GGUF file, hf:owner/repo/file.gguf, or an http(s) address
    # all-minilm-l6-v2, or a folder that sentence-transformers can load; auto: what made the library, the former for a new one
    embedder: str = "auto"
    embedder_languages: str = ""  # such as "en de", or "all"; empty: what is known of the embedder
    threads: int = 0  # 0: one per core this process may use
    passage_words: int = 110  # MiniLM reads 256 tokens; 110 words with a headline stay under it
    overlap_sentences: int = 1  # so that a sentence and the one that explains it share a passage
    candidates: int = 40  # passages each search brings to the fusion
    context_passages: int = 3  # passages put before the model; each costs about 170 prompt tokens, half a second
    shown_passages: int = 16  # passages listed beside an answer, and searched for a sentence to quote
    context_tokens: int = 2048  # prompt and answer together; smaller where the model has less
    answer_tokens: int = 96  # two or three sentences
    refuse_below: float = 0.5  # probability that the library answers, under which a question is refused
    support_above: float = 0.6  # score of the support check from which a generated sentence is shown
    quoted_fallback: bool = True  # a verbatim sentence where no generated one passes its check
    private_hosts: str = (
        "none"  # hosts, divided by blanks, that may be asked for feeds though not on the public internet
    )

    @property
    def quotes_first(self) -> bool:
        """Whether a quote is shown before the model has replied: the default one seldom says more, but takes its time."""
        return self.quoted_fallback and self.model == type(self)().model


def load_settings(library: Path, **given: str | int | None) -> Settings:
    """Settings for a library; ``given`` arguments that are None count as not given.

    Raises InputError when the file or the environment holds a value that does not parse.
    """
    values: dict[str, object] = {}
    file = library / "settings.toml"
    try:
        values.update(tomllib.loads(file.read_text(encoding="utf-8")) if file.is_file() else {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise InputError(f"{file} cannot be read ({error}); correct or delete it") from error
    for name, variable in ENVIRONMENT.items():
        if os.environ.get(variable):
            values[name] = os.environ[variable]
    values.update({name: value for name, value in given.items() if value is not None})
    return replace(Settings(), **{name: _typed(name, value) for name, value in values.items()})  # type: ignore[arg-type]


def library_path(given: str | os.PathLike[str] | None = None) -> Path:
    """The library's folder: what was given, else QA_LIBRARY, else ``./.qa``."""
    return Path(given or os.environ.get("QA_LIBRARY") or DEFAULT_LIBRARY)


def cache_path() -> Path:
    """Where what can be made again is kept: delete it to have its space back."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "newsdesk"


def usable_cores() -> int:
    """The cores this process may use, which may be fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _typed(name: str, value: object) -> object:
    known = {field.name: field.type for field in fields(Settings)}
    if name not in known:
        raise InputError(f"unknown setting {name!r}; known are {', '.join(sorted(known))}")
    default = getattr(Settings(), name)
    if isinstance(default, bool):
        if isinstance(value, bool):
            return value
    elif isinstance(default, str):
        if isinstance(value, str) and (value or not default):
            return value
    elif not isinstance(value, bool):
        try:
            number = type(default)(value)
        except (TypeError, ValueError, OverflowError):
            pass
        else:
            if number >= 0:
                return number
    raise InputError(f"the setting {name} cannot be {value!r}; give a {type(default).__name__}, such as {default!r}")
