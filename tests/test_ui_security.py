"""The guard around the page: who may reach it, with how much, and what comes back."""

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from qa.errors import InputError
from ui.launch import listening, prepared
from ui.policy import LARGEST_BODY, LARGEST_UPLOADS, POLICY, UPLOAD
from ui.security import Guard, Message, Receive, Scope, Send

PORT = 7860
HOST = {"host": f"127.0.0.1:{PORT}"}


class Counting:
    """An application that reads its whole body and says how long it was."""

    def __init__(self) -> None:
        self.calls = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        self.calls += 1
        got, more = 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise RuntimeError("the body broke off")
            got += len(message.get("body", b""))
            more = message.get("more_body", False)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x-frame-options", b"ALLOWALL")]})
        await send({"type": "http.response.body", "body": str(got).encode()})


def asked(
    app: Guard, method: str = "GET", path: str = "/", headers: Mapping[str, str] = HOST, chunks: tuple[bytes, ...] = ()
) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body of what the guard answers to one request."""
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    waiting = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    waiting.append({"type": "http.request", "body": b"", "more_body": False})
    sent: list[Message] = []

    async def receive() -> Message:
        return waiting.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    starts = [message for message in sent if message["type"] == "http.response.start"]
    assert len(starts) == 1
    said = {name.decode(): value.decode() for name, value in starts[0]["headers"]}
    return starts[0]["status"], said, b"".join(message.get("body", b"") for message in sent)


@pytest.fixture
def inner() -> Counting:
    """Return the application behind the guard."""
    return Counting()


@pytest.fixture
def guard(inner: Counting, tmp_path: Path) -> Guard:
    """Return a guard for one port, with an empty folder of uploads."""
    return Guard(inner, PORT, tmp_path)


@pytest.mark.parametrize("host", [f"127.0.0.1:{PORT}", f"localhost:{PORT}", f"[::1]:{PORT}", f"LOCALHOST:{PORT}"])
def test_a_host_of_this_machine_is_let_through(guard: Guard, host: str) -> None:
    """The three names of this machine, with the port, reach the page."""
    assert asked(guard, headers={"host": host})[0] == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        f"evil.example:{PORT}",
        "127.0.0.1",
        "localhost:80",
        f"127.0.0.1:{PORT}.evil.example",
        "",
        "0.0.0.0",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_any_other_host_is_refused_before_the_page_hears_of_it(
    guard: Guard, inner: Counting, host: str, method: str
) -> None:
    """A name that an attacker points at this machine gets 400, whatever the method."""
    status, headers, _ = asked(guard, method, headers={"host": host, "origin": "http://evil.example"})
    assert status == 400
    assert "access-control-allow-origin" not in headers
    assert inner.calls == 0


def test_a_host_given_twice_is_refused(guard: Guard) -> None:
    """Two host headers agree with nothing."""
    scope_headers = {"host": f"127.0.0.1:{PORT}", "Host": "evil.example"}
    assert asked(guard, headers=scope_headers)[0] == 400


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://127.0.0.1:8000", f"https://127.0.0.1:{PORT}", "http://localhost"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS"])
def test_a_foreign_origin_is_refused(guard: Guard, inner: Counting, origin: str, method: str) -> None:
    """Another site, another port and the null origin get 403 and no leave to read."""
    status, headers, _ = asked(guard, method, "/gradio_api/queue/join", {**HOST, "origin": origin})
    assert status == 403
    assert "access-control-allow-origin" not in headers
    assert inner.calls == 0


def test_the_own_origin_may_write(guard: Guard) -> None:
    """The page itself posts its questions."""
    headers = {**HOST, "origin": f"http://127.0.0.1:{PORT}"}
    assert asked(guard, "POST", "/gradio_api/queue/join", headers, (b"{}",))[::2] == (200, b"2")


@pytest.mark.parametrize("path", ["/", "/nowhere"])
def test_every_response_carries_the_policy_once(guard: Guard, path: str) -> None:
    """Pages and refusals alike forbid frames, foreign content, sniffing and referrers."""
    _, headers, _ = asked(guard, path=path)
    assert headers["content-security-policy"] == POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/file=/etc/passwd",
        "/file=/etc/passwd",
        "/gradio_api/file/etc/passwd",
        "/gradio_api/proxy=http://169.254.169.254/",
        "/gradio_api/info",
        "/gradio_api/openapi.json",
        "/gradio_api/call/ask",
        "/gradio_api/vibe-edit/",
        "/gradio_api/runs",
        "/gradio_api/stream/a",
        "/monitoring",
        "/static/../../../etc/passwd",
        "/assets/..\\..\\windows",
        "/gradio_api/mcp/",
        "/login",
        "/docs",
    ],
)
def test_routes_the_page_does_not_use_are_not_there(guard: Guard, inner: Counting, path: str) -> None:
    """Files, proxies, documentation and tools of the framework answer 404."""
    assert asked(guard, path=path)[0] == 404
    assert inner.calls == 0


def test_a_large_body_is_refused_by_its_announced_length(guard: Guard, inner: Counting) -> None:
    """A body of more than a megabyte is not even read."""
    headers = {**HOST, "content-length": str(LARGEST_BODY + 1)}
    assert asked(guard, "POST", "/gradio_api/queue/join", headers)[0] == 413
    assert inner.calls == 0


@pytest.mark.parametrize("length", ["-1", "1e9", "x", "²"])
def test_a_length_that_is_no_number_is_refused(guard: Guard, length: str) -> None:
    """A content length must be digits."""
    assert asked(guard, "POST", "/gradio_api/queue/join", {**HOST, "content-length": length})[0] == 400


def test_a_body_without_a_length_is_counted_as_it_comes(guard: Guard) -> None:
    """In pieces, a megabyte passes and a byte more does not."""
    half = b"x" * (LARGEST_BODY // 2)
    assert asked(guard, "POST", "/gradio_api/queue/join", HOST, (half, half))[::2] == (200, b"1000000")
    assert asked(guard, "POST", "/gradio_api/queue/join", HOST, (half, half, b"x"))[0] == 413


def test_uploads_have_more_room_until_the_waiting_ones_fill_it(guard: Guard, tmp_path: Path) -> None:
    """An upload may be larger than a question, and is refused when too much waits already."""
    assert asked(guard, "POST", UPLOAD, HOST, (b"x" * 2 * LARGEST_BODY,))[0] == 200
    (tmp_path / "hash").mkdir()
    with (tmp_path / "hash" / "waiting.txt").open("wb") as file:
        file.truncate(LARGEST_UPLOADS - 10)
    assert asked(guard, "POST", UPLOAD, HOST, (b"x" * 10,))[0] == 200
    assert asked(guard, "POST", UPLOAD, HOST, (b"x" * 11,))[0] == 413
    assert asked(guard, "POST", UPLOAD, {**HOST, "content-length": "11"})[0] == 413


def test_a_refused_upload_leaves_nothing_behind(guard: Guard, tmp_path: Path) -> None:
    """What an upload that is cut off had written is deleted; complete uploads stay."""
    (tmp_path / "hash").mkdir()
    with (tmp_path / "hash" / "waiting.txt").open("wb") as file:
        file.truncate(LARGEST_UPLOADS - 10)
    (tmp_path / "tmp123").write_bytes(b"")
    assert asked(guard, "POST", UPLOAD, HOST, (b"x" * 11,))[0] == 413
    assert [path.name for path in tmp_path.rglob("*")] == ["hash", "waiting.txt"]


def test_an_upload_that_broke_off_makes_room_again(guard: Guard, tmp_path: Path) -> None:
    """What it had written is deleted, at once or before another one is refused for it."""
    with (tmp_path / "tmp123").open("wb") as file:
        file.truncate(LARGEST_UPLOADS - 10)
    assert asked(guard, "POST", UPLOAD, {**HOST, "content-length": "11"}, (b"x" * 11,))[0] == 200
    assert list(tmp_path.iterdir()) == []

    async def torn(scope: Scope, receive: Receive, send: Send) -> None:
        (tmp_path / "tmp456").write_bytes(b"x")
        assert (await receive())["type"] == "http.disconnect"

    async def left() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        raise AssertionError(message)

    scope = {"type": "http", "method": "POST", "path": UPLOAD, "headers": [(b"host", HOST["host"].encode())]}
    asyncio.run(Guard(torn, PORT, tmp_path)(scope, left, send))
    assert list(tmp_path.iterdir()) == []


def test_uploads_at_the_same_time_share_the_room(tmp_path: Path) -> None:
    """What one has announced is not there for another."""
    inside: list[int] = []

    async def outer(scope: Scope, receive: Receive, send: Send) -> None:
        if not inside:
            inside.append(1)
            await guard({**scope}, receive, second.append_async)
        await send({"type": "http.response.start", "status": 200, "headers": []})

    class Sent(list[Message]):
        async def append_async(self, message: Message) -> None:
            self.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    first, second = Sent(), Sent()
    guard = Guard(outer, PORT, tmp_path)
    length = str(LARGEST_UPLOADS // 2 + 1)
    headers = [(b"host", HOST["host"].encode()), (b"content-length", length.encode())]
    scope = {"type": "http", "method": "POST", "path": UPLOAD, "headers": headers}
    asyncio.run(guard(scope, receive, first.append_async))
    assert (first[0]["status"], second[0]["status"]) == (200, 413)


@pytest.mark.parametrize(
    ("site", "mode", "path", "status"),
    [
        ("cross-site", "no-cors", "/config", 403),
        ("same-site", "cors", "/", 403),
        ("cross-site", "navigate", "/", 200),
        ("cross-site", "navigate", "/config", 403),
        ("same-origin", "cors", "/config", 200),
        ("none", "navigate", "/", 200),
    ],
)
def test_a_browser_says_when_another_site_asks(guard: Guard, site: str, mode: str, path: str, status: int) -> None:
    """A link to the page may be followed; nothing else comes from elsewhere."""
    headers = {**HOST, "sec-fetch-site": site, "sec-fetch-mode": mode}
    assert asked(guard, path=path, headers=headers)[0] == status


def test_a_fault_of_the_application_is_not_hidden(tmp_path: Path) -> None:
    """Only a body that was cut off may swallow what the application raises."""

    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        raise ValueError("a fault")

    with pytest.raises(ValueError, match="a fault"):
        asked(Guard(broken, PORT, tmp_path))


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "example.org", ""])
def test_the_page_is_not_served_to_other_machines(host: str) -> None:
    """Without a login, only this machine may open the page."""
    with pytest.raises(InputError, match="no login"), listening(host, None):
        pass


def test_a_port_in_use_is_named() -> None:
    """An explicit port that is taken is refused; without one, the next free port is found."""
    with listening("127.0.0.1", None) as first:
        port = first.getsockname()[1]
        assert port >= 7860
        with pytest.raises(InputError, match=f"port {port} is in use; choose another with --port"):
            with listening("127.0.0.1", port):
                pass
        with listening("127.0.0.1", None) as second:
            assert second.getsockname()[1] > port


class EmptyDesk:
    """A desk without articles."""

    def __init__(self, library: Path) -> None:
        self.uploads = library / "articles"

    def articles(self) -> tuple[()]:
        """Return nothing."""
        return ()


SETTINGS = {
    "GRADIO_SHARE": "True",
    "GRADIO_ALLOWED_PATHS": "/",
    "GRADIO_LOCAL_DEV_MODE": "1",
    "GRADIO_ANALYTICS_ENABLED": "True",
    "GRADIO_SERVER_NAME": "0.0.0.0",
    "GRADIO_MCP_SERVER": "True",
}


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """Yield a client of the real page, built where the environment asks for everything dangerous."""
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    with prepared(EmptyDesk(tmp_path), PORT) as app, TestClient(app, f"http://127.0.0.1:{PORT}") as client:  # type: ignore[arg-type]
        yield client


def test_the_environment_changes_nothing(client: TestClient) -> None:
    """No share link, no served folder, no telemetry and no tool server come of settings in the environment."""
    config = client.get("/config").json()
    assert not config["analytics_enabled"]
    assert not config["mcp_server"]
    assert not config["enable_monitoring"] if "enable_monitoring" in config else True
    assert not config.get("is_space")
    response = client.get("/", headers={"origin": "null"})
    assert response.status_code == 403
    assert client.get("/gradio_api/file=/etc/passwd").status_code == 404


def test_an_upload_is_never_served_back(client: TestClient) -> None:
    """A file that was sent lies in the temporary folder, and no address gives it out."""
    response = client.post("/gradio_api/upload", files={"files": ("a.txt", b"a canary")})
    path = response.json()[0]
    assert Path(path).read_bytes() == b"a canary"
    for address in (f"/gradio_api/file={path}", f"/file={path}", f"/gradio_api/file/{path}", f"/static/{path}"):
        answer = client.get(address)
        assert answer.status_code in (403, 404)
        assert b"a canary" not in answer.content


def test_a_file_of_more_than_twenty_megabytes_is_refused(client: TestClient) -> None:
    """One file has its own limit, below what all of them may take together."""
    response = client.post("/gradio_api/upload", files={"files": ("a.txt", b"x" * (21 * 1024 * 1024))})
    assert response.status_code == 413


@pytest.mark.parametrize(
    "address",
    [
        "/static/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "/static//etc/passwd",
        "/assets//etc/passwd",
        "/assets/%2fetc%2fpasswd",
        "/svelte//etc/passwd",
        "/static/%2e%2e%2f%2e%2e%2fetc/passwd",
        "//etc/passwd",
    ],
)
def test_no_file_of_the_machine_is_read_through_the_page(client: TestClient, address: str) -> None:
    """Addresses that climb out of the folders of the framework find nothing."""
    response = client.get(address)
    assert response.status_code >= 400
    assert b"root:" not in response.content


def test_events_cannot_be_called_past_the_queue(client: TestClient) -> None:
    """The programming interface of the framework lists no event of the page, and queued ones need the queue."""
    config = client.get("/config").json()
    assert all(event["api_visibility"] == "private" for event in config["dependencies"])
    ask = next(event["id"] for event in config["dependencies"] if event["api_name"] == "ask")
    body = {"data": [[]], "fn_index": ask, "session_hash": "abc"}
    assert client.post("/gradio_api/run/predict", json=body).status_code == 404
