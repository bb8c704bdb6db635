"""Addresses as sources: what a feed brings stays, what fails costs only itself, and nothing is fetched but by indexing."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from queue import Queue

import pytest

from qa.cli import main
from qa.errors import InputError, LibraryError
from qa.library.database import get_meta, open_to_read, open_to_write
from qa.library.lock import writing
from qa.library.repair import repair
from qa.library.verify import verify
from qa.types import Change, SyncReport
from tests.conftest import MakeDesk
from tests.site import Page, Site, feed, serving
from tests.test_library_watching import PATIENCE

FERRY = ("7", "Ferry opens", "The ferry to Lenvik opened.")
TRAM = ("8", "Tram stops", "The tram to Hareid stopped.")
HTML = {"Content-Type": "text/html"}


@pytest.fixture
def site() -> Iterator[Site]:
    """A server with a feed of two entries, and a page."""
    with serving() as site:
        site.pages["/feed"] = feed(FERRY, TRAM)
        site.pages["/page"] = page("The mayor of Port Lindal resigned.")
        yield site


def page(text: str) -> Page:
    """A web page that says something."""
    html = f"<html><head><title>Mayor</title></head><body><article><p>{text}</p></article></body></html>"
    return Page(html.encode(), headers={**HTML, "ETag": f'"{len(text)}-{hash(text)}"'})


def counts(report: SyncReport) -> tuple[int, int, int, int, int]:
    """Added, updated, removed, unchanged, failed."""
    return report.added, report.updated, report.removed, report.unchanged, report.failed


def test_a_feed_is_asked_again_and_keeps_what_it_brought(site: Site, make_desk: MakeDesk) -> None:
    """Without paths, too; nothing new costs one request without content, and what is no longer listed stays."""
    desk = make_desk(private_hosts="127.0.0.1")
    address = site.at("/feed")
    assert counts(desk.index(address)) == (2, 0, 0, 0, 0)
    assert {(a.article_id, a.url, a.source, a.path) for a in desk.articles()} == {
        (f"{address}#{number}", site.at(f"/news/{number}"), "Kestrel Post", address) for number in (7, 8)
    }
    state = open_to_read(desk.library.folder)
    before = get_meta(state, "generation")
    site.paths()
    assert counts(desk.index()) == (0, 0, 0, 2, 0)
    assert [headers.get("if-none-match") is not None for _, headers in site.asked] == [True]
    assert get_meta(state, "generation") == before
    site.pages["/feed"] = feed(("8", "Tram stops", "The tram to Hareid stopped for good."), ("9", "Snow", "It snowed."))
    assert counts(desk.index()) == (1, 1, 0, 1, 0)
    assert {a.article_id[-1] for a in desk.articles()} == {"7", "8", "9"}
    assert "for good" in desk.search("tram Hareid")[0].text
    assert [hit.url for hit in desk.search("ferry Lenvik", 1)] == [site.at("/news/7")]
    assert [version.change for version in desk.history(f"{address}#8")] == ["added", "updated"]


def test_a_page_is_updated_when_its_text_changes(site: Site, make_desk: MakeDesk) -> None:
    """Its address is its id, and a citation's."""
    desk = make_desk("He resigned [1].", private_hosts="127.0.0.1")
    address = site.at("/page")
    assert counts(desk.index(address)) == (1, 0, 0, 0, 0)
    site.pages["/page"] = Page(
        site.pages["/page"].body.replace(b"<article>", b"<!-- visit 27 --><article>"), headers=HTML
    )  # type: ignore[union-attr]
    assert counts(desk.index(address)) == (0, 0, 0, 1, 0)
    site.pages["/page"] = page("The mayor of Port Lindal stays.")
    assert counts(desk.index()) == (0, 1, 0, 0, 0)
    answer = desk.ask("Does the mayor of Port Lindal stay?")
    assert [(c.article_id, c.url) for c in answer.citations] == [(address, address)]


