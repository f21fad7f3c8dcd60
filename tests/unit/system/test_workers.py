"""A pool of processes: jobs are done side by side, and one that dies or hangs takes nothing with it."""

from __future__ import annotations

import gc
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lkm.system.workers import Pool


class Bench:
    """A pool with its loop; ``results`` are job → result."""

    def __init__(self, most: int, kept: int = 0) -> None:
        self.selector = selectors.DefaultSelector()
        self.results: dict[int, Any] = {}
        self.pool = Pool(make, most, self.watch, self.selector.unregister, self.results.__setitem__, kept)

    def watch(self, descriptor: int, call: Callable[[], None]) -> None:
        self.selector.register(descriptor, selectors.EVENT_READ, call)

    def run(self, until: int) -> None:
        while len(self.results) < until:
            ready = self.selector.select(10)
            assert ready, "nothing came in ten seconds"
            for key, _ in ready:
                key.data()


def make() -> Callable[[Any], Any]:
    """Be a worker: what a job says is done."""

    def do(job: Any) -> Any:
        if job == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if job == "hang":
            signal.pause()
        if job.startswith("sleep "):
            subprocess.run(["sh", "-c", f"sleep 1000 & echo $! >{job[6:]}; wait"])
        if job == "files":
            return sorted(int(name) for name in os.listdir("/proc/self/fd"))
        if job == "collect":
            gc.collect()
            return "collected"
        if job == "signals":
            return [signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGHUP)]
        return os.getpid(), job

    return do


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench(2)
    yield bench
    bench.pool.close()


def test_jobs_are_done_by_few_workers_that_are_kept(bench: Bench) -> None:
    for job in range(10):
        while not bench.pool.start(job, f"job {job}"):
            bench.run(len(bench.results) + 1)
    bench.run(10)
    assert [bench.results[job][1] for job in range(10)] == [f"job {job}" for job in range(10)]
    pids = {pid for pid, _ in bench.results.values()}
    assert len(pids) == 2 == bench.pool.size and os.getpid() not in pids and bench.pool.busy == 0


def test_no_more_than_so_many_at_once(bench: Bench) -> None:
    assert bench.pool.start(1, "hang") and bench.pool.start(2, "hang") and not bench.pool.start(3, "x")
    assert bench.pool.busy == 2
    bench.pool.kill(1)
    bench.run(1)
    assert bench.results == {1: None}
    assert bench.pool.start(3, "x")
    bench.run(2)
    assert bench.results[3][1] == "x"


def test_what_a_worker_started_is_killed_with_it(bench: Bench, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pid")
    bench.pool.start(1, f"sleep {tmp_path}/pid")
    pid = int((tmp_path / "pid").read_text())
    bench.pool.kill(1)
    bench.run(1)
    until = time.monotonic() + 10
    while Path(f"/proc/{pid}/stat").exists() and ") Z " not in Path(f"/proc/{pid}/stat").read_text():
        assert time.monotonic() < until


def test_only_some_are_kept(bench: Bench) -> None:
    few = Bench(4, kept=1)
    for job in range(4):
        assert few.pool.start(job, "x")
    few.run(4)
    assert few.pool.size == 1
    few.pool.close()


def test_a_worker_that_dies_is_told_of_and_replaced(bench: Bench) -> None:
    assert bench.pool.start(1, "die")
    bench.run(1)
    assert bench.results == {1: None} and bench.pool.size == 0
    assert bench.pool.start(2, "x")
    bench.run(2)
    assert bench.results[2][1] == "x"


def test_one_that_died_while_idle_is_replaced(bench: Bench) -> None:
    bench.pool.start(1, "x")
    bench.run(1)
    pid = bench.results[1][0]
    os.kill(pid, signal.SIGKILL)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert bench.pool.start(2, "y")
    bench.run(2)
    assert bench.results[2][1] == "y" and bench.results[2][0] != pid


def test_a_worker_has_no_files_and_handlers_of_its_parent(bench: Bench) -> None:
    reader, writer = os.pipe()
    old = signal.signal(signal.SIGHUP, lambda *_: None)
    try:
        bench.pool.start(1, "files")
        bench.pool.start(2, "signals")
        bench.run(2)
    finally:
        signal.signal(signal.SIGHUP, old)
        os.close(reader)
        os.close(writer)
    assert bench.results[1] == [0, 1, 2, 3, 4]  # 4: the directory that is being listed
    assert bench.results[2] == [signal.SIG_DFL, signal.SIG_DFL]


def test_they_end_with_the_pool() -> None:
    bench = Bench(2)
    bench.pool.start(1, "x")
    bench.run(1)
    bench.pool.start(2, "hang")
    pids = [bench.results[1][0]]
    bench.pool.close()
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            while True:
                bench.pool.bury()
                os.kill(pid, 0)


class Holder:
    """Something of the parent that has descriptor 3, and is freed by the collector of garbage only."""

    def __init__(self) -> None:
        self.me, self.parent = self, os.getpid()

    def __del__(self) -> None:
        if os.getpid() != self.parent:
            os.close(3)


def test_garbage_of_the_parent_closes_no_descriptor_of_a_worker(bench: Bench) -> None:
    gc.disable()
    try:
        Holder()
        bench.pool.start(1, "collect")
        bench.run(1)
    finally:
        gc.enable()
    assert bench.results[1] == "collected"
