"""Work in a child: its result, its failure, and no child to be had."""

from __future__ import annotations

import os
from _thread import get_ident

import pytest

from lkm.system.beside import beside, meanwhile


def test_the_result_comes_from_a_child() -> None:
    assert beside(os.getpid)() != os.getpid()
    assert beside(lambda: {"a": (b"x" * 300_000, [1, 2])})() == {"a": (b"x" * 300_000, [1, 2])}


@pytest.mark.parametrize("call", ["fork", "memfd_create"])
def test_without_a_child_we_do_it_ourselves(call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise BlockingIOError(11, "no more")

    before = len(os.listdir("/proc/self/fd"))
    monkeypatch.setattr(os, call, refuse)
    assert beside(os.getpid)() == os.getpid()
    assert len(os.listdir("/proc/self/fd")) == before


def test_what_a_child_could_not_end_is_done_again() -> None:
    own = os.getpid()
    assert beside(lambda: 5 if os.getpid() == own else os._exit(3))() == 5


@pytest.mark.parametrize("threads", [True, False])
def test_what_a_thread_does_meanwhile_is_had_or_raised(threads: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise RuntimeError("can't start new thread")

    own = get_ident()
    if not threads:
        monkeypatch.setattr("lkm.system.beside.start_new_thread", refuse)
    assert (meanwhile(get_ident)() != own) == threads
    finish = meanwhile(lambda: [4].index(5))
    for _ in range(2):
        with pytest.raises(ValueError, match="5 is not in list"):
            finish()