def test_what_fails_costs_only_itself(site: Site, articles: Path, make_desk: MakeDesk) -> None:
    """It is listed with its reason, and what it brought before stays; a folder beside it is indexed."""
    desk = make_desk(private_hosts="127.0.0.1")
    desk.index(site.at("/feed"), site.at("/page"))
    site.pages["/feed"] = Page(status=500)
    site.pages["/page"] = Page(b"\x89PNG", headers={"Content-Type": "image/png"})
    report = desk.index(articles, site.at("/feed"), site.at("/page"), site.at("/none"), "http://127.0.0.2/")
    assert counts(report)[:3] == (3, 0, 0)
    reasons = {failure.path: failure.reason for failure in report.failures}
    assert len(reasons) == report.failed == 4
    assert (
        reasons[site.at("/feed")]
        == "answers 500 Internal Server Error; try again later; what it brought before is kept"
    )
    assert reasons[site.at("/page")].startswith("is image/png, which is no feed, page or text; ")
    assert reasons[site.at("/none")].startswith("answers 404 Not Found; check the address")
    assert "private_hosts" in reasons["http://127.0.0.2/"]
    assert len(desk.articles()) == 6
    site.paths()
    assert desk.index().failed == 2
    assert site.paths() == ["/feed", "/page"]  # what never brought anything is no source


def test_an_entry_that_cannot_be_read_is_listed_until_it_can(site: Site, make_desk: MakeDesk) -> None:
    """So a feed with one is asked for its content each time, though it says that nothing is new."""
    desk = make_desk(private_hosts="127.0.0.1")
    site.pages["/feed"] = feed(FERRY, ("9", "", ""))
    for unchanged in (0, 1):
        report = desk.index(site.at("/feed"))
        assert report.unchanged == unchanged
        assert [(f.path, f.reason.split(";")[0]) for f in report.failures] == [(f"{site.at('/feed')}:2", "has no text")]
    assert not any("if-none-match" in headers for _, headers in site.asked)


def test_an_id_of_another_source_is_refused_until_that_is_gone(site: Site, make_desk: MakeDesk, tmp_path: Path) -> None:
    """And then found, though the feed has not changed."""
    desk = make_desk(private_hosts="127.0.0.1")
    (tmp_path / "a.jsonl").write_text(json.dumps({"id": "tag:7", "text": "Another ferry."}))
    desk.index(tmp_path / "a.jsonl")
    site.pages["/feed"] = feed(("tag:7", "Ferry", "The ferry opened."), TRAM)
    assert [f.reason.split(";")[0] for f in desk.index(site.at("/feed")).failures] == [
        f"the id 'tag:7' already belongs to an article of {tmp_path / 'a.jsonl'} (a.jsonl)"
    ]
    (tmp_path / "a.jsonl").unlink()
    assert counts(desk.index(allow_empty=True)) == (1, 0, 1, 1, 0)
    assert counts(desk.index()) == (0, 0, 0, 2, 0)


def test_a_pause_is_kept_by_every_process(site: Site, make_desk: MakeDesk) -> None:
    """For all addresses of that server; the feed counts as failed meanwhile."""
    desk = make_desk(private_hosts="127.0.0.1")
    desk.index(site.at("/feed"), site.at("/page"))
    site.pages["/feed"] = Page(status=429, headers={"Retry-After": "3600"})
    assert "asks to be left alone until" in desk.index(site.at("/feed")).failures[0].reason
    site.paths()
    report = make_desk(private_hosts="127.0.0.1").index()
    assert [failure.path for failure in report.failures] == [site.at("/feed"), site.at("/page")]
    assert all(f.reason.startswith("was not asked, as its server asks for a pause") for f in report.failures)
    assert site.asked == []
    with open_to_write(desk.library.folder) as connection:
        connection.execute("UPDATE visits SET not_before = '2001-04-02T00:00:00+00:00' WHERE not_before IS NOT NULL")
    site.pages["/feed"] = feed(FERRY, TRAM)
    assert counts(desk.index()) == (0, 0, 0, 3, 0)


def test_what_was_removed_stays_out_and_a_source_is_asked_no_more(site: Site, make_desk: MakeDesk) -> None:
    """An entry by its id; a feed or page, with all it brought, by its address."""
    desk = make_desk(private_hosts="127.0.0.1")
    desk.index(site.at("/feed"), site.at("/page"))
    desk.remove(f"{site.at('/feed')}#7")
    site.pages["/feed"] = feed(FERRY, TRAM, ("9", "Snow", "It snowed."))
    report = desk.index()
    assert (counts(report), report.skipped) == ((1, 0, 0, 2, 0), 1)
    desk.remove(site.at("/page"), purge=True)
    desk.remove(site.at("/feed").replace("http", "HTTP"))
    assert desk.articles() == ()
    site.paths()
    with pytest.raises(InputError, match="the library has no sources yet"):
        desk.index()
    assert site.asked == []
    assert counts(desk.index(site.at("/feed"))) == (3, 0, 0, 0, 0)
    for unknown in ("/other", "/feed#10", "/feed#"):
        with pytest.raises(InputError, match="there is no article"):
            desk.remove(site.at(unknown))
    assert len(desk.articles()) == 3


