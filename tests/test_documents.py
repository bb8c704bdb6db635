"""What the documents and the package say about themselves is true."""

import re
import tomllib
from pathlib import Path

import pytest

import qa

PROJECT = Path(__file__).parent.parent
SOURCES = sorted(
    path.relative_to(PROJECT).as_posix()
    for folder in ("qa", "ui")
    for path in (PROJECT / folder).rglob("*.py")
    if "models" not in path.parts
)
DOCUMENTS = sorted([PROJECT / "README.md", *(PROJECT / "docs").glob("*.md")])


@pytest.mark.parametrize("source", SOURCES)
def test_the_architecture_names_every_source_file(source: str) -> None:
    """By its path, so that a reader finds it and a new file is not forgotten."""
    assert source in (PROJECT / "docs" / "architecture.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_path_and_link_in_a_document_leads_somewhere(document: Path) -> None:
    """Files of the project that a document names exist."""
    text = document.read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:qa|ui|tests|docs|models|benchmarks)/[\w./-]+\.\w+)`", text))
    linked = {
        link
        for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text)
        if not link.startswith(("http:", "https:", "mailto:"))
    }
    assert [path for path in sorted(named) if not (PROJECT / path).exists()] == []
    assert [path for path in sorted(linked) if not (document.parent / path).exists()] == []


def test_all_is_what_the_package_exports() -> None:
    """Sorted, and every name with a docstring; nothing public beside it but modules."""
    assert list(qa.__all__) == sorted(qa.__all__, key=lambda name: (name[0].islower(), name))
    assert all(getattr(qa, name).__doc__ for name in qa.__all__)
    public = {
        name
        for name, value in vars(qa).items()
        if not name.startswith("_") and getattr(value, "__module__", "").startswith("qa")
    }
    assert public - set(qa.__all__) == {"library_path", "load_settings"}


def test_the_version_is_the_same_everywhere() -> None:
    """In the project file and in the package."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == qa.__version__


@pytest.mark.parametrize("source", SOURCES)
def test_every_file_says_what_it_is_for(source: str) -> None:
    """In a docstring at its head."""
    assert (PROJECT / source).read_text(encoding="utf-8").startswith('"""')


def test_no_file_speaks_of_the_machine_it_was_written_on() -> None:
    """No absolute paths of somebody's home or workplace."""
    places = re.compile("|".join(("/ro" + "ot/", "/wo" + "rk/", "/ho" + r"me/\w", r"\.\./sha" + "red")))
    kinds = {".py", ".md", ".toml", ".js", ".css", ".txt", ".jsonl"}
    folders = ("qa", "ui", "tests", "docs", "models", "benchmarks", "seeds")
    files = [path for folder in folders for path in (PROJECT / folder).rglob("*") if path.suffix in kinds]
    assert files
    assert [
        path.name
        for path in [*files, PROJECT / "README.md", PROJECT / "Makefile"]
        if places.search(path.read_text(encoding="utf-8"))
    ] == []
