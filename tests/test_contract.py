"""What other programs rely on: commands, JSON, exit statuses and Python names, with the real models."""

import gzip
import io
import itertools
import json
from collections.abc import Iterator
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import qa
from qa.cli import main
from tests.conftest import write_articles

pytestmark = pytest.mark.models

FERRY = (
    "\tdate 2032-09-14 Car ferry to Ostrel Island doubled\n\n"
    "The shipping board of Ostrel Island ordered a second car ferry on Tuesday. "
    "The new vessel will carry 212 cars and cost 61 million crowns, board chair Runa Valdis said.\n\n"
    "\u201cNobody will miss the last boat again,\u201d said fisherman Ketil Moe.\n"
)
MILL = (
    "date 2032-10-03 Fire destroys paper mill in Brannfoss\r\n"
    "A fire destroyed the paper mill in Brannfoss on Saturday night.\r\n"
    "Fire chief Solveig Arnt said that 340 people had lost their jobs.\u202e\r\n"
)
NOTE = "The observatory on Mount Hareid has a telescope with a mirror of 4.2 metres. It is closed on Mondays.\n"
ARTICLES = {"ferry.txt": FERRY, "north/mill.txt": MILL, "observatory-note.txt": NOTE}
TRAM = {"id": "story-88", "title": "Trolleybus returns to Lenvik", "date": "2032-11-20", "url": "https://gazette.example/88",
        "source": "Lenvik Gazette", "text": "Trolleybuses returned to Lenvik on Friday after 27 years."}  # fmt: skip

FERRY_COST = "How much will the new car ferry cost?"
NOT_THERE = "Who composed the opera about the glass mountain?"
ASK_FIELDS = (
    "question standalone_question text short_answer abstained reason confidence missing nearest as_of since until sentences withheld "
    "conflicts citations passages model timings"
).split()
COUNTS = "added updated removed unchanged failed skipped".split()


def command(*arguments: object, status: int = 0) -> tuple[str, str]:
    """Run a command; its exit status is as said; returns stdout and stderr."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            left: object = main([str(argument) for argument in arguments])
        except SystemExit as leaving:
            left = leaving.code
    assert left == status, err.getvalue()
    assert "Traceback" not in err.getvalue()
    return out.getvalue(), err.getvalue()


def document(library: Path, *arguments: object, status: int = 0) -> Any:
    """The one JSON document that a command prints about a library."""
    return json.loads(command(*arguments, "--library", library, "--json", status=status)[0])


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library that no test changes, over a folder and a compressed file of JSON lines."""
    room = tmp_path_factory.mktemp("contract")
    for name, text in ARTICLES.items():
        (room / "news" / name).parent.mkdir(parents=True, exist_ok=True)
        (room / "news" / name).write_bytes(text.encode())
    with gzip.open(room / "wire.jsonl.gz", "wt", encoding="utf-8") as lines:
        lines.write(json.dumps(TRAM) + "\n")
    report = document(room / "library", "index", room / "news", room / "wire.jsonl.gz")
    assert set(report) == {*COUNTS, "failures", "seconds", "notes", "skips"}
    assert [report[name] for name in COUNTS] == [4, 0, 0, 0, 0, 0]
    assert report["failures"] == report["skips"] == []
    assert [(note["count"], note["paths"]) for note in report["notes"]] == [(1, ["north/mill.txt"])]  # its bidi marks
    assert report["seconds"] > 0
    return room / "library"


