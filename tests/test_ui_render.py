"""Turns, sources and lists as safe HTML."""

from dataclasses import replace
from html.parser import HTMLParser

import pytest

from qa.types import (
    Answer,
    Citation,
    Conflict,
    Failure,
    Hit,
    ListedArticle,
    Nearest,
    Sentence,
    SyncReport,
    Timings,
    Withheld,
)
from ui.listing import articles_html, line_html, progress_html, report_html
from ui.markup import count, day, host, link
from ui.render import conversation_html, notice_html, turn_html, welcome_html
from ui.sources import plain_text, sources_html
from ui.turns import Source, Turn

CITED = Citation(1, "a.txt", "Dam full", "2025-03-03", "Courier", "https://courier.example/dam", "It is full.", 4, 15)
ANSWER = Answer(
    "Is it full?",
    "Is it full?",
    text="The dam is full [1].",
    sentences=(Sentence("The dam is full.", (1,), True, 0.9, "generated"),),
    citations=(CITED,),
    as_of="2025-03-03",
    passages=(Hit("a.txt", "Dam full", "2025-03-03", None, None, "It is full.", 0, 20, 0.5, 1),),
    timings=Timings(100, 200, 2149),
)
TURN = Turn("t1", "Is it full?", "answered", ANSWER, (Source(CITED, "Yes. ", " Rain fell."),))
PAYLOADS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</section></article><svg onload=alert(1)>",
    "&lt;b&gt;",
)


class Elements(HTMLParser):
    """Collects every element with its attributes, and the text between them."""

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep an element."""
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Keep text."""
        self.text += data

    def named(self, tag: str, **wanted: str) -> list[dict[str, str | None]]:
        """Return the attributes of the elements of a name and class."""
        return [
            attributes
            for name, attributes in self.found
            if name == tag and wanted.get("of", "") in (attributes.get("class") or "")
        ]


def hostile_turn(text: str, state: str) -> Turn:
    """Return a turn with the same text in every field."""
    cited = Citation(1, text, text, text, text, text, text, 0, len(text))
    hit = Hit(text, text, text, text, text, text, 100, 101, 0.5, 1)
    answer = Answer(
        text, text, text, text, state == "refused", text, nearest=(Nearest(text, text, text),), as_of=text, since=text,
        until=text, sentences=(Sentence(text, (1,), True, 1, "generated"), Sentence(text, (1,), True, 1, "quoted")),
        withheld=(Withheld(text, 0),), conflicts=(Conflict(text, text, 1),), citations=(cited,), passages=(hit,),
        timings=Timings(total_ms=1),
    )  # fmt: skip
    return Turn(text, text, state, answer, (Source(cited, text, text),), text)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", PAYLOADS)
@pytest.mark.parametrize("state", ["busy", "answered", "refused", "error"])
def test_text_of_strangers_adds_no_element(text: str, state: str) -> None:
    """The elements and attributes of a turn are the same whatever its texts say."""
    names = [(tag, sorted(attributes)) for tag, attributes in Elements(turn_html(hostile_turn("x", state))).found]
    shown = Elements(turn_html(hostile_turn(text, state)))
    assert [(tag, sorted(attributes)) for tag, attributes in shown.found] == names
    panel = Elements(str(shown.named("section", of="turn")[0]["data-sources"]))
    harmless = Elements(sources_html(hostile_turn("x", state)))
    assert [tag for tag, _ in panel.found] == [tag for tag, _ in harmless.found]
    assert text in shown.text


@pytest.mark.parametrize("text", PAYLOADS)
def test_lists_and_reports_add_no_element(text: str) -> None:
    """Titles, file names, reasons and messages are text in the list, the report and the notices."""
    listed = ListedArticle(text, text, text, text, text, 1)
    report = SyncReport(failed=1, failures=(Failure(text, text),))
    for markup in (
        articles_html([listed]),
        report_html(report),
        line_html(text),
        progress_html(text, 1, 2, text),
        notice_html(text),
    ):
        assert text in Elements(markup).text
        assert {tag for tag, _ in Elements(markup).found} <= {
            "div", "p", "table", "thead", "tbody", "tr", "th", "td", "span", "time", "button", "ul", "li", "strong",
            "progress",
        }  # fmt: skip


