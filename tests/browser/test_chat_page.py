"""The page in a real browser, before a desk whose answers are written by hand."""

from collections.abc import Callable
from pathlib import Path

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from qa.types import Message
from tests.browser.fake_desk import MEASLES, TUNNEL, FakeDesk
from tests.browser.page import Page

pytestmark = pytest.mark.browser
Serve = Callable[..., Page]
QUESTION = "What did the audit of the Gant tunnel find?"


def test_an_answer_has_marks_that_open_their_passage(serve_desk: Serve, tmp_path: Path) -> None:
    """A click on a mark makes its card the marked one, with the quoted words in a mark element."""
    page = serve_desk(FakeDesk(tmp_path))
    answer = page.ask(QUESTION)
    assert page.state() == "answered"
    assert [mark.get_attribute("data-number") for mark in page.all("#conversation .citation")] == ["1", "2"]
    page.click('#conversation .citation[data-number="2"]')
    card = page.one("#sources .source.active")
    assert card.get_attribute("data-article-id") == TUNNEL.article_id
    assert card.find_element(By.TAG_NAME, "mark").text == "The work will cost 3.1 million crowns."
    assert "Gant tunnel audit finds water damage" in card.text
    assert "16 October 2025" in card.text
    assert len(page.all("#sources .source")) == 2
    assert "As of 16 October 2025" in answer.text


def test_a_mark_can_be_opened_from_the_keyboard_and_left_again(serve_desk: Serve, tmp_path: Path) -> None:
    """Enter on a mark moves the focus to its card, and Enter on the number of the card moves it back."""
    page = serve_desk(FakeDesk(tmp_path))
    page.ask(QUESTION)
    mark = page.one('#conversation .citation[data-number="1"]')
    assert "Gant tunnel audit" in str(mark.get_attribute("aria-label"))
    mark.send_keys(Keys.ENTER)
    page.until(lambda: "source" in str(page.driver.switch_to.active_element.get_attribute("class")))
    page.one("#sources .source.active .back").send_keys(Keys.ENTER)
    page.until(lambda: page.driver.switch_to.active_element == mark)


def test_a_link_to_the_source_shows_its_host_and_gives_nothing_away(serve_desk: Serve, tmp_path: Path) -> None:
    """The address of an article is a link with a visible host that names no referrer and no opener."""
    page = serve_desk(FakeDesk(tmp_path))
    page.ask(QUESTION)
    link = page.one("#sources .source a")
    assert link.text == "courier.example"
    assert link.get_attribute("rel") == "noopener noreferrer nofollow"


def test_an_older_answer_keeps_its_own_sources(serve_desk: Serve, tmp_path: Path) -> None:
    """A click on a mark of an older answer shows that answer's sources, not the newest ones."""
    page = serve_desk(FakeDesk(tmp_path))
    page.ask(QUESTION)
    page.ask("Quote the number of cases")
    page.until(lambda: page.one("#sources .source").get_attribute("data-article-id") == MEASLES.article_id)
    page.click('#past .citation[data-number="1"]')
    page.until(lambda: page.one("#sources .source.active").get_attribute("data-article-id") == TUNNEL.article_id)


def test_a_refusal_says_so_and_names_the_nearest_articles(serve_desk: Serve, tmp_path: Path) -> None:
    """A refusal has its own label and border, its reason, and the nearest articles with their dates."""
    page = serve_desk(FakeDesk(tmp_path))
    plain = page.ask(QUESTION).value_of_css_property("border-left-width")
    refusal = page.ask("Refuse this")
    assert page.state() == "refused"
    assert refusal.text.casefold().startswith("not in your articles")
    assert "No passage mentions a football cup." in refusal.text
    assert [item.text for item in page.all("#current .nearest li")] == [
        "Gant tunnel audit finds water damage 16 October 2025",
        "Harrowmouth declares measles outbreak over 12 June 2025",
    ]
    assert refusal.value_of_css_property("border-left-width") != plain
    assert not page.all("#sources .source")


