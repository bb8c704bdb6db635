"""The page as a person drives it: a server in a thread, a headless Chromium, and what one does in it."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import uvicorn
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from ui.desk import Desk
from ui.launch import listening, prepared

CHROMIUM, DRIVER = Path("/usr/bin/chromium"), Path("/usr/bin/chromedriver")
FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-dev-shm-usage --window-size=1280,860"
).split()
FINISHED = ("answered", "refused", "error")


@contextlib.contextmanager
def served(desk: Desk, examples: Sequence[str] = ()) -> Iterator[str]:
    """Serve the page of a desk on a free port, and yield its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with listening("127.0.0.1", port) as listener, prepared(desk, port, examples) as app:
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{port}/"
        server.should_exit = True
        thread.join(timeout=10)


@contextlib.contextmanager
def chromium(profile: Path, flags: Sequence[str] = ()) -> Iterator[webdriver.Chrome]:
    """Open a browser with an empty profile."""
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for flag in (*FLAGS, *flags, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(str(DRIVER)))
    try:
        yield driver
    finally:
        driver.quit()


class Page:
    """What a person sees and does on the page."""

    def __init__(self, driver: webdriver.Chrome, address: str, seconds: float = 20) -> None:
        self.driver = driver
        self.address = address
        self.seconds = seconds

    def open(self) -> "Page":
        """Open or reload the page, and wait until it is ready."""
        self.driver.get(self.address)
        self.until(lambda: self.all("#conversation .turn, #conversation .welcome"))
        return self

    def until(self, condition, seconds: float | None = None):
        """Wait for a condition that holds, and return what it gives."""
        wait = WebDriverWait(
            self.driver, seconds or self.seconds, 0.05, ignored_exceptions=(StaleElementReferenceException,)
        )
        return wait.until(lambda _: condition())

    def all(self, selector: str) -> list[WebElement]:
        """Return every element that a CSS selector finds."""
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector: str) -> WebElement:
        """Wait for an element and return it."""
        return self.until(lambda: self.all(selector))[0]

    def text(self, selector: str) -> str:
        """Return the text of an element as it is shown."""
        return self.until(lambda: self.one(selector).text or " ").strip()

    def click(self, selector: str) -> None:
        """Click an element once it can be clicked."""
        self.until(lambda: self.one(selector).is_enabled() and self.one(selector).is_displayed())
        self.one(selector).click()

    def type(self, question: str) -> None:
        """Put a question into the box."""
        box = self.one("#question textarea")
        box.clear()
        box.send_keys(question)

    def send(self, question: str) -> None:
        """Type a question and send it with the button."""
        before = self.last()
        self.type(question)
        self.click("#send")
        self.until(lambda: self.last() != before)

    def ask(self, question: str) -> WebElement:
        """Send a question, wait for its answer, and return the element of the answer."""
        self.send(question)
        return self.finished()

    def turns(self) -> list[WebElement]:
        """Return the turns of the conversation."""
        return self.all("#conversation .turn")

    def last(self) -> str | None:
        """Return the id of the last turn."""
        turns = self.turns()
        return turns[-1].get_attribute("id") if turns else None

    def state(self) -> str | None:
        """Return the state of the last answer."""
        answers = self.all("#conversation [data-state]")
        return answers[-1].get_attribute("data-state") if answers else None

    def finished(self) -> WebElement:
        """Wait until the last answer is complete, and return its element."""
        self.until(lambda: self.state() in FINISHED)
        return self.all("#conversation [data-state]")[-1]

    def tab(self, name: str) -> None:
        """Open a tab by its name."""
        tabs = [tab for tab in self.all('button[role="tab"]') if tab.text.strip() == name and tab.is_displayed()]
        tabs[0].click()
        self.until(lambda: self.one("#conversation" if name == "Ask" else "#articles").is_displayed())

    def foreign_requests(self) -> list[str]:
        """Return every address outside the page that the browser has asked for."""
        found = self.driver.execute_script("return performance.getEntries().map((entry) => entry.name)")
        return [name for name in found if "://" in name and not name.startswith(self.address)]

    def complaints(self) -> list[str]:
        """Return what the browser's console says against the page."""
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] == "SEVERE"]

    def settle(self, seconds: float = 0.4) -> None:
        """Give animations and late requests time."""
        time.sleep(seconds)

    def picture(self, path: Path) -> None:
        """Save what is shown."""
        self.settle()
        self.driver.save_screenshot(str(path))
