"""The command line: statuses, streams and messages of the commands that need no model."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import qa
from qa.cli import main
from qa.output import ProgressLine, answer_json, report_line, source_lines
from qa.types import Answer, Citation, Hit, SyncReport
from tests.commands import document, error
from tests.conftest import MakeDesk

COMMANDS = ("index", "diff", "ask", "search", "list", "show", "stats", "history", "remove", "verify", "repair", "reembed", "backup",
            "restore", "doctor", "chat")  # fmt: skip
PROJECT = Path(__file__).parent.parent


@pytest.fixture
def library(make_desk: MakeDesk, articles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library with the three articles; the working folder is empty and the environment names nothing."""
    for name in ("QA_LIBRARY", "QA_MODEL", "QA_EMBEDDER", "QA_THREADS"):
        monkeypatch.delenv(name, raising=False)
    make_desk().index(articles)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    return tmp_path / "library"


def run(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run ``python -m qa`` as a process of its own."""
    command = [sys.executable, "-m", "qa", *arguments]
    kept = {**os.environ, "PYTHONPATH": str(PROJECT), **environment}
    return subprocess.run(command, capture_output=True, text=True, env=kept, errors="surrogateescape")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With its options, of which three are common to all."""
    with pytest.raises(SystemExit) as left:
        main([command, "--help"])
    printed = capsys.readouterr().out
    assert left.value.code == 0
    assert all(option in printed for option in ("--library", "--json", "--embedder"))
    assert ("--model" in printed) is (command in ("ask", "doctor", "chat", "reembed"))


def test_help_lists_the_commands_and_the_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    """One line for each."""
    for option, expected in (("--help", COMMANDS), ("--version", (f"newsdesk {qa.__version__}",))):
        with pytest.raises(SystemExit) as left:
            main([option])
        printed = capsys.readouterr().out
        assert left.value.code == 0
        assert all(word in printed for word in expected)


@pytest.mark.parametrize(
    "arguments",
    [
        (), ("nonsense",), ("ask",), ("ask", "x", "--batch", "file.jsonl"), ("ask", "x", "y"), ("ask", "--no-such-option", "x"),
        ("ask", "x", "--since", "yesterdayish"), ("ask", "x", "--until", "2031-02-30"), ("ask", "x", "--today", ""),
        ("search",), ("search", "x", "-k", "0"), ("search", "x", "-k", "-1"), ("search", "x", "-k", "two"),
        ("search", "x", "-k", "9" * 20), ("search", "x", "-k", "\u00b2"),
        ("show",), ("history",), ("remove",), ("backup",), ("restore",), ("list", "x"),
        ("list", "--sort", "size"), ("list", "--limit", "0"), ("list", "--offset", "-1"),
        ("reembed",), ("reembed", "--model", "x", "--embedder", "y"),
        ("list", "--since", "May"), ("remove", "x", "--older-than", "2031-01-01"), ("remove", "--older-than", "May"),
        ("remove", "--yes"), ("verify", "--model", "x"), ("chat", "--port", "none"), ("chat", "--port", "0"),
        ("chat", "--port", "70000"),
    ],
)  # fmt: skip
def test_wrong_usage_is_status_2(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    """With the usage on stderr and nothing on stdout."""
    with pytest.raises(SystemExit) as left:
        main(arguments)
    printed = capsys.readouterr()
    assert left.value.code == 2
    assert printed.out == ""
    assert "usage: qa" in printed.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("ask", "x"), ("ask", "--batch", "absent.jsonl"), ("search", "x"), ("list",), ("show", "x"),
        ("stats",), ("history", "x"), ("remove", "x"),
        ("verify",), ("index",), ("diff",), ("backup", "kept.zip"), ("reembed", "--model", "x"),
        ("restore", "absent.zip"),
    ],
)  # fmt: skip
def test_without_a_library_a_command_fails_in_one_line(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And makes none."""
    monkeypatch.delenv("QA_LIBRARY", raising=False)
    monkeypatch.chdir(tmp_path)
    error(capsys, *arguments, "--library", str(tmp_path / "nowhere"))
    if arguments[0] != "index":
        error(capsys, *arguments)
        assert list(tmp_path.iterdir()) == []


def test_what_is_not_there_is_status_1(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An unknown id, a blank question, a file of history or questions that is none."""
    place = ("--library", str(library))
    assert "no article 'absent'" in error(capsys, "show", "absent", *place)
    assert "no article 'absent'" in error(capsys, "remove", "bridge.txt", "absent", *place)
    assert "blank" in error(capsys, "ask", "  ", *place)
    assert "blank" in error(capsys, "search", "\t", *place)
    Path("history.json").write_text("{broken")
    assert "history.json is no history" in error(capsys, "ask", "x", "--history", "history.json", *place)
    Path("history.json").write_text('[{"role": "user"}]')
    assert '"role"' in error(capsys, "ask", "x", "--history", "history.json", *place)
    Path("history.json").write_text("[" * 100_000)
    assert "history.json is no history" in error(capsys, "ask", "x", "--history", "history.json", *place)
    Path("questions.jsonl").mkdir()
    assert "questions.jsonl cannot be read" in error(capsys, "ask", "--batch", "questions.jsonl", *place)
    assert len(document(capsys, "list", *place)["articles"]) == 3  # type: ignore[arg-type]


def test_a_batch_of_bad_lines_is_answered_line_by_line(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In their order, with their ids; status 3. A line separator inside a string ends no line."""
    lines = [
        {"id": 1, "question": " "}, "{broken", {"id": 2}, {"id": "three", "question": 5}, "[1]", "", "[" * 100_000,
        {"id": 4, "question": "x", "since": "soon"}, {"id": 5, "question": "x", "until": 5}, {"id": 6, "question": "x", "history": "y"},
        {"id": 7, "question": "x", "history": [5]}, {"id": 8, "question": "x", "history": {"role": "user"}},
        {"id": 9, "question": "\u2028\x85\x0b "},
    ]  # fmt: skip
    text = "\r\n".join(line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in lines)
    latin = b'\r\n{"id": 10, "question": "caf\xe9?"}'
    Path("questions.jsonl").write_bytes(b"\xef\xbb\xbf" + text.encode() + latin)
    assert main(["ask", "--batch", "questions.jsonl", "--json", "--library", str(library)]) == 3
    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["id"] for line in printed] == [1, None, 2, "three", None, None, 4, 5, 6, 7, 8, 9, None]
    assert all(set(line) == {"id", "question", "error"} and "; " in line["error"] for line in printed)


def test_articles_are_listed_shown_and_removed_as_json(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Newest first, undated last; a removed one is gone."""
    place = ("--library", str(library))
    listed = document(capsys, "list", *place)
    assert listed == {
        "articles": [
            {"article_id": "valley/orchard.txt", "title": "Frost ruins Hallin orchards", "date": "2031-05-19", "source": None,
             "url": None, "passages": 1, "uploaded": False, "path": "valley/orchard.txt", "language": "en"},
            {"article_id": "bridge.txt", "title": "Harbour bridge reopens in Port Lindal", "date": "2031-04-02", "source": None,
             "url": None, "passages": 1, "uploaded": False, "path": "bridge.txt", "language": "en"},
            {"article_id": "library.txt", "title": "library", "date": None, "source": None, "url": None, "passages": 1,
                 "uploaded": False, "path": "library.txt", "language": "en"},
        ],
        "total": 3,
    }  # fmt: skip
    shown = document(capsys, "show", "library.txt", *place)
    assert shown["text"] == "The town library keeps 31,000 books. It opens at nine.\n"
    assert shown["passages"] == [{"start": 0, "end": 54}]
    assert document(capsys, "remove", "library.txt", "bridge.txt", *place) == {"removed": ["library.txt", "bridge.txt"]}
    assert document(capsys, "list", *place)["total"] == 1


def test_articles_are_listed_shown_and_removed_as_text(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """For people: the same facts, on lines."""
    place = ("--library", str(library))
    assert main(["list", *place]) == 0
    printed = capsys.readouterr().out
    assert printed.splitlines()[0] == "2031-05-19    1 passages  valley/orchard.txt  Frost ruins Hallin orchards"
    assert printed.endswith("3 articles\n")
    assert main(["show", "bridge.txt", *place]) == 0
    assert "48 million crowns" in capsys.readouterr().out
    assert main(["remove", "bridge.txt", *place]) == 0
    assert capsys.readouterr().out == "removed bridge.txt\n"


def test_verify_says_what_is_wrong_and_exits_1(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """After one byte of the FAISS file was turned over; before, all is well."""
    place = ("--library", str(library))
    assert document(capsys, "verify", *place) == {
        "ok": True,
        "articles": 3,
        "passages": 3,
        "vectors": 3,
        "problems": [],
        "fast": False,
    }
    assert document(capsys, "verify", "--fast", *place)["fast"] is True
    assert main(["verify", "--fast", *place]) == 0
    assert capsys.readouterr().out == (
        "ok: 3 articles, 3 passages, 3 vectors; texts and vectors were not read, which qa verify without --fast does\n"
    )
    (file,) = library.rglob("*.faiss")
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 0xFF
    file.write_bytes(data)
    found = document(capsys, "verify", *place, status=1)
    assert found["ok"] is False
    assert all(set(problem) == {"kind", "detail", "fix"} for problem in found["problems"])  # type: ignore[attr-defined]
    assert found["problems"]
    assert main(["verify", *place]) == 1
    printed = capsys.readouterr()
    assert printed.out.startswith("not ok: ")
    assert "qa repair" in printed.err


def test_the_library_comes_from_the_option_the_environment_or_the_working_folder(
    library: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In this order."""
    error(capsys, "list")
    library.rename(".qa")
    assert document(capsys, "list")["total"] == 3
    monkeypatch.setenv("QA_LIBRARY", "nowhere")
    assert "no library at nowhere" in error(capsys, "list")
    assert document(capsys, "list", "--library", ".qa")["total"] == 3
    monkeypatch.setenv("QA_LIBRARY", str(Path(".qa").resolve()))
    monkeypatch.chdir("/")
    assert document(capsys, "list")["total"] == 3


@pytest.mark.parametrize(
    "text", ["answer_tokens = [", "answer_tokens = 'many'", "answer_tokens = -1", "no_such_thing = 1", "model = ''", "threads = inf",
             "refuse_below = nan", "quoted_fallback = 1", "threads = true", "\x00"]
)  # fmt: skip
def test_settings_that_do_not_parse_are_one_line(library: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    """That names the setting or the file."""
    (library / "settings.toml").write_text(text)
    named = text.partition(" ")[0] if " = " in text and "[" not in text else "settings.toml"
    assert named in error(capsys, "list", "--library", str(library))


def test_the_environment_is_checked_too(
    library: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A number of threads that is none."""
    monkeypatch.setenv("QA_THREADS", "all")
    assert "threads" in error(capsys, "list", "--library", str(library))


def test_a_library_of_another_embedder_is_not_searched(
    library: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Nor asked with an embedder that is not there."""
    missing = ("--library", str(library), "--embedder", str(tmp_path / "absent"))
    for command in ("ask", "search"):
        assert "absent" in error(capsys, command, "bridge", *missing)


def test_the_module_is_the_command(library: Path) -> None:
    """``python -m qa`` with its exit status, in every locale; a string that is no Unicode is a string too."""
    done = run("list", "--json", "--library", str(library))
    assert (done.returncode, json.loads(done.stdout)["total"], done.stderr) == (0, 3, "")
    for arguments, status in ((("show", "absent"), 1), (("show",), 2)):
        failed = run(*arguments, QA_LIBRARY=str(library))
        assert (failed.returncode, failed.stdout) == (status, "")
        assert "Traceback" not in failed.stderr
    odd = run("show", "caf\u00e9\udcff", PYTHONIOENCODING="ascii", QA_LIBRARY=str(library))
    assert (odd.returncode, odd.stdout) == (1, "")
    assert odd.stderr.count("\n") == 1


def test_json_is_json_on_a_terminal_of_any_encoding(library: Path, make_desk: MakeDesk, tmp_path: Path) -> None:
    """Characters it cannot hold are escaped, in text too."""
    (tmp_path / "articles" / "accents.txt").write_text(
        "date 2031-07-01 Caf\u00e9 \u201cM\u00e4rz\u201d\nThe caf\u00e9 opened.", encoding="utf-8"
    )
    make_desk().index(tmp_path / "articles")
    for encoding in ("ascii", "latin-1", "utf-8"):
        done = run("show", "accents.txt", "--json", PYTHONIOENCODING=encoding, QA_LIBRARY=str(library))
        assert (done.returncode, done.stderr) == (0, "")
        assert json.loads(done.stdout)["title"] == "Caf\u00e9 \u201cM\u00e4rz\u201d"
    plain = run("show", "accents.txt", PYTHONIOENCODING="ascii", QA_LIBRARY=str(library))
    assert (plain.returncode, plain.stderr) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
def test_a_full_disk_for_our_output_is_one_line(library: Path) -> None:
    """Nothing is lost by it."""
    command = [sys.executable, "-m", "qa", "list", "--json", "--library", str(library)]
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("qa: the output cannot be written")
    assert len(done.stderr.splitlines()) == 1


def test_a_reader_that_leaves_is_no_error(library: Path) -> None:
    """As with ``| head``."""
    command = [sys.executable, "-m", "qa", "list", "--library", str(library)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(PROJECT)}
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == 0


def test_importing_the_package_loads_nothing_heavy() -> None:
    """Neither a machine-learning library nor the web page; nor does help."""
    code = (
        "import sys, qa\n"
        "try: __import__('qa.cli').cli.main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = ('torch', 'faiss', 'llama_cpp', 'sentence_transformers', 'transformers', 'gradio', 'huggingface_hub')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=PROJECT)
    assert done.stdout.splitlines()[-1:] == ["[]"], done.stderr


def test_progress_is_silent_where_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    """Neither on stdout nor, away from a terminal, on stderr."""
    line = ProgressLine()
    for stage, done, total in (("reading", 1, 0), ("reading", 2, 0), ("embedding", 1, 2), ("embedding", 2, 2)):
        line(stage, done, total)
    line.close()
    assert capsys.readouterr() == ("", "")


def test_what_indexing_did_is_one_line() -> None:
    """In the order of the report."""
    report = SyncReport(added=3, updated=2, removed=1, unchanged=5, failed=4, skipped=6, seconds=1.25)
    assert report_line(report) == "3 added, 2 updated, 1 removed, 5 unchanged, 4 failed, 6 skipped in 1.2 s"


def test_an_answer_as_json_has_passages_without_the_librarys_own_numbers() -> None:
    """Only what another program can use."""
    hit = Hit("a.txt", "A", None, None, None, "Text.", 0, 5, 0.5, 77)
    found = answer_json(Answer("Q?", "Q?", passages=(hit,)))
    assert found["passages"] == [
        {"article_id": "a.txt", "title": "A", "date": None, "text": "Text.", "start": 0, "end": 5, "score": 0.5}
    ]
    assert json.loads(json.dumps(found))["timings"] == {"retrieve_ms": 0.0, "first_token_ms": None, "total_ms": 0.0}


def test_a_source_with_pages_names_the_page() -> None:
    """After the article's id."""
    cited = Citation(1, "report.pdf", "Harbour", "2031-04-02", None, None, "It is\nfull.", 4, 15, 3)
    assert source_lines(Answer("", "", citations=(cited, replace(cited, number=2, page=None)))) == [
        "[1] Harbour (2031-04-02) report.pdf, page 3: “It is full.”",
        "[2] Harbour (2031-04-02) report.pdf: “It is full.”",
    ]
