"""Keeping copies and a log of each change to the modules of a world of 2.4, where its tree has /var/log/ksymoops."""

from __future__ import annotations

import time
from contextlib import contextmanager

from lkm.system.ksymoops import Audit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.kernel.sim.kernel24 import Kernel24

#: When a world's clock stood at 0, where its meta does not tell: the day its release came out, 2001-04-08 UTC.
BOOT = 986_688_000


def stamp(kernel: Kernel24) -> str:
    """Return the time of a world's clock as ``YYYYMMDDhhmmss``."""
    seconds = int(kernel.world.meta("boot", str(BOOT))) + int(kernel.world.meta("clock")) // 1_000_000
    return time.strftime("%Y%m%d%H%M%S", time.gmtime(seconds))


class Changes:
    """The changes that one tool makes. In a world without a tree of its own nothing is kept."""

    def __init__(self, kernel: Kernel24) -> None:
        self._kernel = kernel
        self._audit = Audit(kernel.root() or "/nonexistent")

    @contextmanager
    def tool(self, words: list[str], end: str, *, safe: bool = False) -> Iterator[list[int]]:
        """Log a tool's start and its end: ``end``, with the status that is put into the list in place of ``%d``."""
        status = [1]
        self._audit.log(stamp(self._kernel), f"start {' '.join(words)} safemode={int(safe)}")
        try:
            yield status
        finally:
            self._audit.log(stamp(self._kernel), end.replace("%d", str(status[0])))

    @contextmanager
    def change(self, *, sweeps: bool = False) -> Iterator[None]:
        """Keep how things are before and after; of a change that ``sweeps`` only where it removed anything."""
        if not self._audit.on:
            yield
            return
        before = self._texts()
        if not sweeps:
            self._audit.snapshot(stamp(self._kernel), *before)
        try:
            yield
        finally:
            after = self._texts()
            if sweeps and after[1].count("\n") != before[1].count("\n"):
                self._audit.snapshot(stamp(self._kernel), *before)
            if not sweeps or after[1].count("\n") != before[1].count("\n"):
                self._audit.snapshot(stamp(self._kernel), *after)

    def _texts(self) -> tuple[str, str]:
        return self._kernel.proc_ksyms(), self._kernel.proc_modules()
