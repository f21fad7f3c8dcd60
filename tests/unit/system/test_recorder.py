"""Entries are written in order, by another process; what cannot be written is told once and counted."""

from __future__ import annotations

import selectors
from collections.abc import Callable
from pathlib import Path

import pytest

from lkm.autoload.nouns import ALLOW, USER, Entry, Request, Verdict
from lkm.errors import MachineError
from lkm.system import recorder
from lkm.system.history import History
from lkm.system.recorder import Recorder


def entry(number: int) -> Entry:
    return Entry(Request(f"alias-{number}", USER, float(number)), Verdict(ALLOW))


class Bench:
    def __init__(self, append: Callable[..., None]) -> None:
        self.selector = selectors.DefaultSelector()
        self.said: list[str] = []
        self.recorder = Recorder(append, self.said.append, self.watch, self.selector.unregister)

    def watch(self, descriptor: int, call: Callable[[], None]) -> None:
        self.selector.register(descriptor, selectors.EVENT_READ, call)

    def run(self) -> None:
        while self.recorder.busy:
            ready = self.selector.select(10)
            assert ready
            for key, _ in ready:
                key.data()
        self.recorder.close()


def test_all_are_written_in_order(tmp_path: Path) -> None:
    history = History(str(tmp_path / "h"))
    bench = Bench(history.append)
    ended: list[bool] = []
    bench.recorder.idle = lambda: ended.append(True)
    for number in range(500):
        bench.recorder.note(entry(number))
    bench.run()
    assert list(history.read()) == [entry(number) for number in range(500)]
    assert ended == [True] and bench.recorder.lost == 0 and bench.said == []


def test_what_cannot_be_written_is_told_once() -> None:
    def refuse(*_: Entry) -> None:
        raise MachineError("No space left on device", "/h")

    bench = Bench(refuse)
    for number in range(100):
        bench.recorder.note(entry(number))
    bench.run()
    assert bench.recorder.lost == 100
    assert bench.said == ["the history lacks entries: /h: No space left on device"]


def test_a_disk_that_is_too_slow_has_an_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(recorder, "_MOST", 10)
    bench = Bench(History(str(tmp_path / "h")).append)
    for number in range(100):
        bench.recorder.note(entry(number))
    lost = bench.recorder.lost
    assert lost > 50 and bench.said == ["the history lacks entries: the disk is too slow"]
    bench.run()
    assert len(list(History(str(tmp_path / "h")).read())) == 100 - lost