def test_a_quoted_fallback_looks_like_a_quotation(serve_desk: Serve, tmp_path: Path) -> None:
    """A sentence taken from an article stands in a quotation under its label; differing values are listed."""
    page = serve_desk(FakeDesk(tmp_path))
    answer = page.ask("Quote the number of cases")
    assert "quoted from the articles" in answer.text.casefold()
    assert page.text("#current blockquote").startswith("In all, 91 people fell ill")
    assert [item.text.split()[0] for item in page.all("#current .conflicts li")] == ["91", "74"]


def test_withheld_words_are_never_shown(serve_desk: Serve, tmp_path: Path) -> None:
    """A sentence that no passage supports is counted, and its words are nowhere in the page."""
    page = serve_desk(FakeDesk(tmp_path))
    assert "1 sentence was withheld" in page.ask(QUESTION).text
    assert "Nobody may see" not in page.driver.page_source


@pytest.mark.parametrize(
    ("question", "line"),
    [("Fail now", "the model file cannot be read; run qa doctor"), ("Crash now", "Something went wrong;")],
)
def test_an_error_is_one_line(serve_desk: Serve, tmp_path: Path, question: str, line: str) -> None:
    """A known error shows its message, an unexpected one a plain sentence; the next question works."""
    page = serve_desk(FakeDesk(tmp_path))
    shown = page.ask(question)
    assert page.state() == "error"
    assert line in shown.text
    assert "secret of the machine" not in page.driver.page_source
    page.ask(QUESTION)
    assert page.state() == "answered"


def test_stop_closes_the_stream_and_keeps_what_there_is(serve_desk: Serve, tmp_path: Path) -> None:
    """Stop ends the model, the partial answer stays and says that it was stopped, and the next question works."""
    desk = FakeDesk(tmp_path)
    page = serve_desk(desk)
    page.send("Wait for me")
    page.until(lambda: "It begins." in page.text("#current .answer"))
    assert page.state() == "busy"
    page.click("#stop")
    page.finished()
    assert "It begins." in page.text("#current .answer")
    assert "Stopped" in page.text("#current .answer")
    assert desk.closed.wait(5)
    page.ask(QUESTION)
    assert page.state() == "answered"
    assert [len(turn.text) > 0 for turn in page.turns()] == [True, True]


def test_stop_and_clear_work_in_a_long_conversation(serve_desk: Serve, tmp_path: Path) -> None:
    """However often answers are stopped, each stays stopped; Clear in the middle of one empties everything."""
    page = serve_desk(FakeDesk(tmp_path))
    for _ in range(4):
        page.ask("Quote the number of cases")
        page.send("Wait for me")
        page.until(lambda: "It begins." in page.text("#current .answer"))
        page.click("#stop")
        page.finished()
    page.settle()
    assert "Stopped" in page.text("#current .answer")
    page.send("Wait once more")
    page.until(lambda: "It begins." in page.text("#current .answer"))
    page.click("#clear")
    page.until(lambda: not page.turns())
    page.settle()
    assert not page.turns()
    page.ask(QUESTION)
    assert len(page.turns()) == 1


def test_a_full_queue_is_said(serve_desk: Serve, tmp_path: Path) -> None:
    """Where sixteen questions wait already, the next one is told that the desk is busy, and can be retried."""
    desk = FakeDesk(tmp_path)
    page = serve_desk(desk)
    first = page.driver.current_window_handle
    page.send("Wait for me")
    page.until(lambda: "It begins." in page.text("#current .answer"))
    join = (
        "const ask = window.gradio_config.dependencies.find((one) => one.api_name === 'ask').id;"
        "const join = (n) => fetch('gradio_api/queue/join', {method: 'POST', headers: {'content-type': "
        "'application/json'}, body: JSON.stringify({data: [[]], fn_index: ask, session_hash: 'other' + n})});"
        "Promise.all([...Array(16).keys()].map(join)).then((all) => arguments[0](all.map((one) => one.status)));"
    )
    assert set(page.driver.execute_async_script(join)) == {200}
    page.driver.switch_to.new_window("tab")
    try:
        other = Page(page.driver, page.address.replace("127.0.0.1", "localhost")).open()
        other.send("Quote the number of cases")
        assert "busy with other questions" in other.finished().text
        assert other.state() == "error"
    finally:
        page.driver.close()
        page.driver.switch_to.window(first)
    desk.go_on.set()
    page.until(lambda: "It ended." in page.text("#current .answer"))


