"""Text of strangers in a real browser: it is shown as text, runs nothing, and fetches nothing."""

import contextlib
import http.server
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from qa.errors import InputError, ModelError
from qa.types import Answer, Article, Citation, Conflict, Message, Nearest, Sentence, Withheld
from tests.browser.fake_desk import COMPLETE, FakeDesk, hit, written
from tests.browser.page import Page

pytestmark = pytest.mark.browser

# CANARY stands for the address of a server that counts what reaches it; RUN for a script that would be noticed.
PAYLOADS = (
    "<script>RUN</script>",
    "<img src=x onerror=RUN>",
    "<img src=CANARY/img>",
    "<svg onload=RUN><image href=CANARY/svg /></svg>",
    "\"><img src=CANARY/attribute onerror='RUN'><b a=\"",
    "'><iframe src=CANARY/frame></iframe>",
    "</div></section></template></textarea><body onload=RUN>",
    "![picture](CANARY/markdown.png) [link](javascript:RUN)",
    "<style>@import 'CANARY/style'; body { background: url(CANARY/css) }</style>",
    "<link rel=stylesheet href=CANARY/link><meta http-equiv=refresh content='0;url=CANARY/meta'>",
    "<video poster=CANARY/poster src=CANARY/video autoplay></video><audio src=CANARY/audio autoplay></audio>",
    "<input type=image src=CANARY/input><table background=CANARY/table><tr><td>x</table>",
    "<base href=CANARY/><form action=CANARY/form><button>x</button></form>",
    "<math><mtext></form><form><mglyph><style></math><img src=CANARY/mxss onerror=RUN>",
    "${RUN} {{RUN}} {{#with this}}{{constructor.constructor 'RUN'}}{{/with}} `;RUN;` {% RUN %}",
    "&lt;img src=CANARY/twice onerror=RUN&gt; &#60;script&#62;RUN&#60;/script&#62;",
    "<a href=javascript:RUN autofocus onfocus=RUN tabindex=0>x</a><details open ontoggle=RUN>",
    "\\u003cimg src=CANARY/escaped onerror=RUN\\u003e \x00<\x00script>RUN</script>",
)
ADDRESSES = (
    "javascript:RUN",
    " javascript:RUN",
    "data:text/html,<script>RUN</script>",
    "https://good.example\" onmouseover=\"RUN",
    "//CANARYHOST/path",
    "vbscript:RUN",
    "https://good.example@CANARYHOST/",
    "file:///etc/passwd",
)  # fmt: skip


class HostileDesk(FakeDesk):
    """Puts the payloads wherever a desk can put text: "Show N" shows payload N, "Deny N" refuses, "Err N" fails."""

    def __init__(self, library: Path, payloads: Sequence[str], addresses: Sequence[str]) -> None:
        self.payloads, self.addresses = payloads, addresses
        super().__init__(library, [self._article(number) for number in range(len(payloads))])

    def _article(self, number: int) -> Article:
        text = self.payloads[number]
        url = self.addresses[number % len(self.addresses)]
        return Article(f"{number}-{text}", text, text, text, url, f"Before {text} after.")

    def stream(
        self,
        question: str,
        history: Sequence[Message] = (),
        since: str | None = None,
        until: str | None = None,
        today: str | None = None,
        wanted: Callable[[], bool] = lambda: True,
        *,
        any_date: bool = False,
    ) -> Iterator[Answer]:
        """Answer, refuse or fail with the payload that the question names, in every field there is."""
        what, number = question.split()[:2]
        text, article = self.payloads[int(number)], self._article(int(number))
        start = Answer(question, question, passages=(hit(article), hit(article, 3, 40)), since=text, until=text)
        yield start
        if what == "Err":
            raise ModelError(text)
        if what == "Deny":
            near = (Nearest(article.article_id, text, text),)
            yield replace(start, text=text, abstained=True, reason=text, missing=text, nearest=near, timings=COMPLETE)
            return
        begin = article.text.index(text)
        cited = Citation(1, article.article_id, text, text, text, article.url, text, begin, begin + len(text))
        yield replace(
            start,
            text=f"{text} [1]",
            short_answer=text,
            reason=text,
            as_of=text,
            sentences=(written(text, 1), Sentence(text, (1,), True, 1.0, "quoted")),
            withheld=(Withheld(text, 0.1),),
            conflicts=(Conflict(text, text, 1),),
            citations=(cited,),
            timings=COMPLETE,
        )

    def remove(self, *article_ids: str) -> tuple[str, ...]:
        """Refuse with the id in the message, which the page shows."""
        raise InputError(f"cannot remove {article_ids[0]}; keep it")


