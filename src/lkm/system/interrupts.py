"""Signals that ask a request to end: they are noted, so that it can be undone, and not obeyed at once.

``_signal`` is what the module ``signal`` wraps in enums; their import alone takes longer than loading most modules.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType, TracebackType

NAMES = {_signal.SIGINT: "SIGINT", _signal.SIGTERM: "SIGTERM", _signal.SIGHUP: "SIGHUP"}


class Interrupted(Exception):
    """A request was ended by the signal ``number``; a tool then leaves with status 128 + ``number``."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class Interrupts:
    """While entered, SIGINT, SIGTERM and SIGHUP are noted in ``caught``, the first one's number (0: none came).

    A signal that this process was started to ignore stays ignored. On leaving without an exception, Interrupted is
    raised when a signal was caught. Outside the main thread, where Python sets no handlers, nothing is caught.
    """

    def __init__(self) -> None:
        self.caught = 0
        self._child = 0
        self._before: list[tuple[int, object]] = []

    def __enter__(self) -> Interrupts:
        for number in NAMES:
            handler = _signal.getsignal(number)
            if handler == _signal.SIG_IGN or handler is None:
                continue
            try:
                _signal.signal(number, self._note)
            except ValueError:
                break
            self._before.append((number, handler))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before:
            _signal.signal(number, handler)
        self._before.clear()
        if self.caught and kind is None:
            raise Interrupted(self.caught)

    def note(self, number: int) -> None:
        """Take a signal as caught."""
        self.caught = self.caught or number

    def share(self, child: int) -> None:
        """Let a process have what is caught too: one that came before this call, and those to come; 0: nobody."""
        self._child = child
        if self.caught:
            self._pass_on(self.caught)

    def _note(self, number: int, _: FrameType | None) -> None:
        self.note(number)
        self._pass_on(number)

    def _pass_on(self, number: int) -> None:
        if self._child:
            try:  # noqa: SIM105  (contextlib costs more than this)
                os.kill(self._child, number)
            except OSError:
                pass


def name_of(number: int) -> str:
    """Return what a signal is called.

    >>> name_of(15), name_of(62)
    ('SIGTERM', 'signal 62')
    """
    return NAMES.get(number, f"signal {number}")
