"""A service's voice: to the journal with priorities, to syslog, or in plain words."""

from __future__ import annotations

import os
import syslog
from pathlib import Path

import pytest

from lkm.system.journal import DEBUG, ERR, INFO, WARNING, Journal, found_way


def test_lines(capfd: pytest.CaptureFixture[str]) -> None:
    for way in ("journal", "stderr"):
        journal = Journal("lkmd", way)
        journal.say(WARNING, "fs-x\nfake\x1b[0m: caf\u00e9 \udcff")
        journal.say(DEBUG, "unheard")
    assert capfd.readouterr().err == ("<4>fs-x?fake?[0m: caf\u00e9 ?\nlkmd: WARNING: fs-x?fake?[0m: caf\u00e9 ?\n")
    Journal("lkmd", "journal", ERR).say(INFO, "unheard")
    assert capfd.readouterr().err == ""


def test_syslog(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[object] = []
    monkeypatch.setattr(syslog, "openlog", lambda *words: said.append(words))
    monkeypatch.setattr(syslog, "syslog", lambda *words: said.append(words))
    Journal("lkmd", "syslog").say(ERR, "no")
    assert said == [("lkmd", syslog.LOG_PID, syslog.LOG_DAEMON), (3, "no")]


def test_where_messages_go(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen = os.fstat(2)
    monkeypatch.setenv("JOURNAL_STREAM", f"{seen.st_dev}:{seen.st_ino}")
    assert found_way() == "journal"
    monkeypatch.setenv("JOURNAL_STREAM", "1:1")
    assert found_way() == "syslog"
    monkeypatch.setattr(os, "isatty", lambda _: True)
    assert found_way() == "stderr"

    def closed(_: int) -> os.stat_result:
        raise OSError

    with monkeypatch.context() as patch:
        patch.setattr(os, "fstat", closed)
        way = found_way()
    assert way == "syslog"
