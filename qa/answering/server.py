"""A generator behind an OpenAI-compatible address: llama.cpp's server, vLLM, Ollama and others."""

import json
import os
from collections.abc import Iterator, Sequence
from functools import cached_property

import httpx

from qa.errors import ModelError
from qa.types import Message

_TIMEOUT = httpx.Timeout(60.0, connect=5.0)  # seconds without a byte; a slow model still sends something
_FAILURES = (httpx.HTTPError, httpx.InvalidURL, ValueError, LookupError, TypeError, AttributeError)
_CHARACTERS_PER_TOKEN = 3  # fewer than English has, so that a prompt counted by it fits


class ServerGenerator:
    """Chat completions over HTTP; QA_API_KEY is sent where it is set, and never logged or stored."""

    def __init__(self, address: str, context_size: int) -> None:
        """Name the address up to and with ``/v1``; a model's name may follow a ``#``. Raises ModelError for a broken key."""
        place, _, self._asked_model = address.partition("#")
        self._address = place.rstrip("/")
        self.context_size = context_size
        key = os.environ.get("QA_API_KEY", "").strip()
        if not (key.isascii() and key.isprintable()):
            raise ModelError("QA_API_KEY holds characters that no key has; set it again, or unset it")
        self._client = httpx.Client(timeout=_TIMEOUT, headers={"Authorization": f"Bearer {key}"} if key else {})

    @cached_property
    def name(self) -> str:
        """The model's name: what was asked for, else the first that the server offers."""
        if self._asked_model:
            return self._asked_model
        try:
            response = self._client.get(f"{self._address}/models").raise_for_status()
            return str(response.json()["data"][0]["id"])
        except _FAILURES as error:
            raise self._failed(error) from error

    def count_tokens(self, text: str) -> int:
        """Return a cautious guess; the server keeps its tokenizer to itself."""
        return len(text) // _CHARACTERS_PER_TOKEN + 1

    def stream(self, messages: Sequence[Message], max_tokens: int, passages: Sequence[str] = ()) -> Iterator[str]:
        """Yield pieces of the reply; closing the iterator closes the connection, which stops the server's work.

        A server chooses its words itself: nothing keeps it to the passages.
        """
        body = {
            "model": self.name,
            "stream": True,
            "temperature": 0,
            "max_tokens": max_tokens,
            "messages": [{"role": message.role, "content": message.content} for message in messages],
        }
        try:
            with self._client.stream("POST", f"{self._address}/chat/completions", json=body) as response:
                response.raise_for_status()
                yield from _contents(response.iter_lines())
        except _FAILURES as error:
            raise self._failed(error) from error

    def _failed(self, error: Exception) -> ModelError:
        what = " ".join(str(error).split())[:200] or type(error).__name__
        return ModelError(f"the model server {self._address} failed ({what}); check that it runs, and --model")


def _contents(lines: Iterator[str]) -> Iterator[str]:
    """The texts in the events of a reply. Raises ValueError for one that reports an error, or has no end."""
    ended = False
    for line in lines:
        data = line.removeprefix("data:").strip()
        if data == "[DONE]":
            return
        if line.startswith("data:") and data:
            event = json.loads(data)
            if event.get("error"):
                raise ValueError(str(event["error"]))
            for choice in event.get("choices", [])[:1]:
                yield (choice.get("delta") or {}).get("content") or ""
                ended = bool(choice.get("finish_reason"))
    if not ended:
        raise ValueError("the reply broke off")
