from __future__ import annotations

import os
from pathlib import Path

import pytest

from lkm.kernel.log import Log


def test_a_log_that_may_not_be_read_is_empty(tmp_path: Path) -> None:
    log = Log(str(tmp_path / "nosuch"), at_end=True)
    assert log.take() == ()
    log.close()


def test_overtaken_reader_goes_on_and_stops_where_it_would_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "kmsg").write_text("")
    log = Log(str(tmp_path / "kmsg"))
    answers: list[bytes | OSError] = [
        b"4,1,2,-;one\n",
        BrokenPipeError(),
        b"4,5,2,-;two\n SUBSYSTEM=x\n",
        b"junk",
        BlockingIOError(),
        b"4,6,2,-;three\n",
        BlockingIOError(),
    ]

    def read(fd: int, length: int) -> bytes:
        answer = answers.pop(0)
        if isinstance(answer, OSError):
            raise answer
        return answer

    monkeypatch.setattr(os, "read", read)
    assert [r.text for r in log.take()] == ["one", "two"]
    assert [r.text for r in log.take()] == ["three"]
    monkeypatch.undo()
    log.close()
    log.close()
