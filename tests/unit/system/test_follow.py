from __future__ import annotations

import errno
import os
import signal
from collections.abc import Iterable

import pytest

from lkm.kernel.interface import Done, Outcome, Refused
from lkm.kernel.linux import LinuxKernel
from lkm.names import ModuleName
from lkm.plan.load import Request, plan_load
from lkm.plan.resolve import resolve
from lkm.state.nouns import KernelState, LoadedModule
from lkm.system.follow import Driver, unload
from lkm.system.interrupts import Interrupted, Interrupts
from tests.support.planning import world


class Busy(LinuxKernel):
    """Lets a module go at the n-th time."""

    def __init__(self, times: int, number: int = errno.EAGAIN) -> None:
        super().__init__("/nowhere", "/nowhere", os.devnull)
        self.times = times
        self.number = number
        self.forced = False

    def unload(self, name: str, *, force: bool = False) -> Outcome:
        self.forced = force
        self.times -= 1
        return Refused("delete_module", self.number) if self.times > 0 else Done("delete_module")


@pytest.mark.parametrize(
    ("wait", "times", "number", "done", "pauses"),
    [
        (0, 2, errno.EAGAIN, False, 0),
        (100, 1, errno.EAGAIN, True, 0),
        (100, 4, errno.EAGAIN, True, 3),
        (100, 999, errno.EAGAIN, False, 7),
        (100, 2, errno.EBUSY, False, 0),
    ],
)
def test_only_a_busy_module_is_waited_for(
    wait: int, times: int, number: int, done: bool, pauses: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    kernel = Busy(times, number)
    assert isinstance(unload(kernel, "x", force=True, wait=wait), Done) == done
    assert kernel.forced
    assert len(slept) == pauses
    assert sum(slept) <= wait / 1000


class Counting(LinuxKernel):
    """Holds modules and counts their users, as the kernel does; at its n-th load it refuses, or a signal comes."""

    def __init__(self, there: Iterable[str], at: int, how: str) -> None:
        super().__init__("/nowhere", "/nowhere", os.devnull)
        self.there = dict.fromkeys(there, 0)
        for name in self.there:
            for need in NEEDS[name]:
                self.there[need] += 1
        self.left = at
        self.how = how

    def load(self, path: str, parameters: str = "", flags: int = 0) -> Outcome:
        name = path.rpartition("/")[2].removesuffix(".ko")
        self.left -= 1
        if not self.left and self.how == "refuse":
            return Refused("finit_module", errno.EINVAL)
        for need in NEEDS[name]:
            self.there[need] += 1
        self.there[name] = 0
        if not self.left and self.how == "signal":
            os.kill(os.getpid(), signal.SIGTERM)
        return Done("finit_module")

    def unload(self, name: str, *, force: bool = False) -> Outcome:
        assert not self.there[name], f"{name} is in use"
        del self.there[name]
        for need in NEEDS[name]:
            self.there[need] -= 1
        return Done("delete_module")

    def state(self) -> KernelState:
        return KernelState(tuple(LoadedModule(ModuleName(n), 1, count) for n, count in self.there.items()))


NEEDS = {"top": ("mid", "low"), "mid": ("low",), "low": (), "loop": ()}
CLOSED = [(), ("low",), ("low", "mid"), ("loop",), ("low", "loop")]


@pytest.mark.parametrize("how", ["refuse", "signal"])
@pytest.mark.parametrize("there", CLOSED)
@pytest.mark.parametrize("at", range(1, 5))
def test_wherever_a_request_ends_all_is_as_before(there: tuple[str, ...], at: int, how: str) -> None:
    kernel = Counting(there, at, how)
    before = dict(kernel.there)
    place = world("softdep top pre: loop")
    (target,) = resolve("top", place)
    try:
        with Interrupts() as interrupts:
            driver = Driver(kernel, interrupts=interrupts)
            state = driver.state()
            plan = plan_load(target, Request("top"), place, state)
            journal = driver.follow(plan, state)
            ended = bool(interrupts.caught or journal.failure)
            if ended:
                driver.undo(journal, "top", state)
    except Interrupted as told:
        assert told.number == signal.SIGTERM and how == "signal"
    loads = len(NEEDS) - len(there)
    if at > loads:
        assert not ended and set(kernel.there) == set(NEEDS)
    elif ended:
        assert kernel.there == before
    else:  # a softdep was refused, which ends nothing
        assert how == "refuse" and set(kernel.there) == {*NEEDS} - {"loop"}
