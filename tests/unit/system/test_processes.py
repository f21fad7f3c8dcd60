from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import pytest

from lkm.system import processes
from lkm.system.processes import run_shell


def test_status_is_the_commands() -> None:
    assert run_shell("exit 3", {}) == 3
    assert run_shell("true", {}) == 0
    assert run_shell("kill -9 $$", {}) == -9
    assert run_shell("no-such-command 2>&-", {}) == 127
    assert run_shell("-n", {}) == 127


def test_the_environment_is_ours_with_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINE", "m")
    assert run_shell(f'echo "$MINE $MODPROBE_MODULE" > {tmp_path}/out', {"MODPROBE_MODULE": "fat"}) == 0
    assert (tmp_path / "out").read_text() == "m fat\n"
    assert "MODPROBE_MODULE" not in os.environ


def test_interrupts_end_the_command_not_us() -> None:
    before = signal.getsignal(signal.SIGINT)
    assert run_shell("kill -INT $PPID; kill -INT $$; exit 5", {}) == -signal.SIGINT
    assert signal.getsignal(signal.SIGINT) is before


def test_other_threads_may_run_commands_too() -> None:
    seen: list[int] = []
    thread = threading.Thread(target=lambda: seen.append(run_shell("exit 4", {})))
    thread.start()
    thread.join()
    assert seen == [4]


def test_no_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "SHELL", "/nowhere/sh")
    assert run_shell("true", {}) == 127