def test_a_mark_is_a_button_with_its_number_and_a_name() -> None:
    """Marks can be reached by keyboard, and a screen reader says what they open."""
    mark = Elements(turn_html(TURN)).named("button", of="citation")[0]
    assert mark["data-number"] == "1"
    assert mark["aria-label"] == "Source 1: Dam full, 3 March 2025"
    assert mark["type"] == "button"


def test_a_source_shows_the_quote_in_its_surroundings() -> None:
    """The card names the article, and marks the quoted words between those before and after."""
    markup = sources_html(TURN)
    card = Elements(markup).named("article", of="source")[0]
    assert card["data-article-id"] == "a.txt"
    assert '<span class="around">Yes. </span><mark>It is full.</mark><span class="around"> Rain fell.</span>' in markup
    assert "3 March 2025" in markup
    link = Elements(markup).named("a")[0]
    assert link["href"] == "https://courier.example/dam"
    assert link["rel"] == "noopener noreferrer nofollow"


def test_a_source_with_pages_names_the_page() -> None:
    """On its card and in the copied text; one without says nothing of pages."""
    assert "page" not in Elements(sources_html(TURN)).text
    on_page = replace(TURN, sources=(Source(replace(CITED, page=3)),))
    assert "3 March 2025 · Courier · page 3 · " in Elements(sources_html(on_page)).text
    assert "(3 March 2025), https://courier.example/dam, page 3\n" in plain_text(on_page)


def test_a_source_that_is_not_english_names_its_language() -> None:
    """On its card and in the list; English, an undecided language and one that nobody looked for are not named."""
    for language, said in (("de", "German"), ("en", None), ("und", None), (None, None)):
        turn = replace(TURN, sources=(Source(replace(CITED, language=language)),))
        listed = ListedArticle("a.txt", "Dam", None, "Courier", None, 1, language=language)
        for markup in (sources_html(turn), articles_html([listed])):
            assert ("Courier · German" in Elements(markup).text) is (said == "German")
            assert "English" not in markup


def test_passages_that_were_read_and_not_cited_are_listed_apart() -> None:
    """A passage that holds a citation is not repeated; another one is."""
    assert "Also read" not in sources_html(TURN)
    other = replace(ANSWER.passages[0], start=20, end=40)
    assert "Also read (1)" in sources_html(replace(TURN, answer=replace(ANSWER, passages=(other,))))


def test_an_answer_says_how_new_it_is_and_how_long_it_took() -> None:
    """The newest cited date, the range that was searched, and the seconds stand below the answer."""
    text = Elements(turn_html(replace(TURN, answer=replace(ANSWER, since="2025-01-01", until="2025-12-31")))).text
    assert "As of 3 March 2025: the newest article cited" in text
    assert "Searched from 1 January 2025 until 31 December 2025" in text
    assert "2.1 s" in text


@pytest.mark.parametrize(
    ("number", "line"),
    [
        (1, "1 sentence was withheld: no passage supports it."),
        (2, "2 sentences were withheld: no passage supports them."),
    ],
)
def test_withheld_sentences_are_counted_and_not_shown(number: int, line: str) -> None:
    """Their number is said, and their words stand in no part of the markup."""
    markup = turn_html(replace(TURN, answer=replace(ANSWER, withheld=(Withheld("Hearsay.", 0.1),) * number)))
    assert line in markup
    assert "Hearsay" not in markup