def test_articles_can_be_changed_while_an_answer_is_written(serve_desk: Serve, tmp_path: Path) -> None:
    """Indexing does not wait for the model."""
    desk = FakeDesk(tmp_path)
    page = serve_desk(desk)
    page.send("Wait for me")
    page.until(lambda: "It begins." in page.text("#current .answer"))
    page.tab("Articles")
    page.click("#reindex")
    page.until(lambda: "2 unchanged" in page.text("#report .report"))
    page.tab("Ask")
    assert page.state() == "busy"
    desk.go_on.set()
    page.finished()


def test_retry_asks_the_last_question_again_in_place_of_its_answer(serve_desk: Serve, tmp_path: Path) -> None:
    """After Retry there are as many turns as before, and the answer is a new one."""
    desk = FakeDesk(tmp_path)
    page = serve_desk(desk)
    page.ask(QUESTION)
    page.ask("Refuse this")
    before = page.turns()[-1].get_attribute("id")
    page.click("#retry")
    page.until(lambda: page.turns()[-1].get_attribute("id") != before)
    page.finished()
    assert len(page.turns()) == 2
    assert len(desk.histories) == 3
    assert desk.histories[2] == desk.histories[1]


def test_the_range_of_dates_can_be_taken_off(serve_desk: Serve, tmp_path: Path) -> None:
    """The cross asks the last question again, of all dates, and Retry keeps to that; earlier answers have none."""
    desk = FakeDesk(tmp_path)
    page = serve_desk(desk)
    page.ask(QUESTION)
    page.ask("And in October?")
    assert [cross.is_displayed() for cross in page.all("#conversation .widen")] == [False, True]
    before = page.last()
    page.click("#current .widen")
    page.until(lambda: page.last() != before)
    page.finished()
    assert "Searched" not in page.turns()[-1].text
    assert len(page.turns()) == 2
    before = page.last()
    page.click("#retry")
    page.until(lambda: page.last() != before)
    page.finished()
    assert desk.any_dates == [False, False, True, True]
    assert desk.histories[1] == desk.histories[2] == desk.histories[3]
    page.ask(QUESTION)
    assert desk.any_dates[-1] is False


def test_earlier_turns_go_along_as_history(serve_desk: Serve, tmp_path: Path) -> None:
    """The second question brings the first one and its answer."""
    desk = FakeDesk(tmp_path)
    page = serve_desk(desk)
    page.ask(QUESTION)
    page.ask("And the year before?")
    assert desk.histories[0] == ()
    assert desk.histories[1][0] == Message("user", QUESTION)
    assert desk.histories[1][1].role == "assistant"
    assert "[1]" in desk.histories[1][1].content


def test_clear_empties_conversation_and_sources(serve_desk: Serve, tmp_path: Path) -> None:
    """Clear leaves the welcome, no card, and nothing for a reload to bring back."""
    page = serve_desk(FakeDesk(tmp_path))
    page.ask(QUESTION)
    page.click("#clear")
    page.until(lambda: not page.turns())
    page.until(lambda: not page.all("#sources .source"))
    page.open()
    page.settle()
    assert not page.turns()


def test_a_reload_keeps_the_conversation(serve_desk: Serve, tmp_path: Path) -> None:
    """After a reload every turn stands there with working marks, and the conversation goes on."""
    desk = FakeDesk(tmp_path)
    page = serve_desk(desk)
    page.ask(QUESTION)
    page.ask("Refuse this")
    page.open()
    page.until(lambda: len(page.turns()) == 2)
    assert page.state() == "refused"
    page.click('#past .citation[data-number="1"]')
    page.one("#sources .source.active")
    page.ask("And then?")
    assert len(page.turns()) == 3
    assert len(desk.histories[-1]) == 4


def test_a_reload_while_an_answer_is_written_stops_it(serve_desk: Serve, tmp_path: Path) -> None:
    """The model is stopped when the page is left, and the question is there to be retried."""
    desk = FakeDesk(tmp_path)
    page = serve_desk(desk)
    page.send("Wait for me")
    page.until(lambda: "It begins." in page.text("#current .answer"))
    page.open()
    page.until(lambda: page.state() == "answered")
    assert "Stopped" in page.text("#current .answer")
    assert desk.closed.wait(5)


