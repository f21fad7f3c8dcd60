"""One guest, from start to clean-up: its process, its files, its watchdog, and the relay of what it prints.

The watchdog is a shell that waits for the end of a pipe which this process and nobody else holds open. However this
process ends, killed by SIGKILL too, the watchdog then kills the guest's process group and removes the guest's files.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import resource
import select
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lkm.errors import LabError
from lkm.lab.cache import cache_dir, remove

_WATCH = """trap '' HUP INT QUIT TERM; read -r guest; read -r end
kill -s KILL -- "-$guest" 2>/dev/null; rm -rf -- "$0"
"""
# The guest reports its process id by itself, before it is anything else: no moment is left in which it is unknown.
_START = """echo $$ >&0; exec "$@" <"$0" """

_PREFIX = "lkm-lab-"
_SAFE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._+-")


@dataclass(frozen=True)
class Machine:
    """How to start a guest: a command line, its environment, the file that it reads, the pipe that is its stdout."""

    command: Sequence[str]
    environment: dict[str, str]
    stdin: str = "/dev/null"
    stdout: str = ""
    one_cpu: bool = False


@dataclass
class Pipes:
    """The guest's ways to the host, by name: the command's output and errors, and its status.

    ``given`` are the descriptors that the guest inherits: the writing ends, and what else it gets.
    """

    names: tuple[str, ...]
    reading: dict[str, int] = field(default_factory=dict)
    given: dict[str, int] = field(default_factory=dict)

    def __enter__(self) -> Pipes:
        for name in self.names:
            self.reading[name], self.given[name] = os.pipe()
        return self

    def __exit__(self, *_: object) -> None:
        self.close_given()
        for fd in self.reading.values():
            os.close(fd)

    def close_given(self) -> None:
        """Leave to the guest alone what it was given."""
        while self.given:
            os.close(self.given.popitem()[1])


@contextlib.contextmanager
def run_directory() -> Iterator[Path]:
    """Make the directory of one guest's files; the watchdog removes it. Also removes what killed runs have left."""
    parent = _run_parent()
    _sweep(parent)
    path = tempfile.mkdtemp(prefix=_PREFIX, dir=parent)
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield Path(path)
    finally:
        remove(Path(path))
        os.close(fd)


def _run_parent() -> str:
    # The path gets on a kernel's command line and is seen in the guest, which has its own /dev, /run, /proc and /sys.
    hidden = ("/dev/", "/run/", "/proc/", "/sys/")
    for path in (tempfile.gettempdir(), "/tmp", "/var/tmp", str(cache_dir())):
        real = os.path.realpath(path)
        if _SAFE.issuperset(real) and not f"{real}/".startswith(hidden) and os.access(real, os.W_OK | os.X_OK):
            return real
    raise LabError("no directory for temporary files can be written", "/tmp")


def _sweep(parent: str) -> None:
    """Remove directories of ours that no run holds locked any more."""
    with os.scandir(parent) as entries:
        found = [entry.path for entry in entries if entry.name.startswith(_PREFIX)]
    for path in found:
        with contextlib.suppress(OSError):
            fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                stat = os.fstat(fd)
                # One that was made a moment ago may not be locked yet.
                if stat.st_uid == os.geteuid() and time.time() - stat.st_mtime > 10:
                    fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    remove(Path(path))
            finally:
                os.close(fd)


@contextlib.contextmanager
def started(machine: Machine, directory: Path, pipes: Pipes) -> Iterator[subprocess.Popen[bytes]]:
    """Run the machine, its console in ``directory/console``; at the end nothing of it is left, whatever happens."""
    end_of_us, ours = os.pipe()
    processor = one_processor() if machine.one_cpu else None
    guest = None
    with open(directory / "console", "wb") as console:
        watchdog = subprocess.Popen(
            ["/bin/sh", "-c", _WATCH, str(directory)], stdin=end_of_us, cwd="/", start_new_session=True
        )
        try:
            guest = subprocess.Popen(
                ["/bin/sh", "-c", _START, machine.stdin, *machine.command],
                stdin=ours,
                stdout=pipes.given[machine.stdout] if machine.stdout else console,
                stderr=console,
                env=machine.environment,
                pass_fds=tuple(pipes.given.values()),
                start_new_session=True,
            )
            pipes.close_given()
            # A guest keeps each file of the host open that it knows; 1024, as usual, are less than a module tree has.
            most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
            with contextlib.suppress(OSError, ValueError):
                resource.prlimit(guest.pid, resource.RLIMIT_NOFILE, (most, most))
            if processor is not None:
                with contextlib.suppress(OSError):
                    os.sched_setaffinity(guest.pid, {processor[0]})
            yield guest
        finally:
            if guest is not None:
                # Not reaped yet, so that the number cannot be another process's.
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(guest.pid, signal.SIGKILL)
            os.close(ours)
            os.close(end_of_us)
            watchdog.wait()
            if guest is not None:
                guest.wait()
            if processor is not None:
                os.close(processor[1])