def test_a_refusal_names_the_nearest_articles() -> None:
    """A refusal has its label, its reason and the nearest articles with their dates, and no mark."""
    refusal = Answer(
        "Who won?", "Who won?", text="The articles do not say.", abstained=True, reason="No cup is mentioned.",
        nearest=(Nearest("a.txt", "Dam full", "2025-03-03"), Nearest("b.txt", "Old", None)),
        timings=Timings(total_ms=5),
    )  # fmt: skip
    shown = Elements(turn_html(Turn("t", "Who won?", "refused", refusal)))
    assert shown.named("div", of="answer")[0]["data-state"] == "refused"
    for words in ("Not in your articles", "No cup is mentioned.", "Dam full 3 March 2025", "Old undated"):
        assert words in shown.text
    assert not shown.named("button", of="citation")


def test_quoted_sentences_stand_in_a_quotation() -> None:
    """What an article says in its own words is labelled; what the model wrote is not."""
    quoted = replace(ANSWER, sentences=(*ANSWER.sentences, Sentence("It is full.", (1,), True, 1, "quoted")))
    markup = turn_html(replace(TURN, answer=quoted))
    assert markup.index('class="written"') < markup.index("Quoted from the articles") < markup.index("<blockquote")
    assert "Quoted" not in turn_html(TURN)


def test_the_short_answer_is_said_once() -> None:
    """Above the sentences, or as the first of them where that is all it says."""
    few = Sentence("Full.", (1,), True, 1.0, "generated")
    above = Elements(turn_html(replace(TURN, answer=replace(ANSWER, short_answer="full"))))
    inside = Elements(turn_html(replace(TURN, answer=replace(ANSWER, sentences=(few,), short_answer="Full"))))
    assert [e["class"] for e in above.named("p", of="short") + above.named("p", of="written")] == ["short", "written"]
    assert [e["class"] for e in inside.named("p", of="short")] == ["written short"]


def test_differing_values_are_listed_newest_first() -> None:
    """Where articles differ, each value stands with its date and its mark."""
    conflicts = (Conflict("74", "2025-02-13", 1), Conflict("91", "2025-06-12", 1))
    text = Elements(turn_html(replace(TURN, answer=replace(ANSWER, conflicts=conflicts)))).text
    assert text.index("91 12 June 2025[1]") < text.index("74 13 February 2025[1]")


def test_a_busy_turn_says_what_is_being_done() -> None:
    """Searching, then reading so many passages, then writing."""
    waiting = Turn("t", "Is it full?")
    assert "Searching your articles" in turn_html(waiting)
    found = replace(waiting, answer=replace(ANSWER, text="", sentences=(), citations=()))
    assert "Reading 1 passage of 1 article" in turn_html(found)
    assert "Writing, and checking each sentence" in turn_html(replace(waiting, answer=ANSWER))


@pytest.mark.parametrize(
    ("turn", "line"),
    [
        (Turn("t", "q", "answered", stopped=True), "Stopped before there was an answer."),
        (replace(TURN, stopped=True), "Stopped: the answer may be incomplete."),
        (Turn("t", "q", "error", message="no library; run qa index"), "no library; run qa index"),
        (replace(TURN, answer=replace(ANSWER, reason="Nothing fell in the range.")), "Nothing fell in the range."),
    ],
)
def test_a_note_says_why_an_answer_is_as_it_is(turn: Turn, line: str) -> None:
    """Stops, errors and reasons are lines of their own."""
    assert line in turn_html(turn)


def test_a_conversation_is_its_turns_in_order() -> None:
    """Each turn has an id to come back to."""
    markup = conversation_html([TURN, replace(TURN, turn_id="t2")])
    assert [turn["id"] for turn in Elements(markup).named("section", of="turn")] == ["turn-t1", "turn-t2"]


def test_an_empty_library_says_what_to_do() -> None:
    """Without articles the welcome and the list name the command."""
    assert "qa index FOLDER" in welcome_html(0)
    assert "qa index FOLDER" in articles_html([])
    assert "1,200 articles on this machine" in welcome_html(1200)