def test_diff_asks_and_writes_nothing(site: Site, make_desk: MakeDesk) -> None:
    """Of no library, too; what it tells then happens."""
    desk = make_desk(private_hosts="127.0.0.1")
    found = desk.diff(site.at("/feed"))
    assert found.changes == tuple(Change("added", f"{site.at('/feed')}#{number}") for number in (7, 8))
    assert not desk.library.folder.exists()
    desk.index(site.at("/feed"))
    site.pages["/feed"] = feed(FERRY, ("8", "Tram", "The tram runs again."))
    for _ in range(2):
        assert desk.diff().changes == (Change("updated", f"{site.at('/feed')}#8"),)
    assert counts(desk.index()) == (0, 1, 0, 1, 0)
    assert desk.diff().changes == ()


def test_nothing_but_indexing_asks(site: Site, make_desk: MakeDesk, tmp_path: Path) -> None:
    """Neither questions nor any look at the library, nor keeping it well."""
    desk = make_desk("The ferry opened [1].", private_hosts="127.0.0.1")
    desk.index(site.at("/feed"))
    site.asked.clear()
    desk.ask("What opened to Lenvik?")
    desk.search("ferry")
    desk.listing(match="ferry")
    desk.article(f"{site.at('/feed')}#7")
    assert [(count.name, count.articles) for count in desk.statistics().folders] == [(site.at("/feed"), 2)]
    desk.remove(f"{site.at('/feed')}#7")
    assert verify(desk.library.folder).ok
    repair(desk.library.folder, lambda: desk.embedder, desk.settings, reembed=True)
    desk.backup(tmp_path / "kept.zip")
    desk.restore(tmp_path / "kept.zip", replace=True)
    assert site.asked == []
    assert counts(desk.index()) == (0, 0, 0, 1, 0)  # and the restored one knows where it was
    assert "if-none-match" in site.asked[-1][1]


def test_what_is_damaged_is_fetched_again(site: Site, make_desk: MakeDesk) -> None:
    """After a repair, which has the next indexing read it anew."""
    desk = make_desk(private_hosts="127.0.0.1")
    desk.index(site.at("/feed"))
    connection = open_to_write(desk.library.folder)
    connection.execute("UPDATE articles SET text = 'The ferry to Lenvik sank..' WHERE article_id LIKE '%#7'")
    connection.close()
    repair(desk.library.folder, lambda: desk.embedder, desk.settings)
    assert counts(desk.index()) == (0, 1, 0, 1, 0)
    assert desk.search("ferry Lenvik")[0].text == "The ferry to Lenvik opened."


