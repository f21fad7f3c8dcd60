from __future__ import annotations

import errno
import os

import pytest

from lkm.kernel.interface import Done, Outcome, Refused
from lkm.kernel.linux import LinuxKernel
from lkm.system.follow import unload


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