@pytest.fixture(scope="module")
def desk(library: Path) -> Iterator[qa.Desk]:
    """The same library in Python; the models are loaded once for all tests."""
    yield qa.open(library)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A library that a test may change, over a folder of its own."""
    write_articles(tmp_path / "news", ARTICLES)
    document(tmp_path / "library", "index", tmp_path / "news")
    return tmp_path / "library"


def sound(answer: dict[str, Any], texts: dict[str, str]) -> None:
    """What every answer promises; ``texts`` are the stored texts by id."""
    assert [field for field in ASK_FIELDS if field not in answer] == []
    assert 0 <= answer["confidence"] <= 1
    assert set(answer["timings"]) == {"retrieve_ms", "first_token_ms", "total_ms"}
    assert 0 < answer["timings"]["retrieve_ms"] <= answer["timings"]["total_ms"]
    for withheld in answer["withheld"]:
        assert set(withheld) == {"text", "score"}
        assert withheld["text"] not in answer["text"]
    for passage in answer["passages"]:
        assert set(passage) == {"article_id", "title", "date", "text", "start", "end", "score"}
        assert texts[passage["article_id"]][passage["start"] : passage["end"]] == passage["text"]
    if answer["abstained"]:
        refused(answer)
        return
    assert answer["model"]
    assert answer["timings"]["first_token_ms"] <= answer["timings"]["total_ms"]
    assert answer["text"] == " ".join(
        f"{s['text']} {''.join(f'[{n}]' for n in s['citations'])}" for s in answer["sentences"]
    )
    for sentence in answer["sentences"]:
        assert set(sentence) == {"text", "citations", "supported", "score", "origin"}
        assert sentence["supported"] is True
        assert sentence["origin"] in ("generated", "quoted")
        assert sentence["citations"]
        assert not any(f"[{number}]" in sentence["text"] for number in range(1, 10))
    cited(answer, texts)


def refused(answer: dict[str, Any]) -> None:
    """A refusal is a text, a reason and the nearest articles."""
    assert answer["text"]
    assert answer["reason"].endswith(".")
    assert (answer["sentences"], answer["citations"], answer["as_of"], answer["short_answer"]) == ([], [], None, None)
    assert answer["nearest"]
    assert all(set(nearest) == {"article_id", "title", "date"} for nearest in answer["nearest"])


def cited(answer: dict[str, Any], texts: dict[str, str]) -> None:
    """Quotes are slices of stored texts and of a passage, numbered in order of first use."""
    used = list(dict.fromkeys(number for sentence in answer["sentences"] for number in sentence["citations"]))
    assert used == [citation["number"] for citation in answer["citations"]] == list(range(1, len(used) + 1)) != []
    for citation in answer["citations"]:
        assert set(citation) == {
            "number",
            "article_id",
            "title",
            "date",
            "source",
            "url",
            "quote",
            "start",
            "end",
            "page",
            "language",
        }
        assert citation["quote"] == texts[citation["article_id"]][citation["start"] : citation["end"]] != ""
        assert any(
            p["article_id"] == citation["article_id"]
            and p["start"] <= citation["start"]
            and citation["end"] <= p["end"]
            for p in answer["passages"]
        )
    assert answer["as_of"] == max((c["date"] for c in answer["citations"] if c["date"]), default=None)
    if answer["short_answer"] is not None:
        assert any(answer["short_answer"] in citation["quote"] for citation in answer["citations"])


@pytest.fixture(scope="module")
def texts(desk: qa.Desk) -> dict[str, str]:
    """The stored texts by id."""
    return {article.article_id: desk.article(article.article_id).text for article in desk.articles()}


def test_list_and_show_give_ids_offsets_and_clean_texts(library: Path) -> None:
    """Paths relative to the folder; the id of a line; line ends as they are stored, control characters gone."""
    listed = document(library, "list")
    assert listed["total"] == len(listed["articles"]) == 4
    assert all(
        {"article_id", "title", "date", "source", "url", "passages", "language"} <= set(article)
        for article in listed["articles"]
    )
    assert {article["article_id"] for article in listed["articles"]} == {*ARTICLES, "story-88"}
    mill, ferry, note, tram = (
        document(library, "show", name) for name in ("north/mill.txt", "ferry.txt", "observatory-note.txt", "story-88")
    )
    assert (mill["title"], mill["date"]) == ("Fire destroys paper mill in Brannfoss", "2032-10-03")
    assert mill["text"].strip() == MILL.partition("\n")[2].replace("\r\n", "\n").replace("\u202e", "").strip()
    assert (ferry["title"], ferry["date"]) == ("Car ferry to Ostrel Island doubled", "2032-09-14")
    assert ferry["text"].strip() == FERRY.partition("\n")[2].strip()
    assert (note["date"], note["text"].strip()) == (None, NOTE.strip())
    assert {key: tram[key] for key in ("title", "date", "url", "source", "text")} == {
        k: v for k, v in TRAM.items() if k != "id"
    }
    for shown in (mill, ferry, note, tram):
        assert all(shown["text"][span["start"] : span["end"]].strip() for span in shown["passages"])
        assert shown["passages"]


def test_ask_answers_with_sources(library: Path, texts: dict[str, str]) -> None:
    """From one document on stdout; nothing but messages on stderr."""
    answer = document(library, "ask", FERRY_COST)
    sound(answer, texts)
    assert not answer["abstained"]
    assert "61 million" in answer["text"]
    assert answer["question"] == answer["standalone_question"] == FERRY_COST
    assert (answer["citations"][0]["article_id"], answer["as_of"]) == ("ferry.txt", "2032-09-14")
    spoken, _ = command("ask", FERRY_COST, "--library", library)
    assert answer["text"] in spoken
    assert "Car ferry to Ostrel Island doubled" in spoken


def test_ask_refuses_what_no_article_says(library: Path, texts: dict[str, str]) -> None:
    """Which is done, not an error."""
    answer = document(library, "ask", NOT_THERE)
    sound(answer, texts)
    assert answer["abstained"]


@pytest.mark.parametrize(
    ("question", "article_id", "said"),
    [
        ("How many people lost their jobs in Brannfoss?", "north/mill.txt", "340"),
        ("How large is the mirror of the telescope on Mount Hareid?", "observatory-note.txt", "4.2"),
        ("After how many years did trolleybuses return to Lenvik?", "story-88", "27"),
        ("Who is the chair of the shipping board?", "ferry.txt", "Runa Valdis"),
    ],
)
def test_every_kind_of_article_answers_its_question(
    desk: qa.Desk, texts: dict[str, str], question: str, article_id: str, said: str
) -> None:
    """In Python, with the fields of the JSON."""
    answer = desk.ask(question)
    sound(json.loads(json.dumps(document_of(answer))), texts)
    assert said in answer.text
    assert answer.citations[0].article_id == article_id


def document_of(answer: qa.Answer) -> dict[str, Any]:
    """An answer as plain values, its passages with the fields that the JSON has."""
    values = asdict(answer)
    for passage in values["passages"]:
        for field in ("source", "url", "passage_id", "pages", "language", "copied"):
            del passage[field]
    return values


def test_a_batch_gives_one_line_for_each_in_order(library: Path, texts: dict[str, str], tmp_path: Path) -> None:
    """With ranges, history and one line that cannot be answered: status 3."""
    turns = [
        {"role": "user", "content": "Who is Runa Valdis?"},
        {"role": "assistant", "content": "Runa Valdis chairs the shipping board."},
    ]
    lines = [
        {"id": "cost", "question": FERRY_COST},
        {"id": "range", "question": "What was destroyed?", "since": "2032-10-03", "until": "2032-10-03"},
        {"id": "blank", "question": " "},
        {"id": "history", "question": "And how many cars did she say it will carry?", "history": turns},
        {"id": "empty range", "question": FERRY_COST, "since": "2050-01-01"},
        {"id": "relative", "question": "What burned last month?", "today": "2032-11-15"},
    ]
    (tmp_path / "questions.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    out, _ = command("ask", "--batch", tmp_path / "questions.jsonl", "--library", library, "--json", status=3)
    answers = [json.loads(line) for line in out.splitlines()]
    assert [answer["id"] for answer in answers] == [line["id"] for line in lines]
    assert set(answers[2]) == {"id", "question", "error"}
    for answer in answers[:2] + answers[3:]:
        sound(answer, texts)
    ranged, follow_up, widened, relative = answers[1], answers[3], answers[4], answers[5]
    assert {passage["article_id"] for passage in ranged["passages"]} == {"north/mill.txt"}
    assert (ranged["since"], ranged["until"]) == ("2032-10-03", "2032-10-03")
    assert follow_up["standalone_question"] != follow_up["question"]
    assert "212" in follow_up["text"]
    assert (widened["since"], widened["until"]) == (None, None)
    assert "2050-01-01" in widened["reason"]
    assert "61 million" in widened["text"]
    assert (relative["since"], relative["until"]) == ("2032-10-01", "2032-10-31")


def test_ask_takes_dates_and_history(library: Path, texts: dict[str, str], tmp_path: Path) -> None:
    """As options."""
    (tmp_path / "turns.json").write_text(
        json.dumps([{"role": "user", "content": "What happened to the paper mill in Brannfoss?"}])
    )
    dates = ("--since", "2032-10-01", "--until", "2032-10-31", "--today", "2033-01-01")
    answer = document(
        library, "ask", "And how many people lost their jobs?", "--history", tmp_path / "turns.json", *dates
    )
    sound(answer, texts)
    assert "340" in answer["text"]
    assert (answer["since"], answer["until"]) == ("2032-10-01", "2032-10-31")


def test_search_gives_slices_best_first(library: Path, texts: dict[str, str]) -> None:
    """At most N of them."""
    found = document(library, "search", "paper mill fire", "-k", 2)
    assert found["query"] == "paper mill fire"
    assert len(found["hits"]) == 2
    assert found["hits"][0]["article_id"] == "north/mill.txt"
    assert [hit["score"] for hit in found["hits"]] == sorted((hit["score"] for hit in found["hits"]), reverse=True)
    for hit in found["hits"]:
        assert set(hit) == {"article_id", "title", "date", "text", "start", "end", "score"}
        assert texts[hit["article_id"]][hit["start"] : hit["end"]] == hit["text"]


def test_any_string_can_be_searched(desk: qa.Desk, library: Path) -> None:
    """Operators, quotes, emoji, controls, thousands of characters."""
    strings = (
        '"',
        "'",
        "OR",
        "NOT mill",
        "mill*",
        "text:mill",
        "^(mill",
        "NEAR(mill",
        "\U0001f525",
        "%",
        "\\",
        "-",
        "mill'); --",
        "y" * 4000,
        "\x01mill",
    )
    for string in strings:
        assert isinstance(desk.search(string, 3), list)
    assert "hits" in document(library, "search", '"mill" AND (')


def test_python_names_do_what_the_commands_do(desk: qa.Desk, library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``qa.open``, ``ask``, ``stream``, ``search``, and ``qa.ask`` for the default library."""
    asked = desk.ask(FERRY_COST, history=(), since=None, until="2032-12-31", today=date(2033, 1, 1).isoformat())
    grown = list(desk.stream(FERRY_COST, until="2032-12-31"))
    assert isinstance(asked, qa.Answer)
    assert grown[-1].text == asked.text
    assert all(after.text.startswith(before.text) for before, after in itertools.pairwise(grown))
    assert [hit.article_id for hit in desk.search("car ferry", k=1)] == ["ferry.txt"]
    monkeypatch.setenv("QA_LIBRARY", str(library))
    assert qa.ask(FERRY_COST, until="2032-12-31").text == asked.text
    assert json.loads(command("list", "--json")[0])["total"] == 4
    with pytest.raises(qa.InputError):
        desk.ask(" ")