def test_what_is_no_address_is_an_error(
    make_desk: MakeDesk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is made of it."""
    with pytest.raises(InputError, match="only http and https addresses are"):
        make_desk().index("ftp://post.example/")
    assert main(["index", "https://user@post.example/", "--library", str(tmp_path / "library")]) == 1
    assert capsys.readouterr().err.startswith("qa: https://user@post.example/ has a user name in it; ")
    assert not (tmp_path / "library").exists()


def test_libraries_of_before_are_brought_up_to_date(site: Site, articles: Path, make_desk: MakeDesk) -> None:
    """One of format 3 answers as it is."""
    desk = make_desk(private_hosts="127.0.0.1")
    desk.index(articles)
    connection = open_to_write(desk.library.folder)
    connection.execute(
        "DROP TABLE visits; ALTER TABLE articles DROP COLUMN language; UPDATE meta SET value = '3' WHERE key = 'format'"
    )
    connection.close()
    assert len(desk.articles()) == 3
    assert desk.diff(site.at("/feed")).report.added == 2
    assert counts(desk.index()) == (0, 0, 0, 3, 0)
    assert counts(desk.index(site.at("/feed"))) == (2, 0, 0, 0, 0)


def test_addresses_are_asked_every_so_often_and_files_watched(site: Site, articles: Path, make_desk: MakeDesk) -> None:
    """A change of files asks no address; a running chat sees what came."""
    desk, chat = make_desk(private_hosts="127.0.0.1"), make_desk()
    desk.index(articles)
    outcomes, stop = Queue[object](), threading.Event()
    how = {"told": outcomes.put, "stop": stop, "every": 6.0}
    thread = threading.Thread(target=lambda: desk.watch(articles, site.at("/feed"), **how))  # type: ignore[arg-type]
    thread.start()
    try:
        assert counts(_next(outcomes)) == (2, 0, 0, 3, 0)
        site.paths()
        (articles / "tram.txt").write_text("The tram to Hareid returned.\n")
        while not _next(outcomes).added:
            pass
        site.pages["/feed"] = feed(FERRY, TRAM, ("9", "Snow", "It snowed in Hallin."))
        while not _next(outcomes).added:
            pass
        assert chat.search("snow Hallin")[0].article_id == f"{site.at('/feed')}#9"
        assert len(site.paths()) <= 3
    finally:
        stop.set()
        thread.join(PATIENCE)
    assert not thread.is_alive()


def test_where_another_run_is_at_work_nothing_is_fetched(site: Site, make_desk: MakeDesk, tmp_path: Path) -> None:
    """It is said at once."""
    desk = make_desk(private_hosts="127.0.0.1")
    desk.index(site.at("/feed"))
    site.paths()
    with writing(tmp_path / "library"), pytest.raises(LibraryError, match="another indexing run"):
        desk.index()
    assert site.paths() == []


def test_every_without_watching_looks_at_files_then_only(articles: Path, make_desk: MakeDesk, tmp_path: Path) -> None:
    """And goes on after an error as soon as it can."""
    desk = make_desk()
    outcomes, stop = Queue[object](), threading.Event()
    how = {"told": outcomes.put, "stop": stop, "every": 2.0, "files": False}
    thread = threading.Thread(target=lambda: desk.watch(articles, **how))  # type: ignore[arg-type]
    thread.start()
    try:
        assert _next(outcomes).added == 3
        with writing(tmp_path / "library"):
            (articles / "tram.txt").write_text("The tram to Hareid returned.\n")
            while not isinstance(outcomes.get(timeout=PATIENCE), LibraryError):
                pass
        while not _next(outcomes).added:
            pass
    finally:
        stop.set()
        thread.join(PATIENCE)


def _next(outcomes: "Queue[object]") -> SyncReport:
    """The next report; errors are left out."""
    while not isinstance(outcome := outcomes.get(timeout=PATIENCE), SyncReport):
        pass
    return outcome


def test_addresses_alone_cannot_be_watched(site: Site, make_desk: MakeDesk) -> None:
    """They are asked once, and what to say instead is said."""
    desk = make_desk(private_hosts="127.0.0.1")
    with pytest.raises(InputError, match="--every 10m"):
        desk.watch(site.at("/feed"), told=lambda outcome: None)
    assert len(desk.articles()) == 2


@pytest.mark.parametrize("text", ["10", "5s", "29s", "0m", "m", "1.5h", "1w", "9999999d", "\u0661h"])
def test_a_time_that_is_none_is_a_mistake(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Of usage, and so is one that other people's servers would notice."""
    with pytest.raises(SystemExit) as ended:
        main(["index", "--every", text])
    assert ended.value.code == 2
    assert "write 30s, 10m, 2h or 1d" in capsys.readouterr().err


def test_the_command(site: Site, tmp_path: Path, make_desk: MakeDesk, capsys: pytest.CaptureFixture[str]) -> None:
    """Adds a feed by its address; list and show know it; status 3 where it cannot be fetched."""
    library = tmp_path / "library"
    library.mkdir()
    place = ("--library", str(library))
    assert main(["diff", site.at("/feed"), *place]) == 3
    assert (
        f"qa: {site.at('/feed')}: leads to 127.0.0.1, which is not on the public internet; " in capsys.readouterr().err
    )
    (library / "settings.toml").write_text('private_hosts = "127.0.0.1"\n')
    make_desk(private_hosts="127.0.0.1").index(site.at("/feed"))
    assert main(["show", f"{site.at('/feed')}#7", *place]) == 0
    assert site.at("/news/7") in capsys.readouterr().out
    assert main(["diff", *place]) == 0
    assert "would be: 0 added, 0 updated, 0 removed, 2 unchanged" in capsys.readouterr().out
    assert main(["remove", site.at("/feed"), *place]) == 0
    assert capsys.readouterr().out == f"removed {site.at('/feed')}\n"


def test_a_feed_may_have_a_thousand_entries(site: Site, make_desk: MakeDesk) -> None:
    """Each becomes an article."""
    site.pages["/feed"] = feed(
        *((str(number), f"Report {number}", f"Report number {number}.") for number in range(1_000))
    )
    assert counts(make_desk(private_hosts="127.0.0.1").index(site.at("/feed"))) == (1_000, 0, 0, 0, 0)
