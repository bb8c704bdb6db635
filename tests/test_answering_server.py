"""A generator behind an address, against a real server on this machine."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from qa.answering.server import ServerGenerator
from qa.errors import ModelError
from qa.types import Message

QUESTION = [Message("system", "Be brief."), Message("user", "How much?")]
KEY = "canary-key-8841"


def event(content: str | None, finish: str | None = None) -> bytes:
    """One event of a reply."""
    return (
        b"data: "
        + json.dumps({"choices": [{"delta": {"content": content}, "finish_reason": finish}]}).encode()
        + b"\n\n"
    )


GOOD = (
    b": a comment\n\n",
    event(None),
    event("48 "),
    event("million"),
    event("", "stop"),
    b"data: [DONE]\n\n",
    event("too late"),
)


class QuietServer(ThreadingHTTPServer):
    """A client that leaves in the middle is what some tests are about."""

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing."""


class ModelServer:
    """Serves what a test sets, and remembers what it was sent."""

    def __init__(self) -> None:
        self.events: tuple[bytes, ...] = GOOD
        self.status = 200
        self.models: object = {"data": [{"id": "first-model"}, {"id": "second-model"}]}
        self.drop = False
        self.requests: list[tuple[str, str | None, dict[str, object]]] = []
        self.disconnected = False
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                """The list of models."""
                body = json.dumps(outer.models).encode()
                self.send_response(200 if outer.models else 404)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self) -> None:
                """A reply in chunks."""
                sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.requests.append((self.path, self.headers.get("Authorization"), sent))
                self.send_response(outer.status)
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                for data in outer.events:
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
                if outer.drop:
                    self.close_connection = True
                else:
                    self.wfile.write(b"0\r\n\r\n")

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self.server = QuietServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}/v1"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelServer]:
    """A server that runs while a test does; no proxy stands between."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "QA_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    model_server = ModelServer()
    thread = Thread(target=model_server.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield model_server
    model_server.server.shutdown()
    model_server.server.server_close()
    thread.join()


def reply(address: str) -> str:
    """The whole reply."""
    return "".join(ServerGenerator(address, 2048).stream(QUESTION, 96))


def failure(address: str) -> str:
    """The message of the error."""
    with pytest.raises(ModelError) as caught:
        reply(address)
    assert str(caught.value).count("\n") == 0
    assert "; " in str(caught.value)
    return str(caught.value)


def test_the_pieces_of_a_reply_are_its_text(server: ModelServer) -> None:
    """Comments and empty pieces say nothing; what follows the end is not read."""
    assert reply(server.address) == "48 million"
    assert server.requests == [
        ("/v1/chat/completions", None, {
            "model": "first-model", "stream": True, "temperature": 0, "max_tokens": 96,
            "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "How much?"}],
        })
    ]  # fmt: skip


def test_a_name_behind_the_address_is_the_model_asked_for(server: ModelServer) -> None:
    """Else it is the first that the server offers; blanks and slashes at the end of an address do not matter."""
    assert ServerGenerator(server.address, 2048).name == "first-model"
    server.models = None
    for address in (f"{server.address}#mine", f"{server.address}/#mine"):
        assert ServerGenerator(address, 2048).name == "mine"
        assert reply(address) == "48 million"
    assert {sent["model"] for _, _, sent in server.requests} == {"mine"}


def test_a_reply_without_the_last_line_is_whole_if_it_says_that_it_is(server: ModelServer) -> None:
    """Some servers leave it out."""
    server.events = (event("48"), event(None, "stop"))
    assert reply(server.address) == "48"


@pytest.mark.parametrize("models", [None, {}, {"data": []}, [], "models"])
def test_a_server_without_a_list_of_models_is_an_error(server: ModelServer, models: object) -> None:
    """Unless the model is named."""
    server.models = models
    assert server.address in failure(server.address)
    assert reply(f"{server.address}#mine") == "48 million"


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503])
def test_a_refused_request_is_an_error_with_its_status(server: ModelServer, status: int) -> None:
    """In one line."""
    server.status = status
    assert str(status) in failure(server.address)


@pytest.mark.parametrize(
    "data",
    [
        b"data: {broken\n\n",
        b"data: 5\n\n",
        b'data: {"choices": 5}\n\n',
        b'data: {"choices": [5]}\n\n',
        b"data: \xff\n\n",
    ],
)
def test_an_event_that_is_none_is_an_error(server: ModelServer, data: bytes) -> None:
    """Never a part of an answer, and never silence."""
    server.events = (event("48"), data)
    failure(server.address)


def test_an_error_that_the_server_reports_in_the_stream_is_told(server: ModelServer) -> None:
    """In its words."""
    server.events = (event("48"), b'data: {"error": {"message": "out of memory"}}\n\n')
    assert "out of memory" in failure(server.address)


@pytest.mark.parametrize("drop", [True, False])
def test_a_reply_that_breaks_off_is_an_error(server: ModelServer, drop: bool) -> None:
    """Whether the connection drops or the reply just has no end; what came before has been given."""
    server.drop, server.events = drop, (event("48 "),)
    stream = ServerGenerator(server.address, 2048).stream(QUESTION, 96)
    assert next(stream) == "48 "
    with pytest.raises(ModelError):
        next(stream)


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:9/v1", "http://[broken/v1#m", "http://", "https://#m", "http://nowhere.invalid/v1#m"]
)
def test_an_address_where_nobody_answers_is_an_error(address: str, server: ModelServer) -> None:
    """Or one that is none."""
    assert "--model" in failure(address)


def test_the_key_is_sent_and_never_told(server: ModelServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not in any message, nor in what is printed of the object."""
    monkeypatch.setenv("QA_API_KEY", f" {KEY}\n")
    assert reply(server.address) == "48 million"
    assert server.requests[0][1] == f"Bearer {KEY}"
    server.status = 401
    assert KEY not in failure(server.address)
    assert KEY not in failure("http://127.0.0.1:9/v1")
    assert KEY not in repr(ServerGenerator(server.address, 2048))


@pytest.mark.parametrize("broken", [f"{KEY}\nX-Other: 1", f"{KEY}\u2026", f"{KEY}\x00"[:-1] + "\x07"])
def test_a_broken_key_is_an_error_that_does_not_tell_it(broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is sent."""
    monkeypatch.setenv("QA_API_KEY", broken)
    with pytest.raises(ModelError) as caught:
        ServerGenerator("http://127.0.0.1:9/v1", 2048)
    assert KEY not in str(caught.value)


def test_closing_the_stream_closes_the_connection(server: ModelServer) -> None:
    """And the next question gets its reply."""
    generator = ServerGenerator(server.address, 2048)
    stream = generator.stream(QUESTION, 96)
    assert next(piece for piece in stream if piece) == "48 "
    stream.close()  # type: ignore[attr-defined]
    assert "".join(generator.stream(QUESTION, 96)) == "48 million"


def test_tokens_are_guessed_upwards() -> None:
    """Three characters for each, and one more."""
    generator = ServerGenerator("http://127.0.0.1:9/v1", 4096)
    assert [generator.count_tokens(text) for text in ("", "abc", "a" * 300)] == [1, 2, 101]
    assert generator.context_size == 4096