def in_bytes(memory: str) -> int:
    """Return the size in bytes.

    >>> in_bytes("512M")
    536870912
    """
    unit = {"K": 10, "M": 20, "G": 30}.get(memory[-1:].upper())
    if unit is None or not memory[:-1].isdecimal():
        raise LabError(f"'{memory}' is no size of memory", hint="say it as in 512M or 1G")
    return int(memory[:-1]) << unit


def kernel_log(directory: Path) -> str:
    """Return what the guest's kernel, and the program that runs it, have said."""
    files = (directory / "console", directory / "log")
    return "".join(path.read_text(errors="replace") for path in files if path.exists())


def one_processor() -> tuple[int, int]:
    """Choose one of the processors that this process may use, if possible one that no other guest has chosen.

    User-Mode Linux is two to three times faster on one: it hands over between processes at every system call.
    Returns the processor and a descriptor whose lock marks the choice.
    """
    allowed = sorted(os.sched_getaffinity(0))
    for processor in allowed:
        with contextlib.suppress(OSError):
            fd = os.open(f"/sys/devices/system/cpu/cpu{processor}", os.O_RDONLY)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return processor, fd
            except OSError:
                os.close(fd)
    return allowed[os.getpid() % len(allowed)], os.open(os.devnull, os.O_RDONLY)


class Relay:
    """Takes what comes out of the guest's pipes to descriptors of ours, or keeps it."""

    def __init__(self, pipes: Pipes, targets: dict[str, int | None], deadline: float) -> None:
        self.kept = {name: bytearray() for name in pipes.names}
        self._names = {fd: name for name, fd in pipes.reading.items()}
        self._targets = targets
        self._deadline = deadline

    def until_end(self, guest: subprocess.Popen[bytes], said: bytes = b"") -> None:
        """Relay until the guest's process has ended, or its status has ``said`` in it. Raises TimeoutError."""
        ended = os.pidfd_open(guest.pid)
        poll = select.poll()
        try:
            poll.register(ended, select.POLLIN)
            for fd in self._names:
                os.set_blocking(fd, False)
                poll.register(fd, select.POLLIN)
            while True:
                ready = [fd for fd, _ in self._wait(poll)]
                for fd in ready:
                    if fd != ended and not self._take(fd):
                        poll.unregister(fd)
                if said and said in self.kept["status"]:
                    return
                if ended in ready:
                    break
            for fd in self._names:
                while self._take(fd):
                    pass
        finally:
            os.close(ended)

    def goes_on(self, guest: subprocess.Popen[bytes], seconds: float) -> bool:
        """Wait so long; return whether the guest's process is still there. Raises TimeoutError after the deadline."""
        if time.monotonic() > self._deadline:
            raise TimeoutError
        time.sleep(seconds)
        return os.waitid(os.P_PID, guest.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None

    def _wait(self, poll: select.poll) -> list[tuple[int, int]]:
        while True:
            left = self._deadline - time.monotonic()
            ready = poll.poll(max(0, min(left, 3600) * 1000))
            if ready:
                return ready
            if left <= 0:
                raise TimeoutError

    def _take(self, fd: int) -> bool:
        """Relay what is there; return whether there may be more."""
        try:
            chunk = os.read(fd, 65536)
        except BlockingIOError:
            return False
        name = self._names[fd]
        target = self._targets.get(name)
        if target is None:
            self.kept[name] += chunk
            return bool(chunk)
        room = select.poll()
        room.register(target, select.POLLOUT)
        rest = memoryview(chunk)
        while rest:
            self._wait(room)
            # A pipe that is ready takes this much without waiting; a stuck reader does not outlast the deadline.
            rest = rest[os.write(target, rest[: select.PIPE_BUF]) :]
        return bool(chunk)
