"""The process that parses files, and its frames."""

import io
import subprocess
import sys

import pytest

from qa.articles import child


def test_frames_come_back_whole_and_in_order() -> None:
    """And the end of the stream is no frame."""
    stream = io.BytesIO()
    for data in (b"", b"abc", b"\x00" * 100_000):
        child.send(stream, data)
    stream.seek(0)
    assert [child.receive(stream), child.receive(stream), child.receive(stream)] == [b"", b"abc", b"\x00" * 100_000]
    assert child.receive(stream) is None


def test_a_frame_that_is_cut_short_is_none() -> None:
    """In its length or in its data."""
    whole = io.BytesIO()
    child.send(whole, b"abc")
    for length in range(len(whole.getvalue())):
        assert child.receive(io.BytesIO(whole.getvalue()[:length])) is None


def test_a_frame_beyond_the_limit_is_not_read() -> None:
    """Its length is enough to refuse it."""
    stream = io.BytesIO(child.HEADER.pack(11) + b"x" * 11)
    with pytest.raises(OverflowError):
        child.receive(stream, 10)
    assert stream.tell() == child.HEADER.size


@pytest.mark.parametrize("kind", ["html", "pdf"])
def test_the_process_ends_with_its_input_and_loads_no_models(kind: str) -> None:
    """Whoever started it may die; it imports what parses such files and nothing of this package."""
    script = (
        "import runpy, sys; sys.argv[1:] = ['1000000000', '9']; runpy.run_path(sys.path.pop(), run_name='__main__');"
        "sys.exit(sum(name.split('.')[0] in ('torch', 'qa', 'numpy') for name in sys.modules))"
    )
    command = [sys.executable, "-P", "-c", f"import sys; sys.path.append({child.__file__!r}); {script}"]
    asked = io.BytesIO()
    child.send(asked, kind.encode())
    done = subprocess.run(command, input=asked.getvalue(), capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, child.HEADER.pack(2) + b"{}")
