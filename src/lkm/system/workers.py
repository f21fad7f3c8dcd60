"""A pool of processes that load modules, so that whoever watches goes on meanwhile.

Processes, not threads: install commands change signals, an oops in a module's init kills whoever loads it, and one
that hangs there can be left alone. A worker is a fork that knows nothing of its parent's files; jobs and answers go
over a SOCK_SEQPACKET pair, pickled, a packet each. Workers are made when they are needed and kept for the next job.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
import socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, NoReturn

_PACKET = 200_000
#: Signals that the parent may have handlers for, and a worker leaves to it.
_SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGCHLD, signal.SIGPIPE, signal.SIGUSR1)


class Worker:
    """One process. ``job`` is what it works on, or None."""

    def __init__(self, make: Callable[[], Callable[[Any], Any]]) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.pid = os.fork()
        if not self.pid:
            _live(theirs, make)
        theirs.close()
        self.socket = ours
        self.job: int | None = None

    def give(self, job: int, payload: object) -> None:
        """Let it work on this; raises OSError when it is dead."""
        self.socket.sendall(pickle.dumps(payload))
        self.job = job

    def take(self) -> tuple[bool, Any]:
        """Return (True, result), or (False, None) when it has died over its job."""
        try:
            packet = self.socket.recv(_PACKET)
        except OSError:
            packet = b""
        # What comes is from our own fork, over a socket that nobody else has.
        return (True, pickle.loads(packet)) if packet else (False, None)

    def kill(self) -> None:
        """Kill it with all that it started. One that hangs in the kernel goes when the kernel lets it."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            os.kill(self.pid, signal.SIGKILL)  # it has no session yet; or it is dead, and not buried

    def buried(self) -> bool:
        """Tell whether it is gone, without waiting."""
        try:
            return os.waitpid(self.pid, os.WNOHANG)[0] != 0
        except ChildProcessError:
            return True


def _live(work: socket.socket, make: Callable[[], Callable[[Any], Any]]) -> NoReturn:
    """Be a worker: keep only stdin, stdout, stderr and the socket, then do job after job until it is closed."""
    status = 1
    try:
        gc.freeze()  # garbage of the parent shall close no descriptor here: it may be another's by then
        signal.set_wakeup_fd(-1)
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        os.setsid()  # Ctrl-C is for the parent, who lets jobs end; and what hangs is killed with all that it started
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        os.dup2(work.fileno(), 3)
        os.closerange(4, os.sysconf("SC_OPEN_MAX"))
        with socket.socket(fileno=3) as mine:
            os.set_inheritable(3, False)
            do = make()
            while packet := mine.recv(_PACKET):
                mine.sendall(pickle.dumps(do(pickle.loads(packet))))
        status = 0
    finally:
        os._exit(status)


class Pool:
    """Up to ``most`` workers, of which ``kept`` (0: all) stay when there is nothing to do.

    ``make`` is called in each new one and returns what does a job, which must not raise.
    ``watch(descriptor, call)`` is asked to call when the descriptor can be read, ``unwatch(descriptor)`` to stop
    that; ``finished(job, result)`` is told of each job that ended, with None when its worker died over it.
    """

    def __init__(
        self,
        make: Callable[[], Callable[[Any], Any]],
        most: int,
        watch: Callable[[int, Callable[[], None]], object],
        unwatch: Callable[[int], object],
        finished: Callable[[int, Any], None],
        kept: int = 0,
    ) -> None:
        self._make = make
        self.most = most
        self._kept = kept or most
        self._watch = watch
        self._unwatch = unwatch
        self._finished = finished
        self._workers: list[Worker] = []
        self._dead: list[Worker] = []

    @property
    def busy(self) -> int:
        """Return how many jobs are being done."""
        return sum(worker.job is not None for worker in self._workers)

    @property
    def size(self) -> int:
        """Return how many workers there are."""
        return len(self._workers)

    def start(self, job: int, payload: object) -> bool:
        """Let a worker do this; False when all of them have something to do."""
        self.bury()
        for worker in list(self._workers):
            if worker.job is None:
                try:
                    worker.give(job, payload)
                    return True
                except OSError:  # it died while idle
                    self._drop(worker)
        if len(self._workers) >= self.most:
            return False
        worker = Worker(self._make)
        self._workers.append(worker)
        self._watch(worker.socket.fileno(), lambda: self._ready(worker))
        worker.give(job, payload)
        return True

    def _ready(self, worker: Worker) -> None:
        alive, result = worker.take()
        job, worker.job = worker.job, None
        if not alive or len(self._workers) > self._kept:
            self._drop(worker)
        if job is not None:
            self._finished(job, result)

    def kill(self, job: int) -> None:
        """Kill the worker of a job that takes too long. The job is finished when that worker is really gone."""
        for worker in self._workers:
            if worker.job == job:
                worker.kill()

    def job_of(self, pids: Iterable[int]) -> int:
        """Return the job of the first of these processes that is a worker with one, or 0."""
        jobs = {worker.pid: worker.job for worker in self._workers}
        return next((job for pid in pids if (job := jobs.get(pid))), 0)

    def _drop(self, worker: Worker) -> None:
        self._workers.remove(worker)
        self._unwatch(worker.socket.fileno())
        worker.socket.close()  # an idle one then ends by itself
        self._dead.append(worker)

    def bury(self) -> None:
        """Take in the ends of workers that are gone."""
        self._dead = [worker for worker in self._dead if not worker.buried()]

    def close(self) -> None:
        """End all workers; a job that is being done is not waited for."""
        for worker in list(self._workers):
            if worker.job is not None:
                worker.kill()
            self._drop(worker)
        self.bury()
