"""Measuring for ``make bench``: two commands in alternation, time and memory of whole process trees."""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

ROUNDS = int(os.environ.get("LKM_BENCH_ROUNDS", "7"))


@dataclass
class Command:
    """What is timed: ``before`` each run (not timed), ``stdin`` a file, ``statuses`` that mean success.

    Raises SystemExit with what it wrote to standard error when it fails.
    """

    words: list[str]
    before: Callable[[], None] | None = None
    stdin: str = os.devnull
    statuses: tuple[int, ...] = (0,)

    def _failed(self, status: int, errors: IO[bytes]) -> SystemExit:
        errors.seek(0)
        said = errors.read().decode("utf-8", "replace")[-2000:]
        return SystemExit(f"bench: failed with status {status}: {' '.join(self.words)[:300]}\n{said}")

    def seconds(self) -> float:
        """Run it with its output thrown away; return seconds."""
        if self.before:
            self.before()
        with tempfile.TemporaryFile() as errors:
            actions = [
                (os.POSIX_SPAWN_OPEN, 0, self.stdin, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_RDWR, 0),
                (os.POSIX_SPAWN_DUP2, errors.fileno(), 2),
            ]
            start = time.perf_counter()
            child = os.posix_spawnp(self.words[0], self.words, os.environ, file_actions=actions)
            _, status = os.waitpid(child, 0)
            seconds = time.perf_counter() - start
            if os.waitstatus_to_exitcode(status) not in self.statuses:
                raise self._failed(os.waitstatus_to_exitcode(status), errors)
        return seconds

    def memory(self) -> float:
        """Run it once more; return the peak of what all its processes hold together, in MiB.

        That is the sum of their proportional set sizes (pages that several share count once), looked at every
        few milliseconds; mapped files count as far as they are in memory.
        """
        if self.before:
            self.before()
        with open(self.stdin, "rb") as stdin, tempfile.TemporaryFile() as errors:
            child = subprocess.Popen(
                self.words, stdin=stdin, stdout=subprocess.DEVNULL, stderr=errors, start_new_session=True
            )
            peak = 0
            while child.poll() is None:
                peak = max(peak, sum(_pss(process) for process in _family(child.pid)))
                time.sleep(0.002)
            if child.returncode not in self.statuses:
                raise self._failed(child.returncode, errors)
        return peak / 1024


def _family(pid: int) -> list[int]:
    """Return a process and all below it."""
    found = [pid]
    for process in found:
        try:
            found += map(int, Path(f"/proc/{process}/task/{process}/children").read_text().split())
        except OSError:
            continue
    return found


def _pss(pid: int) -> int:
    """Return a process's proportional set size in KiB; 0 when it is gone."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")), 0)


@dataclass
class Side:
    """Seconds (median) and peak memory (MiB) of one command."""

    seconds: float
    memory: float


@dataclass
class Row:
    """One comparison. ``limit`` is the promised ratio, ``most`` the promised memory; None where none is promised."""

    work: str
    ours: Side
    other: Side
    against: str
    limit: float | None = None
    most: float | None = None

    @property
    def ratio(self) -> float:
        """Return ours / other."""
        return self.ours.seconds / self.other.seconds

    def faults(self) -> list[str]:
        """Return what is over its limit."""
        found = []
        if self.limit and self.ratio > self.limit:
            found.append(f"{self.work}: {self.ratio:.2f} > {self.limit}")
        if self.most and self.ours.memory > self.most:
            found.append(f"{self.work}: {self.ours.memory:.0f} MiB > {self.most:.0f}")
        return found


HEAD = f"{'work':<44} {'ours ms':>9} {'other ms':>9} {'ratio':>6} {'limit':>6} {'MiB':>5} {'MiB':>5}  against"


def compare(
    work: str,
    ours: Command,
    other: Command,
    against: str = "kmod",
    *,
    limit: float | None = None,
    most: float | None = None,
    rounds: int = ROUNDS,
) -> Row:
    """Run both in alternation, after one uncounted run of each; print the row."""
    sides: list[Side] = []
    figures: tuple[list[float], list[float]] = ([], [])
    for command in (ours, other):
        command.seconds()
    for _ in range(rounds):
        for seconds, command in zip(figures, (ours, other), strict=True):
            seconds.append(command.seconds())
    for seconds, command in zip(figures, (ours, other), strict=True):
        sides.append(Side(statistics.median(seconds), command.memory()))
    row = Row(work, *sides, against, limit, most)
    print(
        f"{work:<44} {row.ours.seconds * 1e3:9.1f} {row.other.seconds * 1e3:9.1f} {row.ratio:6.2f}"
        f" {limit or '':>6} {row.ours.memory:5.0f} {row.other.memory:5.0f}  {against}",
        flush=True,
    )
    return row
