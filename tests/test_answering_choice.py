"""Which generator a setting names, and how a file of the hub comes here."""

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from qa.answering.choice import DEFAULT, make_generator, model_file
from qa.answering.generator import LlamaGenerator
from qa.answering.server import ServerGenerator
from qa.errors import InputError, ModelError
from qa.settings import Settings

NAME = "hf:orchard/small-model/weights/small.Q4.gguf"
CONTENT = b"GGUF" + bytes(range(256)) * 100_000  # the hub's client writes ten megabytes at a time


def test_an_address_is_a_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is asked of it yet."""
    monkeypatch.delenv("QA_API_KEY", raising=False)
    for address in ("http://127.0.0.1:9/v1", "https://127.0.0.1:9/v1#name"):
        generator = make_generator(Settings(model=address, context_tokens=777))
        assert isinstance(generator, ServerGenerator)
        assert generator.context_size == 777


def test_a_path_is_a_file(tmp_path: Path) -> None:
    """Its name without suffix is the model's; it is not read yet."""
    file = tmp_path / "tiny.Q8.gguf"
    file.write_bytes(b"GGUF")
    generator = make_generator(Settings(model=str(file)))
    assert isinstance(generator, LlamaGenerator)
    assert generator.name == "tiny.Q8"
    assert model_file(str(file)) == file


def test_the_default_is_the_packaged_model() -> None:
    """By its own name, and the file whose hash is known."""
    assert make_generator(Settings()).name == DEFAULT
    assert model_file(DEFAULT).read_bytes()[:4] == b"GGUF"


def test_a_missing_file_is_an_error_that_says_what_can_be_given(tmp_path: Path) -> None:
    """A folder is no file either."""
    for path in (tmp_path / "absent.gguf", tmp_path):
        with pytest.raises(
            ModelError, match=r"no model file .*; give a GGUF file, hf:owner/repo/file\.gguf or an http address"
        ):
            make_generator(Settings(model=str(path)))


@pytest.mark.parametrize(
    "name",
    [
        "hf:", "hf:small.gguf", "hf:orchard/small.gguf", "hf:orchard/small/weights.bin", "hf:../small/weights.gguf",
        "hf:orchard/../weights.gguf", "hf:orchard/small/../../weights.gguf", "hf:orchard/sm--all/weights.gguf",
        "hf:orchard/small/weights.gguf?download=1", "hf:orchard/small model/weights.gguf",
    ],
)  # fmt: skip
def test_a_name_of_the_hub_that_is_none_is_an_error(name: str) -> None:
    """Before anybody is asked."""
    with pytest.raises(InputError, match=r"names no model; write hf:owner/repo/file\.gguf"):
        make_generator(Settings(model=name))


class QuietServer(ThreadingHTTPServer):
    """A client that leaves in the middle is what some tests are about."""

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing."""


class HubHandler(BaseHTTPRequestHandler):
    """Speaks as much of the hub's language as a download needs."""

    hub: "Hub"

    def do_HEAD(self) -> None:
        """What is known of the file."""
        if self.known():
            self.hub.requests.append(("HEAD", None))
            self.describe(200, len(CONTENT))

    def do_GET(self) -> None:
        """The file, or the rest of it."""
        if not self.known():
            return
        wanted = self.headers.get("Range")
        self.hub.requests.append(("GET", wanted))
        first = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
        data = self.hub.sent[first:]
        if wanted:
            self.describe(206, len(data), f"bytes {first}-{len(self.hub.sent) - 1}/{len(self.hub.sent)}")
        else:
            self.describe(200, len(data))
        if self.hub.hang_after is None:
            self.wfile.write(data)
        else:
            self.wfile.write(data[: self.hub.hang_after])
            self.wfile.flush()
            self.rfile.read(1)  # until the other side leaves

    def known(self) -> bool:
        """Whether this is the file; anything else is told to be unknown."""
        if self.path == "/orchard/small-model/resolve/main/weights/small.Q4.gguf":
            return True
        self.send_response(404)
        self.send_header("X-Error-Code", "EntryNotFound")
        self.send_header("Content-Length", "0")
        self.end_headers()
        return False

    def describe(self, status: int, length: int, part: str | None = None) -> None:
        """Send the headers."""
        self.send_response(status)
        self.send_header("X-Repo-Commit", "c" * 40)
        self.send_header("X-Linked-Size", str(len(CONTENT)))
        self.send_header("X-Linked-Etag", f'"{hashlib.sha256(CONTENT).hexdigest()}"')
        self.send_header("Content-Length", str(length))
        if part:
            self.send_header("Content-Range", part)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class Hub:
    """One file on a server of its own; can send other bytes, or stop in the middle."""

    def __init__(self) -> None:
        self.sent = CONTENT
        self.hang_after: int | None = None
        self.requests: list[tuple[str, str | None]] = []
        self.server = QuietServer(("127.0.0.1", 0), type("Handler", (HubHandler,), {"hub": self}))
        self.thread = Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def stop(self) -> None:
        """Serve nobody any more; may be called twice."""
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def hub() -> Iterator[Hub]:
    """A hub that runs while a test does."""
    hub = Hub()
    yield hub
    hub.stop()