def test_a_reload_while_a_question_waits_loses_nothing(serve_desk: Serve, tmp_path: Path) -> None:
    """Behind the question of another tab it still waits after the reload, and is answered in its turn."""
    desk = FakeDesk(tmp_path)
    page = serve_desk(desk)
    first = page.driver.current_window_handle
    page.send("Wait for me")
    page.until(lambda: "It begins." in page.text("#current .answer"))
    page.driver.switch_to.new_window("tab")
    try:
        other = Page(page.driver, page.address.replace("127.0.0.1", "localhost")).open()
        other.send("Quote the number of cases")
        other.open()
        assert other.state() == "busy"
        desk.go_on.set()
        assert "91 people fell ill" in other.finished().text
        assert len(other.turns()) == 1
    finally:
        page.driver.close()
        page.driver.switch_to.window(first)


def test_enter_sends_and_shift_enter_makes_a_line(serve_desk: Serve, tmp_path: Path) -> None:
    """The question is sent with Enter, in as many lines as it was written."""
    page = serve_desk(FakeDesk(tmp_path))
    box = page.one("#question textarea")
    box.send_keys("What did the audit", Keys.SHIFT, Keys.ENTER)
    box.send_keys("find?")
    assert not page.turns()
    box.send_keys(Keys.ENTER)
    page.until(lambda: page.turns())
    page.finished()
    assert page.one("#current .asked").text.endswith("What did the audit\nfind?")
    page.until(lambda: page.one("#question textarea").get_attribute("value") == "")


def test_a_blank_or_endless_question_is_not_sent(serve_desk: Serve, tmp_path: Path) -> None:
    """A blank question and one of more than 4,000 characters get a sentence each, and no answer."""
    desk = FakeDesk(tmp_path)
    page = serve_desk(desk)
    page.type("   ")
    page.click("#send")
    page.until(lambda: page.text("#notice") == "Type a question first.")
    page.driver.execute_script(
        "const box = document.querySelector('#question textarea'); box.value = 'x'.repeat(4001);"
        "box.dispatchEvent(new Event('input', { bubbles: true }));"
    )
    page.click("#send")
    page.until(lambda: "4,000 characters" in page.text("#notice"))
    assert not page.turns()
    assert desk.histories == []


def test_an_example_is_asked_with_a_click(serve_desk: Serve, tmp_path: Path) -> None:
    """A click on an example asks it."""
    page = serve_desk(FakeDesk(tmp_path), ("Refuse this example", QUESTION))
    page.click('.example[data-number="1"]')
    page.finished()
    assert page.one("#current .asked").text.endswith(QUESTION)


def test_an_upload_is_listed_and_can_be_deleted(serve_desk: Serve, tmp_path: Path, files: Callable[..., Path]) -> None:
    """An uploaded article appears in the list, bad files are named with a reason, and Delete asks before it acts."""
    desk = FakeDesk(tmp_path / "library")
    page = serve_desk(desk)
    page.tab("Articles")
    assert "2 articles" in page.text("#articles .count")
    paths = [files("harbour.txt", "Harbour opens\nThe harbour opened."), files("bad.txt", "broken")]
    page.one("#upload input[type=file]").send_keys("\n".join(map(str, paths)))
    row = page.one('#articles tr[data-article-id="harbour.txt"]')
    assert "Harbour opens" in row.text
    assert "1 added" in page.text("#report .report")
    assert "bad.txt is not an article" in page.text("#report .failures")
    assert not (desk.uploads / "bad.txt").exists()
    row.find_element(By.CSS_SELECTOR, ".delete").click()
    page.one('#articles .delete[data-article-id="harbour.txt"][data-sure="yes"]').click()
    page.until(lambda: not page.all('#articles tr[data-article-id="harbour.txt"]'))
    assert "harbour.txt" not in desk.known
    assert not (desk.uploads / "harbour.txt").exists()
    page.open()
    page.tab("Articles")
    page.until(lambda: "2 articles" in page.text("#articles .count"))


