from __future__ import annotations

import io
import sys
import syslog

import pytest

from lkm.cli.messages import ERR, INFO, WARNING, Messages


def test_each_level_has_its_word(capsys: pytest.CaptureFixture[str]) -> None:
    voice = Messages("modprobe", INFO)
    voice.fatal("a")
    voice.error("b")
    voice.warning("c")
    voice.info("d")
    said = capsys.readouterr()
    assert said.err == "modprobe: FATAL: a\nmodprobe: ERROR: b\nmodprobe: WARNING: c\nmodprobe: INFO: d\n"
    assert said.out == ""


@pytest.mark.parametrize(("priority", "count"), [(-1, 0), (0, 0), (2, 1), (ERR, 2), (WARNING, 3), (INFO, 4)])
def test_less_urgent_messages_than_asked_for_are_not_said(
    capsys: pytest.CaptureFixture[str], priority: int, count: int
) -> None:
    voice = Messages("x", priority)
    for say in (voice.fatal, voice.error, voice.warning, voice.info):
        say("text")
    assert capsys.readouterr().err.count("text") == count


def test_details_follow_an_error_and_are_silent_with_it(capsys: pytest.CaptureFixture[str]) -> None:
    Messages("x", ERR).detail("one", "", "two")
    Messages("x", 0).detail("three")
    assert capsys.readouterr().err == "  one\n  two\n"


def test_output_made_before_comes_before(monkeypatch: pytest.MonkeyPatch) -> None:
    class Flushed(io.StringIO):
        def flush(self) -> None:
            order.append("flush")

    class Said(io.StringIO):
        def write(self, text: str) -> int:
            order.append("say")
            return len(text)

    order: list[str] = []
    monkeypatch.setattr(sys, "stdout", Flushed())
    monkeypatch.setattr(sys, "stderr", Said())
    Messages("x").error("b")
    assert order == ["flush", "say"]


@pytest.mark.parametrize("closed", [False, True])
def test_syslog_is_told_when_asked_or_when_stderr_is_closed(monkeypatch: pytest.MonkeyPatch, closed: bool) -> None:
    told: list[tuple[int, str]] = []
    opened: list[str] = []
    monkeypatch.setattr(syslog, "openlog", lambda name, _options, _facility: opened.append(name))
    monkeypatch.setattr(syslog, "syslog", lambda priority, text: told.append((priority, text)))
    if closed:
        monkeypatch.setattr(sys, "stderr", None)
    voice = Messages("rmmod", to_syslog=not closed)
    voice.error("a")
    voice.detail("b")
    voice.info("unsaid")
    assert told == [(3, "ERROR: a"), (3, "ERROR: b")]
    assert set(opened) == {"rmmod"}


def test_classic_leaves_out_what_comes_below_but_not_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    plain, silent, classic, heard = Messages("tool"), Messages("tool", -1), Messages("tool"), Messages("tool")
    classic.classic = heard.classic = True
    heard.heard = []
    assert [say.explains for say in (plain, silent, classic, heard)] == [True, False, False, True]
    heard.error("it failed")
    heard.detail("because")
    assert heard.heard == [("error", "it failed", ["because"])]
    assert capsys.readouterr().err == "tool: ERROR: it failed\n"
