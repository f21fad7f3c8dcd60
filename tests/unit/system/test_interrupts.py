from __future__ import annotations

import os
import signal
import threading

import pytest

from lkm.system.interrupts import Interrupted, Interrupts


def test_the_first_signal_is_noted_and_told_at_the_end() -> None:
    with pytest.raises(Interrupted) as told, Interrupts() as interrupts:
        assert interrupts.caught == 0
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)
        assert interrupts.caught == signal.SIGTERM
    assert told.value.number == signal.SIGTERM


def test_an_exception_goes_on_and_handlers_come_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyError), Interrupts():
        os.kill(os.getpid(), signal.SIGTERM)
        raise KeyError
    assert signal.getsignal(signal.SIGTERM) is before


def test_an_ignored_signal_stays_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Interrupts() as interrupts:
            os.kill(os.getpid(), signal.SIGHUP)
        assert interrupts.caught == 0
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("late", [False, True])
def test_a_child_gets_the_signal_too(late: bool) -> None:
    child = os.posix_spawn("/bin/sleep", ["sleep", "60"], os.environ)
    with pytest.raises(Interrupted), Interrupts() as interrupts:
        if not late:
            interrupts.share(child)
        os.kill(os.getpid(), signal.SIGTERM)
        if late:
            interrupts.share(child)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGTERM
        os.kill(os.getpid(), signal.SIGTERM)  # it is gone by now, which is no error


def test_other_threads_catch_nothing() -> None:
    def enter() -> None:
        with Interrupts() as interrupts:
            seen.append(interrupts.caught)

    seen: list[int] = []
    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert seen == [0]
