"""How far a long piece of work is, on a terminal; and how long each of its stages took."""

from __future__ import annotations

import sys
from time import perf_counter

#: Work that is done sooner shows nothing.
_AFTER = 0.5
#: Seconds from one picture to the next.
_EVERY = 0.1
_WIDTH = 30


class Progress:
    """A bar on standard error, when that is a terminal and the work takes over half a second.

    ``with Progress("depmod: reading modules") as progress``, then ``progress.show(done, of_all)`` now and then. It is
    wiped away at the end, so what is said next stands on a line of its own.
    """

    def __init__(self, what: str) -> None:
        self.what = what
        self._drawn = 0
        try:
            terminal = sys.stderr is not None and sys.stderr.isatty()
        except ValueError:  # it is closed
            terminal = False
        self._next = perf_counter() + _AFTER if terminal else float("inf")

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self._draw("")

    def show(self, done: int, of_all: int) -> None:
        """Tell how much is done."""
        now = perf_counter()
        if now < self._next:
            return
        self._next = now + _EVERY
        bar = "#" * (_WIDTH * done // max(of_all, 1))
        self._draw(f"{self.what} [{bar:.<{_WIDTH}}] {done}/{of_all}")

    def _draw(self, line: str) -> None:
        if not (line or self._drawn):
            return
        try:
            # blanks wipe on every terminal, also where it knows no such command
            sys.stderr.write(f"\r{line:<{self._drawn}}" + ("" if line else "\r"))
            sys.stderr.flush()
        except OSError:
            self._next = float("inf")
        self._drawn = len(line)


class Stages:
    """The seconds of each stage of some work.

    >>> stages = Stages()
    >>> stages.end("3 files read")
    >>> str(stages).startswith("3 files read in 0.0")
    True
    """

    def __init__(self) -> None:
        self._began = perf_counter()
        self._ended: list[tuple[str, float]] = []

    def end(self, what: str) -> None:
        """Note that a stage is over, the next one begins."""
        now = perf_counter()
        self._ended.append((what, now - self._began))
        self._began = now

    def __str__(self) -> str:
        return ", ".join([f"{what} in {seconds:.3f} s" for what, seconds in self._ended])