def test_verify_and_doctor_on_a_healthy_library(library: Path) -> None:
    """Both are ok."""
    verified = document(library, "verify")
    assert set(verified) == {"ok", "articles", "passages", "vectors", "problems", "fast"}
    assert (verified["ok"], verified["articles"], verified["problems"]) == (True, 4, [])
    assert verified["passages"] == verified["vectors"] >= 4
    examined = document(library, "doctor")
    assert examined["ok"] is True
    assert all(set(check) == {"name", "ok", "value", "fix"} for check in examined["checks"])
    assert {"embedder", "reader", "model", "model speed", "library"} <= {check["name"] for check in examined["checks"]}


def test_indexing_mirrors_its_source(own: Path, tmp_path: Path) -> None:
    """Again: nothing; then an edit, a rename and a deletion, and another source that stays."""
    news = tmp_path / "news"
    assert [document(own, "index", news)[name] for name in COUNTS] == [0, 0, 0, 3, 0, 0]
    (tmp_path / "wire.jsonl").write_text(
        json.dumps(TRAM) + "\n" + json.dumps({**TRAM, "text": "They returned after 28 years."}) + "\n"
    )
    report = document(own, "index", tmp_path / "wire.jsonl", status=3)
    assert (report["added"], report["failed"], len(report["failures"])) == (1, 1, 1)
    assert "28 years" in document(own, "show", "story-88")["text"]
    (news / "observatory-note.txt").write_text(NOTE.replace("4.2", "6.5"))
    (news / "north" / "mill.txt").rename(news / "north" / "fire.txt")
    (news / "ferry.txt").unlink()
    (news / "photo.jpg").write_bytes(b"x")
    report = document(own, "index", news)
    assert [report[name] for name in COUNTS] == [1, 1, 2, 0, 0, 1]
    assert {article["article_id"] for article in document(own, "list")["articles"]} == {
        "observatory-note.txt",
        "north/fire.txt",
        "story-88",
    }
    assert not any(hit["article_id"] == "ferry.txt" for hit in document(own, "search", "car ferry")["hits"])
    assert "6.5" in document(own, "show", "observatory-note.txt")["text"]