def test_reindex_reads_everything_and_reports(serve_desk: Serve, tmp_path: Path) -> None:
    """The button reads the sources again; what it found is counted, and the list is fresh."""
    desk = FakeDesk(tmp_path)
    page = serve_desk(desk)
    page.tab("Articles")
    page.one("#articles table")
    (desk.uploads / "late.txt").write_text("Late news\nIt came late.", encoding="utf-8")
    page.click("#reindex")
    page.one('#articles tr[data-article-id="late.txt"]')
    assert "1 added, 2 unchanged" in page.text("#report .report")


def test_articles_that_came_from_elsewhere_appear_when_the_tab_is_opened(serve_desk: Serve, tmp_path: Path) -> None:
    """The list is read anew whenever its tab is opened, and the filter narrows it."""
    desk = FakeDesk(tmp_path, (TUNNEL,))
    page = serve_desk(desk)
    desk.known[MEASLES.article_id] = MEASLES
    page.tab("Articles")
    page.until(lambda: "2 articles" in page.text("#articles .count"))
    page.one("#filter input, #filter textarea").send_keys("measles 2025")
    page.until(lambda: page.text("#articles .count") == "1 of 2 articles")


def test_an_empty_library_says_what_to_do(serve_desk: Serve, tmp_path: Path) -> None:
    """Both tabs tell how articles are added."""
    page = serve_desk(FakeDesk(tmp_path, ()))
    assert "qa index" in page.text("#conversation .welcome")
    page.tab("Articles")
    assert "No articles yet" in page.text("#articles .welcome")


def test_copy_gives_the_answer_with_its_sources(serve_desk: Serve, tmp_path: Path) -> None:
    """The button copies the answer and its numbered sources as plain text."""
    page = serve_desk(FakeDesk(tmp_path))
    page.ask(QUESTION)
    page.click("#current .copy")
    page.until(lambda: page.text("#current .copy") == "Copied")
    page.one("#question textarea").send_keys(Keys.CONTROL, "v")
    pasted = str(page.one("#question textarea").get_attribute("value"))
    assert "in eleven places [1]." in pasted
    assert "[1] Gant tunnel audit finds water damage (16 October 2025), https://courier.example/" in pasted
    assert '"They found water behind the lining in eleven places"' in pasted


def test_a_phone_needs_no_sideways_scroll(serve_desk: Serve, tmp_path: Path) -> None:
    """At 390 pixels both tabs fit, and a mark brings its card into view."""
    page = serve_desk(FakeDesk(tmp_path), (QUESTION,))
    phone = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", phone)
    try:
        page.open().ask(f"{QUESTION} {'x' * 300}")
        wide = "return document.scrollingElement.scrollWidth - document.documentElement.clientWidth"
        assert page.driver.execute_script(wide) <= 0
        page.click('#current .citation[data-number="1"]')
        page.settle(1)
        box = "const box = document.querySelector('.active mark').getBoundingClientRect(); return [box.top, box.bottom]"
        top, bottom = page.driver.execute_script(box)
        assert top >= 0
        assert bottom <= 844
        page.tab("Articles")
        page.one("#articles table")
        assert page.driver.execute_script(wide) <= 0
    finally:
        page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_dark_follows_the_system_and_can_be_switched(serve_desk: Serve, tmp_path: Path) -> None:
    """The page is dark where the system is, and the switch turns it light for good."""
    page = serve_desk(FakeDesk(tmp_path))
    features = [{"name": "prefers-color-scheme", "value": "dark"}]
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    try:
        page.open()
        page.until(lambda: "dark" in str(page.one("body").get_attribute("class")))
        assert page.one("#conversation").value_of_css_property("background-color") == "rgba(27, 30, 35, 1)"
        page.click(".theme")
        page.open()
        page.settle(1)
        assert page.one("#conversation").value_of_css_property("background-color") == "rgba(255, 255, 255, 1)"
    finally:
        page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_the_page_asks_nothing_of_other_machines(serve_desk: Serve, tmp_path: Path) -> None:
    """No font, script or picture comes from outside, and the console has no complaint."""
    page = serve_desk(FakeDesk(tmp_path))
    page.complaints()
    page.ask(QUESTION)
    page.tab("Articles")
    page.settle(1)
    assert page.foreign_requests() == []
    assert page.complaints() == []
