"""The local generator: a GGUF model through llama.cpp, on one thread of its own. The only file that imports llama_cpp."""

import logging
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, cached_property
from itertools import islice, takewhile
from pathlib import Path
from typing import Any

from qa.answering.wording import Marked, ReplyRule
from qa.errors import ModelError
from qa.processor import has_int8_tiles
from qa.settings import usable_cores
from qa.types import Message

_LOG = logging.getLogger(__name__)
_BATCH = 256  # prompt tokens between two looks at whether anybody still waits
_LIKELIEST = 32  # tokens that are put in order first: one of them nearly always fits a rule
_SMALL = 2048  # tokens of context that are opened before the model is asked
_PLACE = "\ue000{}\ue001"  # private-use characters: no template and no token of a vocabulary holds them


class LlamaGenerator:
    """One model, one context, one worker thread: two conversations never share a context.

    Whoever closes the stream stops the model, in the middle of a prompt too.
    """

    def __init__(
        self,
        file: Path,
        context_size: int,
        threads: int = 0,
        name: str | None = None,
        rule: Callable[[Sequence[str]], ReplyRule] = Marked,
    ) -> None:
        """Name a GGUF file; it is loaded with the first question. ``rule`` makes of passages what a reply may say."""
        self._file = file
        self._asked_context = context_size
        self._threads = threads
        self.name = name or file.stem
        self._rule = rule
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="generator")
        self._cancelled = threading.Event()
        self._loading = threading.Lock()

    @property
    def context_size(self) -> int:
        """Tokens that prompt and answer share: what was asked for, or what the model was trained on if that is less."""
        return int(self._llama.n_ctx())

    def count_tokens(self, text: str) -> int:
        """Return the number of tokens of a text."""
        return len(self.plain_tokens(text))

    def stream(self, messages: Sequence[Message], max_tokens: int, passages: Sequence[str] = ()) -> Iterator[str]:
        """Yield pieces of the most likely reply; with passages, of the most likely one that keeps to them.

        Raises ModelError when the model cannot be loaded or fails.
        """
        pieces: queue.Queue[str | Exception | None] = queue.Queue()
        cancelled = threading.Event()
        rule = self._rule(passages) if passages else None
        self._worker.submit(self._generate, list(messages), max_tokens, rule, pieces, cancelled)
        try:
            while (piece := pieces.get()) is not None:
                if isinstance(piece, ModelError):
                    raise piece
                if isinstance(piece, Exception):
                    raise ModelError(f"the model {self.name} failed ({piece}); ask again, or run: qa doctor") from piece
                yield piece
        finally:
            cancelled.set()

    def _generate(
        self,
        messages: list[Message],
        max_tokens: int,
        rule: ReplyRule | None,
        pieces: "queue.Queue[str | Exception | None]",
        cancelled: threading.Event,
    ) -> None:
        """On the worker thread: put pieces into the queue, then None, or the error."""
        self._cancelled = cancelled
        try:
            if not cancelled.is_set():
                for piece in self._pieces(self.prompt_tokens(messages), max_tokens, rule):
                    if cancelled.is_set():
                        break
                    pieces.put(piece)
            pieces.put(None)
        except Exception as error:
            if "_loaded" in vars(self):  # after a failed or aborted prompt the context is no prefix of anything
                self._llama.reset()
            pieces.put(None if cancelled.is_set() else error)

    def _pieces(self, tokens: list[int], max_tokens: int, rule: ReplyRule | None) -> Iterator[str]:
        """Decoded text as soon as it is whole characters, greedily: the same prompt gives the same reply."""
        room = self.context_size - len(tokens)
        if room < 1:
            raise ModelError(
                f"a prompt of {len(tokens)} tokens does not fit the {self.context_size} of {self.name}; ask less at once"
            )
        said, given = b"", 0
        kept_to = self._processors(tokens, rule) if rule else None
        reply = self._llama.generate(tokens, temp=0.0, top_k=1, repeat_penalty=1.0, logits_processor=kept_to)
        for token in takewhile(lambda token: not self._ends(token), islice(reply, min(max_tokens, room))):
            said += self._llama.detokenize([token])
            text = said.decode("utf-8", errors="ignore")
            if len(text) > given:
                yield text[given:]
                given = len(text)

    def _processors(self, prompt: list[int], rule: ReplyRule) -> Any:
        """What leaves, of all tokens that may come next, the likeliest that the rule allows; the end where it allows none."""
        import llama_cpp
        import numpy as np

        def leave_one(ids: Any, logits: Any) -> Any:
            said, seen = self._llama.detokenize(ids[len(prompt) :].tolist()), list[int]()

            def longer() -> Iterator[str | None]:
                for token in _likeliest_first(logits):
                    piece = b"" if (ends := self._ends(token)) else self._llama.detokenize([token])
                    if ends or piece:  # others are control tokens
                        seen.append(token)
                        yield None if ends else (said + piece).decode("utf-8", errors="surrogateescape")

            chosen = rule.choose(said.decode("utf-8", errors="surrogateescape"), longer())
            left = np.full_like(logits, -np.inf)
            left[self._llama.token_eos() if chosen is None else seen[chosen]] = 0.0
            return left

        return llama_cpp.LogitsProcessorList([leave_one])

    def _ends(self, token: int) -> bool:
        """Whether a token ends the reply."""
        import llama_cpp

        return bool(llama_cpp.llama_vocab_is_eog(llama_cpp.llama_model_get_vocab(self._llama.model), token))

    def prompt_tokens(self, messages: Sequence[Message]) -> list[int]:
        """The model's own chat template as tokens; only the template's text may become special tokens.

        The contents, which come from articles and people, are tokenized as plain text, whatever they look like.
        """
        places = [_PLACE.format(number) for number in range(len(messages))]
        rendered = self._template([{"role": m.role, "content": p} for m, p in zip(messages, places, strict=True)])
        tokens: list[int] = []
        for place, message in zip(places, messages, strict=True):
            before, found, rendered = rendered.partition(place)
            if not found:
                raise ModelError(f"the chat template of {self.name} leaves a message out; use another model")
            tokens += self._llama.tokenize(before.encode(), add_bos=False, special=True)
            tokens += self.plain_tokens(message.content)
        return tokens + list(self._llama.tokenize(rendered.encode(), add_bos=False, special=True))

    def plain_tokens(self, text: str) -> list[int]:
        """A text as tokens, none of which is special."""
        return list(self._llama.tokenize(text.encode("utf-8", errors="replace"), add_bos=False, special=False))

    def _template(self, messages: list[dict[str, str]]) -> str:
        from llama_cpp.llama_chat_format import Jinja2ChatFormatter

        metadata = self._llama.metadata
        template = metadata.get("tokenizer.chat_template")
        if not template:
            raise ModelError(f"{self._file} has no chat template; use an instruct or chat model")
        pieces = {
            key: self._llama.detokenize([int(metadata[f"tokenizer.ggml.{key}_token_id"])], special=True).decode()
            if f"tokenizer.ggml.{key}_token_id" in metadata
            else ""
            for key in ("bos", "eos")
        }
        formatter: Any = Jinja2ChatFormatter(template, eos_token=pieces["eos"], bos_token=pieces["bos"])
        try:
            return str(formatter(messages=messages).prompt)
        except Exception as error:  # templates are programs; some refuse a system message
            merged = [{"role": "user", "content": "\n\n".join(m["content"] for m in messages)}]
            if len(messages) == 1:
                raise ModelError(f"the chat template of {self.name} failed ({error}); use another model") from error
            return str(formatter(messages=merged).prompt)

    @property
    def _llama(self) -> Any:
        with self._loading:
            return self._loaded

    @cached_property
    def _loaded(self) -> Any:
        try:
            import llama_cpp
        except ImportError as error:
            raise ModelError("llama-cpp-python is not installed; run: pip install llama-cpp-python") from error
        if not self._file.is_file():
            raise ModelError(f"there is no model file {self._file}; check --model")
        with self._file.open("rb") as file:
            if file.read(4) != b"GGUF":
                raise ModelError(f"{self._file} is not a GGUF model; give another file with --model")
        _silence(llama_cpp)
        # A context costs memory at once: a large one is opened only when the model has said how much it can use.
        opened = min(self._asked_context, _SMALL)
        llama = self._opened(llama_cpp, opened)
        metadata = llama.metadata
        trained = int(metadata.get(f"{metadata.get('general.architecture')}.context_length", self._asked_context))
        if (most := min(self._asked_context, trained)) != opened:
            llama = self._opened(llama_cpp, most)
        # llama.cpp asks this between the layers of a prompt: leaving a page frees the model at once.
        self._abort = llama_cpp.ggml_abort_callback(lambda _: self._cancelled.is_set())
        llama_cpp.llama_set_abort_callback(llama.ctx, self._abort, None)
        return llama

    def _opened(self, llama_cpp: Any, context_size: int) -> Any:
        threads = self._threads or usable_cores()
        try:
            return _llama_class(llama_cpp)(
                str(self._file),
                n_ctx=context_size,
                n_batch=_BATCH,
                n_threads=threads,
                n_threads_batch=threads,
                seed=0,
                verbose=False,
            )
        except (ValueError, OSError, RuntimeError) as error:
            raise ModelError(f"{self._file} cannot be loaded ({error}); give another file with --model") from error