def test_a_removed_article_stays_out_until_its_file_changes(own: Path, tmp_path: Path) -> None:
    """Its file is left alone."""
    assert document(own, "remove", "ferry.txt") == {"removed": ["ferry.txt"]}
    assert document(own, "index", tmp_path / "news")["added"] == 0
    (tmp_path / "news" / "ferry.txt").write_text(FERRY.replace("61", "66"))
    assert document(own, "index", tmp_path / "news")["added"] == 1


def test_a_source_that_became_empty_is_refused_unless_allowed(own: Path, tmp_path: Path) -> None:
    """Missing or empty: an unmounted disk is no order to forget everything."""
    (tmp_path / "news").rename(tmp_path / "unmounted")
    command("index", tmp_path / "news", "--library", own, status=1)
    (tmp_path / "news").mkdir()
    command("index", tmp_path / "news", "--library", own, status=1)
    assert document(own, "list")["total"] == 3
    assert document(own, "index", tmp_path / "news", "--allow-empty")["removed"] == 3


def test_a_broken_article_costs_only_itself(own: Path, tmp_path: Path) -> None:
    """Status 3, and it is listed; named by itself it fails too."""
    (tmp_path / "news" / "broken.txt").write_bytes(b"\x00" * 3000)
    (tmp_path / "news" / "whole.txt").write_text("The lighthouse of Vaarn shines again.")
    out, err = command("index", tmp_path / "news", "--library", own, "--json", status=3)
    report = json.loads(out)
    assert (report["added"], report["failed"]) == (1, 1)
    assert [(set(failure), failure["path"]) for failure in report["failures"]] == [({"path", "reason"}, "broken.txt")]
    assert "broken.txt" in err


