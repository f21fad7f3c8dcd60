"""Entries on their way to the history: written by a process of its own, as each is on disk before the next.

What waits is bounded; what is beyond that, because the disk is too slow, is counted and told.
"""

from __future__ import annotations

from collections import deque

from lkm.errors import LkmError
from lkm.system.workers import Pool

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from lkm.autoload.nouns import Entry

_MANY, _MOST = 1000, 20_000
#: Entries that go to the writer at once; their packet must stay below what a socket takes.
_BATCH = 32


class Recorder:
    """``append`` writes entries and may raise LkmError; ``complain`` is told in words when some are lost."""

    def __init__(
        self,
        append: Callable[..., None],
        complain: Callable[[str], None],
        watch: Callable[[int, Callable[[], None]], object],
        unwatch: Callable[[int], object],
    ) -> None:
        self._complain = complain
        self._waiting: deque[Entry] = deque()
        self._writing = False
        self._said = ""
        self.lost = 0
        self._pool = Pool(lambda: lambda batch: _write(append, batch), 1, watch, unwatch, self._written)
        self.idle: Callable[[], None] = lambda: None

    @property
    def busy(self) -> bool:
        """Tell whether entries wait or are being written."""
        return bool(self._waiting or self._writing)

    @property
    def full(self) -> bool:
        """Tell whether so many wait that it is better to make no more."""
        return len(self._waiting) >= _MANY

    def note(self, entry: Entry) -> None:
        """Take in an entry."""
        if len(self._waiting) >= _MOST:
            self._lose(1, "the disk is too slow")
        else:
            self._waiting.append(entry)
            self._go_on()

    def _go_on(self) -> None:
        if self._writing or not self._waiting:
            return
        batch = [self._waiting.popleft() for _ in range(min(_BATCH, len(self._waiting)))]
        try:
            self._writing = self._pool.start(1, batch)
        except OSError as error:
            self._lose(len(batch), str(error))

    def _written(self, _: int, result: Any) -> None:
        self._writing = False
        lost, why = (1, "its writer died") if result is None else result
        if lost:
            self._lose(lost, why)
        self._go_on()
        if not self.busy:
            self.idle()

    def _lose(self, count: int, why: str) -> None:
        self.lost += count
        if why != self._said:
            self._said = why
            self._complain(f"the history lacks entries: {why}")

    def close(self) -> None:
        """End the writer."""
        self._pool.close()


def _write(append: Callable[..., None], batch: list[Entry]) -> tuple[int, str]:
    """Write some entries; return how many could not be written, and why."""
    try:
        append(*batch)
    except (LkmError, OSError) as error:
        return len(batch), str(error)
    return 0, ""
