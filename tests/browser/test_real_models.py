"""The whole product in a browser: real models, the sample articles, an article that comes and goes."""

from collections.abc import Callable
from pathlib import Path

import pytest
from selenium.webdriver.common.by import By

import qa
from tests.browser.page import Page

pytestmark = [pytest.mark.browser, pytest.mark.models]
SEEDS = Path(__file__).parents[2] / "seeds"
PIER = (
    "date 2026-02-20 Old pier of Sandhollow is to be rebuilt\n\n"
    "The town council of Sandhollow voted on Thursday to rebuild the old pier. "
    "The work will cost 750,000 talers, council leader Petra Wim said.\n"
)
QUESTION = "How much will the work on the old pier of Sandhollow cost?"


def test_ask_click_upload_ask_delete_and_be_refused(
    serve_desk: Callable[..., Page], files: Callable[..., Path], tmp_path: Path
) -> None:
    """A mark opens its passage; an uploaded article answers from the next question on, and not once it is deleted."""
    desk = qa.open(tmp_path / "library")
    desk.index(SEEDS)
    page = serve_desk(desk, ["What is the latest cost of the Gannet Quay ferry terminal?"], seconds=120)

    answer = page.ask("How much will the Gannet Quay ferry terminal cost according to the cabinet's approval?")
    assert answer.get_attribute("data-state") == "answered"
    answer.find_element(By.CSS_SELECTOR, ".citation[data-number='1']").click()
    assert "million" in page.text(".source[data-article-id] mark")

    assert page.ask(QUESTION).get_attribute("data-state") == "refused"

    page.tab("Articles")
    page.one("#upload input[type=file]").send_keys(str(files("pier.txt", PIER)))
    page.one('#articles .delete[data-article-id="pier.txt"]')
    page.tab("Ask")
    answer = page.ask(QUESTION)
    assert answer.get_attribute("data-state") == "answered" and "750,000" in answer.text

    page.tab("Articles")
    page.click('#articles .delete[data-article-id="pier.txt"]')
    page.click('#articles .delete[data-article-id="pier.txt"][data-sure="yes"]')
    page.until(lambda: not page.all('#articles .delete[data-article-id="pier.txt"]'))
    page.tab("Ask")
    assert page.ask(QUESTION).get_attribute("data-state") == "refused"
    assert not page.complaints() and not page.foreign_requests()