# The hub's client reads its environment when it is imported, so every download has a process of its own.
SCRIPT = """
import json, sys
from qa.answering.choice import model_file
from qa.errors import ModelError
for name in sys.argv[1:]:
    try:
        print(json.dumps(str(model_file(name))), flush=True)
    except ModelError as error:
        print(json.dumps({"error": str(error)}), flush=True)
"""


def start(hub: Hub, home: Path, *names: str) -> "subprocess.Popen[str]":
    """Begin to ask for files of the hub in a process of its own."""
    environment = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("HF_", "HUGGING")) and "proxy" not in key.lower()
    }
    environment |= {
        "HF_ENDPOINT": f"http://127.0.0.1:{hub.server.server_address[1]}",
        "HF_HOME": str(home),
        "HF_HUB_DOWNLOAD_TIMEOUT": "30",
    }
    command = [sys.executable, "-c", SCRIPT, *names]
    return subprocess.Popen(
        command,
        env=environment,
        cwd=Path(__file__).parent.parent,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def ask(hub: Hub, home: Path, *names: str) -> list[str | dict[str, str]]:
    """A path or an error for each name."""
    found, said = start(hub, home, *names).communicate(timeout=60)
    assert "Traceback" not in said
    return [json.loads(line) for line in found.splitlines()]


def files(home: Path) -> list[Path]:
    """What is stored, locks aside."""
    return [path for path in home.rglob("*") if path.is_file() and path.suffix != ".lock" and path.stat().st_size > 0]


def test_a_file_of_the_hub_is_downloaded_once_and_found_without_a_network(hub: Hub, tmp_path: Path) -> None:
    """Twice in one process, and again when the hub is gone."""
    first, second = ask(hub, tmp_path, NAME, NAME)
    assert first == second
    assert isinstance(first, str)
    assert Path(first).read_bytes() == CONTENT
    assert Path(first).name == "small.Q4.gguf"
    assert [method for method, _ in hub.requests] == ["HEAD", "GET"]
    hub.stop()
    assert ask(hub, tmp_path, NAME) == [first]


def test_content_with_another_hash_is_refused_and_deleted(hub: Hub, tmp_path: Path) -> None:
    """The next try begins anew and succeeds."""
    hub.sent = CONTENT[:-1] + b"?"
    (damaged,) = ask(hub, tmp_path, NAME)
    assert isinstance(damaged, dict)
    assert "damaged" in damaged["error"]
    assert files(tmp_path) == []
    hub.sent = CONTENT
    (file,) = ask(hub, tmp_path, NAME)
    assert Path(str(file)).read_bytes() == CONTENT
    assert hub.requests[-1] == ("GET", None)


def test_an_interrupted_download_is_resumed(hub: Hub, tmp_path: Path) -> None:
    """By the next process, from the byte where the last one was killed."""
    hub.hang_after = 15_000_000
    process = start(hub, tmp_path, NAME)
    while not files(tmp_path) and process.poll() is None:
        time.sleep(0.01)
    process.kill()
    process.communicate()
    (part,) = files(tmp_path)
    size = part.stat().st_size
    assert size <= 15_000_000
    hub.hang_after = None
    (file,) = ask(hub, tmp_path, NAME)
    assert hub.requests[-1] == ("GET", f"bytes={size}-")
    assert Path(str(file)).read_bytes() == CONTENT
    assert files(tmp_path) == [Path(str(file))]


def test_a_file_that_cannot_be_had_is_one_line(hub: Hub, tmp_path: Path) -> None:
    """Unknown to the hub, or no hub at all."""
    (unknown,) = ask(hub, tmp_path, "hf:orchard/small-model/other.gguf")
    hub.stop()
    (unreachable,) = ask(hub, tmp_path, NAME)
    for failed in (unknown, unreachable):
        assert isinstance(failed, dict)
        assert failed["error"].endswith("; check the name and the network")
        assert "\n" not in failed["error"]
    assert files(tmp_path) == []