def test_the_copied_text_has_numbered_sources() -> None:
    """The plain text holds question, answer, and each source with title, date, address and quote."""
    assert plain_text(TURN) == (
        "Is it full?\n\nThe dam is full [1].\n\nSources\n[1] Dam full (3 March 2025), "
        'https://courier.example/dam\n    "It is full."'
    )


def test_the_list_is_newest_first_and_narrowed_by_words() -> None:
    """Every word must occur in title, date, source or id; the count says how many do."""
    listed = [ListedArticle(f"{year}.txt", "Dam", f"{year}-05-01", "Courier", None, 2) for year in (2023, 2025, 2024)]
    rows = Elements(articles_html(listed)).named("tr")
    assert [row["data-article-id"] for row in rows[1:]] == ["2025.txt", "2024.txt", "2023.txt"]
    narrowed = articles_html(listed, "may 2024")
    assert "1 of 3 articles" in narrowed
    assert "2023.txt" not in narrowed


def test_a_long_list_shows_its_newest_and_says_so() -> None:
    """More than two hundred rows are not drawn."""
    listed = [ListedArticle(f"{number:04}.txt", "Dam", None, None, None, 1) for number in range(250)]
    markup = articles_html(listed)
    assert "250 articles; the newest 200 are shown" in markup
    assert len(Elements(markup).named("button", of="delete")) == 200


def test_a_report_counts_and_names_what_failed() -> None:
    """Only what happened is said; files turned away before indexing count as failed."""
    report = SyncReport(added=2, unchanged=40, failed=1, failures=(Failure("a.txt", "is empty"),), seconds=1.26)
    shown = Elements(report_html(report, [Failure("b.exe", "is of no known type")])).text
    assert shown.startswith("2 added, 40 unchanged, 2 failed in 1.3 s")
    assert "a.txt is empty" in shown
    assert "b.exe is of no known type" in shown
    assert "nothing to do" in report_html(SyncReport())


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://courier.example/a?b=1", "courier.example"),
        ("http://COURIER.example:8080/", "courier.example"),
        ("https://b\u00fccher.example/", "xn--bcher-kva.example"),
        ("http://[::1]/", "::1"),
        ("https://sparka\u00dfe.example/", "xn--sparkae-5va.example"),
        ("https://\u0131stanbul.example/", "xn--stanbul-qfb.example"),
        ("http://my_host.example/", "my_host.example"),
        ("http://127.0.0.1:8/", "127.0.0.1"),
        ("http://2130706433/", None),
        ("http://0x7f.1/", None),
        ("javascript:alert(1)", None),
        (" javascript:alert(1)", None),
        ("java\nscript:alert(1)", None),
        ("data:text/html,x", None),
        ("//courier.example/", None),
        ("https://courier.example@evil.example/", None),
        ("https://courier.example\\@evil.example/", None),
        ("https://courier.example:x/", None),
        ("https:///path", None),
        ("ftp://courier.example/", None),
        ("", None),
        (None, None),
    ],
)
def test_only_addresses_of_the_web_become_links(url: str | None, shown: str | None) -> None:
    """The host that is shown is the one the link leads to; everything else is no link."""
    assert host(url) == shown
    assert bool(link(url)) == (shown is not None)


@pytest.mark.parametrize(
    ("date", "shown"),
    [("2025-03-03", "3 March 2025"), ("2025-12-31", "31 December 2025"), ("spring", "spring"), (None, "undated")],
)
def test_dates_are_written_out(date: str | None, shown: str) -> None:
    """A date is written the same way whatever the machine's language."""
    assert day(date) == shown


def test_counts_agree_with_their_nouns() -> None:
    """One passage, two passages."""
    assert [count(number, "passage") for number in (0, 1, 2)] == ["0 passages", "1 passage", "2 passages"]
