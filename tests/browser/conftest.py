"""Fixtures for tests that drive the page in a browser."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from selenium.webdriver import Chrome

from tests.browser.page import CHROMIUM, DRIVER, Page, chromium, served
from ui.desk import Desk


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """Yield one headless Chromium with an empty profile; the test is skipped where there is none."""
    for program in (CHROMIUM, DRIVER):
        if not program.exists():
            pytest.skip(f"{program} is missing; install the packages chromium and chromium-driver")
    with chromium(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


@pytest.fixture
def serve_desk(browser: Chrome) -> Iterator[Callable[..., Page]]:
    """Return a function that serves a desk and opens its page, with nothing kept from an earlier test."""
    with contextlib.ExitStack() as stack:

        def serve(desk: Desk, examples: Sequence[str] = (), seconds: float = 20) -> Page:
            page = Page(browser, stack.enter_context(served(desk, examples)), seconds)
            stack.callback(browser.get, "about:blank")
            return page.open()

        yield serve


@pytest.fixture
def files(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a file to upload."""

    def write(name: str, text: str) -> Path:
        folder = tmp_path / "to upload"
        folder.mkdir(exist_ok=True)
        path = folder / name
        path.write_text(text, encoding="utf-8")
        return path

    return write