def _likeliest_first(logits: Any) -> Iterator[int]:
    """All tokens, of float32 logits of shape (tokens,); most of the time only the first of them are looked at."""
    import numpy as np

    few = np.argpartition(-logits, min(_LIKELIEST, len(logits) - 1))[:_LIKELIEST]
    yield from few[np.argsort(-logits[few], kind="stable")].tolist()
    yield from np.argsort(-logits, kind="stable").tolist()


@cache
def _llama_class(llama_cpp: Any) -> Any:
    """The class of llama.cpp's models here.

    On processors with AMX, llama.cpp lays out quantised weights for its tiles and then crashes in the first prompt, and the
    whole process with it (ggml-org/llama.cpp issue 20824). Weights are left as they are there, for which its class has no
    argument, only the parameters that it gives itself.
    """
    if not has_int8_tiles():
        return llama_cpp.Llama

    class PlainLlama(llama_cpp.Llama):  # type: ignore[misc]  # its types are not followed
        @property
        def model_params(self) -> Any:
            return self._given

        @model_params.setter
        def model_params(self, given: Any) -> None:
            given.use_extra_bufts = False
            self._given = given

    return PlainLlama


@cache
def _silence(llama_cpp: Any) -> Any:
    """Send llama.cpp's own messages to the log: on stderr they would stand between ours. Returns what must stay alive."""
    callback = llama_cpp.llama_log_callback(
        lambda level, text, _: _LOG.debug("%s", text.decode(errors="replace").rstrip())
    )
    llama_cpp.llama_log_set(callback, None)
    return callback
