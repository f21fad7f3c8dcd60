"""The bar of depmod: on a terminal, for long work, and wiped away at the end."""

from __future__ import annotations

import errno
import io
import os
import pty
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lkm.cli import progress as bars
from lkm.cli.depmod import main
from lkm.cli.progress import Progress
from lkm.system import modscan
from tests.support.elfwriter import build_module

RELEASE = "6.1.0-x"


class Terminal:
    """A pseudo terminal that is standard error for a while."""

    def __init__(self) -> None:
        self.master, at = pty.openpty()
        os.set_blocking(self.master, False)
        self.stream = os.fdopen(at, "w")

    def seen(self) -> str:
        """Return what was written to it since the last time."""
        self.stream.flush()
        text = b""
        try:
            while True:
                text += os.read(self.master, 65536)
        except BlockingIOError:
            return text.decode()


@contextmanager
def terminal() -> Iterator[Terminal]:
    made = Terminal()
    before, sys.stderr = sys.stderr, made.stream
    try:
        yield made
    finally:
        sys.stderr = before
        made.stream.close()
        os.close(made.master)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return a list whose last item is the time."""
    now = [100.0]
    monkeypatch.setattr(bars, "perf_counter", lambda: now[-1])
    return now


def work(clock: list[float], steps: int) -> None:
    with Progress("reading") as progress:
        for step in range(steps):
            progress.show(step, 40)
            clock.append(clock[-1] + 0.04)


def test_long_work_has_a_bar_that_is_wiped_away(clock: list[float]) -> None:
    with terminal() as there:
        work(clock, 40)
        sys.stderr.write("done\n")
        first, *_, last, wiped, text = there.seen().split("\r")[1:-1]
    assert first == "reading [#########.....................] 13/40"
    assert last.startswith("reading [###########################")
    assert wiped == " " * len(last)
    assert text == "done"


def test_work_of_half_a_second_has_none(clock: list[float]) -> None:
    with terminal() as there:
        work(clock, 12)
        assert there.seen() == ""


def test_elsewhere_there_is_none(clock: list[float], capfd: pytest.CaptureFixture[str]) -> None:
    work(clock, 40)
    assert capfd.readouterr() == ("", "")


def test_a_terminal_that_is_gone_stops_no_work(clock: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone(io.StringIO):
        def isatty(self) -> bool:
            return True

        def write(self, text: str) -> int:
            raise OSError(errno.EIO, "gone")

    with monkeypatch.context() as patched:
        patched.setattr(sys, "stderr", Gone())
        work(clock, 40)
        closed = io.StringIO()
        closed.close()
        for stream in (closed, None):
            patched.setattr(sys, "stderr", stream)
            work(clock, 40)


def test_depmod_shows_how_many_modules_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    directory = tmp_path / "lib/modules" / RELEASE
    directory.mkdir(parents=True)
    for number in range(5):
        (directory / f"m{number}.ko").write_bytes(build_module() if number else b"broken")
    for name in ("order", "builtin", "builtin.modinfo"):
        (directory / f"modules.{name}").touch()
    monkeypatch.setattr(modscan, "_CHUNK", 1)
    monkeypatch.setattr(bars, "_EVERY", 0.0)
    with terminal() as there:
        for after in (0.0, 60.0):
            monkeypatch.setattr(bars, "_AFTER", after)
            assert main(["depmod", "--no-cache", "-b", str(tmp_path), RELEASE]) == 0
            if not after:
                shown = there.seen()
        quiet = there.seen()
    line = "depmod: reading modules [########################......] 4/5"
    assert f"\r{line}\r{'':{len(line)}}\rdepmod: ERROR: failed to load" in shown
    assert quiet.startswith("depmod: ERROR: failed to load")
    assert capfd.readouterr() == ("", "")
