"""Where each setting comes from, and what is refused."""

from dataclasses import FrozenInstanceError, fields
from pathlib import Path

import pytest

from qa.errors import InputError
from qa.settings import ENVIRONMENT, Settings, library_path, load_settings


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment names nothing."""
    for name in (*ENVIRONMENT.values(), "QA_LIBRARY"):
        monkeypatch.delenv(name, raising=False)


def test_an_argument_beats_the_environment_beats_the_file_beats_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each taken away in turn."""
    assert load_settings(tmp_path) == Settings()
    (tmp_path / "settings.toml").write_text('model = "file"\nthreads = 3\n')
    assert (load_settings(tmp_path).model, load_settings(tmp_path).threads) == ("file", 3)
    monkeypatch.setenv("QA_MODEL", "environment")
    assert load_settings(tmp_path, model=None).model == "environment"
    assert load_settings(tmp_path, model="argument").model == "argument"
    monkeypatch.setenv("QA_MODEL", "")
    assert load_settings(tmp_path).model == "file"


def test_every_setting_can_be_written_down(tmp_path: Path) -> None:
    """In the file, with its default as an example."""
    lines = [
        f"{f.name} = {str(f.default).lower() if isinstance(f.default, bool | int | float) else repr(f.default)}"
        for f in fields(Settings)
    ]
    (tmp_path / "settings.toml").write_text("\n".join(lines))
    assert load_settings(tmp_path) == Settings()


def test_numbers_of_the_environment_are_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And a whole number will do where a fraction may stand."""
    monkeypatch.setenv("QA_THREADS", "2")
    (tmp_path / "settings.toml").write_text("refuse_below = 1")
    found = load_settings(tmp_path)
    assert (found.threads, found.refuse_below, type(found.refuse_below)) == (2, 1.0, float)


@pytest.mark.parametrize(
    "text",
    ["threads = -1", "threads = 'two'", "threads = inf", "threads = nan", "threads = true", "threads = []", "model = 5", "model = ''",
     "quoted_fallback = 'yes'", "refuse_below = 'half'", "refuse_above = 0.5", "threads", "threads = 1\nthreads = 2"],
)  # fmt: skip
def test_a_value_that_does_not_parse_is_an_error(tmp_path: Path, text: str) -> None:
    """In one line that says what to do."""
    (tmp_path / "settings.toml").write_text(text)
    with pytest.raises(InputError, match=r"^[^\n]*; [^\n]*$"):
        load_settings(tmp_path)


def test_the_library_is_what_was_given_else_the_environments_else_the_working_folders(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An empty name is none."""
    assert library_path() == Path(".qa")
    monkeypatch.setenv("QA_LIBRARY", "elsewhere")
    assert library_path() == library_path("") == Path("elsewhere")
    assert library_path("given") == library_path(Path("given")) == Path("given")


def test_settings_are_frozen() -> None:
    """Nobody changes them behind another's back."""
    with pytest.raises(FrozenInstanceError):
        Settings().threads = 2  # type: ignore[misc]