def test_one_flipped_byte_is_seen_and_mended(own: Path) -> None:
    """Verify exits 1 and names the fix; after repair all is ok and found again."""
    for file in own.rglob("*.faiss"):
        data = bytearray(file.read_bytes())
        data[len(data) // 2] ^= 0x01
        file.write_bytes(data)
    problems = document(own, "verify", status=1)["problems"]
    assert problems
    assert all(set(problem) == {"kind", "detail", "fix"} and "repair" in problem["fix"] for problem in problems)
    repaired = document(own, "repair")
    assert repaired["ok"] is True
    assert repaired["repaired"]
    assert document(own, "verify")["ok"] is True
    assert document(own, "search", "car ferry", "-k", 1)["hits"][0]["article_id"] == "ferry.txt"
    assert document(own, "repair") == {"ok": True, "repaired": [], "not_back": None}


@pytest.mark.parametrize(
    ("status", "arguments"),
    [
        (1, ("index", "absent-folder", "--library", "{library}")),
        (1, ("ask", FERRY_COST, "--library", "absent-library")),
        (1, ("ask", " ", "--library", "{library}")),
        (1, ("show", "absent", "--library", "{library}")),
        (1, ("remove", "absent", "--library", "{library}")),
        (1, ("ask", FERRY_COST, "--model", "absent.gguf", "--library", "{library}")),
        (1, ("ask", "--batch", "absent.jsonl", "--library", "{library}")),
        (2, ("ask", "--nonsense", "x")),
        (2, ("ask", "x", "--today", "tomorrow", "--library", "{library}")),
        (2, ("search", "x", "-k", "many", "--library", "{library}")),
    ],
)
def test_errors_have_their_status_and_leave_stdout_empty(
    library: Path, tmp_path: Path, status: int, arguments: tuple[str, ...]
) -> None:
    """One line that says what happened and what to do; usage errors show the usage."""
    with chdir(tmp_path):
        out, err = command(*(argument.format(library=library) for argument in arguments), status=status)
    assert out == ""
    if status == 1:
        assert err.startswith("qa: ")
        assert "; " in err
        assert len(err.splitlines()) == 1