@pytest.fixture
def canary() -> Iterator[tuple[str, list[str]]]:
    """Yield the address of a server and the list of what was asked of it."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with contextlib.closing(server.socket):
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


def loaded(texts: Sequence[str], address: str) -> tuple[str, ...]:
    """Return payloads that hit the canary and set a variable."""
    host = address.removeprefix("http://")
    return tuple(
        text.replace("RUN", "window.ran=1").replace("CANARYHOST", host).replace("CANARY", address) for text in texts
    )


def unharmed(page: Page, asked: list[str]) -> None:
    """Assert that nothing ran, nothing was fetched from elsewhere, and no link leads off the web."""
    assert page.driver.execute_script("return window.ran") is None
    assert asked == []
    assert page.foreign_requests() == []
    links = page.driver.execute_script("return [...document.links].map((link) => link.protocol)")
    assert set(links) <= {"http:", "https:"}


def test_no_text_of_a_desk_runs_or_fetches(
    serve_desk: Callable[..., Page], tmp_path: Path, canary: tuple[str, list[str]]
) -> None:
    """Payloads in questions, answers, titles, dates, sources, ids, addresses, refusals and errors stay text."""
    address, asked = canary
    payloads = loaded(PAYLOADS, address)
    page = serve_desk(HostileDesk(tmp_path, payloads, loaded(ADDRESSES, address)), payloads)
    for number in range(len(payloads)):
        for what, state in (("Show", "answered"), ("Deny", "refused"), ("Err", "error")):
            page.ask(f"{what} {number}")
            assert page.state() == state
            if what == "Show":
                page.click("#current .citation")
                page.one("#sources .source.active mark")
        unharmed(page, asked)
    page.open()
    page.until(lambda: len(page.turns()) == 30)
    page.settle(1)
    unharmed(page, asked)


def test_no_question_of_a_person_runs_or_fetches(
    serve_desk: Callable[..., Page], tmp_path: Path, canary: tuple[str, list[str]]
) -> None:
    """Payloads pasted as questions are shown as they were typed, also after a reload."""
    address, asked = canary
    page = serve_desk(FakeDesk(tmp_path))
    payloads = [text.replace("\x00", "") for text in loaded(PAYLOADS, address)]
    for text in payloads:
        page.ask(text)
        assert page.one("#current .asked").text.endswith(" ".join(text.split()))
    page.open()
    page.until(lambda: len(page.turns()) == len(payloads))
    page.settle(1)
    unharmed(page, asked)


def test_no_line_of_the_list_runs_or_fetches(
    serve_desk: Callable[..., Page],
    tmp_path: Path,
    files: Callable[..., Path],
    canary: tuple[str, list[str]],
) -> None:
    """Payloads as titles, ids and file names stay text in the list, the report and the messages."""
    address, asked = canary
    payloads = loaded(PAYLOADS, address)
    desk = HostileDesk(tmp_path / "library", payloads, loaded(ADDRESSES, address))
    page = serve_desk(desk)
    page.tab("Articles")
    page.until(lambda: len(page.all("#articles tbody tr")) == len(payloads))
    page.click("#articles .delete")
    page.one('#articles .delete[data-sure="yes"]').click()
    page.until(lambda: "cannot remove" in page.text("#report .bad"))
    name = "<img src=x onerror=window.ran=1>.txt"
    page.one("#upload input[type=file]").send_keys(str(files(name, "broken")))
    page.one("#report .failures")
    page.settle(1)
    unharmed(page, asked)
