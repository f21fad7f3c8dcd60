"""The history of requests on disk: lines are added, by as many writers as there are, and survive a loss of power.

Each line is one write to a file opened with O_APPEND, and on disk (fdatasync) before the writer goes on. Under a lock
on the file, for as long as that write takes, a writer also looks whether the file is still the one of that name,
whether it has grown enough to be put aside, and whether somebody's last line is torn (the power went, the disk was
full): that line then gets its end, so that it spoils no other. Readers pass over it, and tell. The lock of a writer
that is killed is gone with it.

Put aside are ``history.jsonl.1`` (the newest) to ``.N``; then the oldest goes.
"""

from __future__ import annotations

import errno
import fcntl
import os

from lkm.autoload.history import line, parse
from lkm.origin import Origin, Problem
from lkm.system.files import machine_error, make_directory, read_bytes
from lkm.system.fileset import sync

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lkm.autoload.nouns import Entry
    from lkm.kernel.interface import ShownKernel

VARIABLE = "LKM_HISTORY"
PLACE = "/var/lib/lkm/history.jsonl"
#: The size in bytes from which a file is put aside, and how many such files there are.
LIMIT, KEEP = 4 << 20, 4
_TORN = "a torn line: its writer was stopped while writing it, by a loss of power or a full disk"


def place() -> str:
    """Return where the history is, unless told otherwise."""
    return os.environ.get(VARIABLE) or PLACE


def path_of(kernel: ShownKernel) -> str:
    """Return where a kernel's history is: what LKM_HISTORY names, beside a simulated kernel's file, or in /var."""
    world = getattr(kernel, "world", None)
    return place() if world is None else os.environ.get(VARIABLE) or f"{world.path}.history.jsonl"


class History:
    """The history at a path. Raises MachineError where the operating system refuses."""

    def __init__(self, path: str = "", limit: int = LIMIT, keep: int = KEEP) -> None:
        self.path = path or place()
        self._limit = limit
        self._keep = keep

    def append(self, *entries: Entry) -> None:
        """Add entries; when this returns, they are on disk."""
        data = b"".join([line(entry).encode() + b"\n" for entry in entries])
        try:
            fd = self._locked()
            try:
                torn = _ends_torn(fd)
                _write(fd, b"\n" + data if torn else data)
                fcntl.flock(fd, fcntl.LOCK_UN)
                os.fdatasync(fd)
            finally:
                os.close(fd)
        except OSError as error:
            raise machine_error(error, self.path) from error

    def _locked(self) -> int:
        """Return the file, locked, open for adding, with room below the limit."""
        while True:
            fd = self._open()
            try:
                fcntl.flock(fd, fcntl.LOCK_EX)
                seen = os.fstat(fd)
                if not _is(self.path, seen):  # put aside while we waited
                    os.close(fd)
                    continue
                if seen.st_size < self._limit:
                    return fd
                self._put_aside()
            except BaseException:
                os.close(fd)
                raise
            os.close(fd)

    def _open(self) -> int:
        flags = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            return os.open(self.path, flags)
        except FileNotFoundError:
            pass
        directory = os.path.dirname(self.path) or "."
        make_directory(directory)
        fd = os.open(self.path, flags | os.O_CREAT, 0o600)
        sync(directory)
        return fd

    def _put_aside(self) -> None:
        """Give the file the name ``.1``; each name up to the first that is free moves on by one."""
        names = [self.path, *[f"{self.path}.{number}" for number in range(1, self._keep + 1)]]
        free = next((at for at, name in enumerate(names) if at and not os.path.lexists(name)), self._keep)
        for at in range(free, 0, -1):
            os.rename(names[at - 1], names[at])
        sync(os.path.dirname(self.path) or ".")

    def files(self) -> list[str]:
        """Return the files that are there, oldest entries first."""
        names = [f"{self.path}.{number}" for number in range(self._keep, 0, -1)]
        return [name for name in (*names, self.path) if os.path.exists(name)]

    def read(self, complain: Callable[[Problem], None] = lambda _: None) -> Iterator[Entry]:
        """Yield all entries in the order in which they were written. What is no entry goes to ``complain``."""
        for path in self.files():
            yield from entries(read_bytes(path), path, complain)

    def follow(self, wait: Callable[[], None], complain: Callable[[Problem], None]) -> Iterator[Entry]:
        """Yield all entries, then those that come, for ever; ``wait`` is called when there are none."""
        follower = Follower(self, complain, past=True)
        while True:
            yield from follower.look()
            wait()

    def last_for(self, module: str, since: float) -> Entry | None:
        """Return the last request for which a module was inserted, if that was at ``since`` or later; or None."""
        name = f'"{module}"'.encode()
        for path in reversed(self.files()):
            for raw in reversed(read_bytes(path).split(b"\n")):
                entry = parse(raw.decode("utf-8", "replace")) if name in raw else None
                if entry is not None and entry.outcome and module in entry.outcome.modules:
                    return entry if entry.request.at >= since else None
        return None


class Follower:
    """Looks at a history again and again. The first look brings all that is there (``past``), or nothing of it.

    A file that is put aside meanwhile is read to its end first. One that comes and goes between two looks is not
    seen; that takes as many lines as a file holds.
    """

    def __init__(self, history: History, complain: Callable[[Problem], None], *, past: bool) -> None:
        self._history = history
        self._complain = complain
        self._past = past
        self._fd = -1
        self._rest = b""
        self._began = False

    def look(self) -> Iterator[Entry]:
        """Yield what has come since the last look. Raises MachineError; the next look tries again."""
        if not self._began:
            self._fd = _open_or_none(self._history.path)
            self._began = True
            if self._past:
                yield from self._aside()
            elif self._fd >= 0:
                self._rest = self._more().rpartition(b"\n")[2]
        while True:
            moved = self._fd < 0 or not _is(self._history.path, os.fstat(self._fd))
            while self._fd >= 0 and (data := os.read(self._fd, 1 << 20)):
                *lines, self._rest = (self._rest + data).split(b"\n")
                yield from entries(b"\n".join([*lines, b""]), self._history.path, self._complain)
            if moved:
                if self._fd >= 0:
                    os.close(self._fd)
                self._fd, self._rest = -1, b""
                self._fd = _open_or_none(self._history.path)
            if not moved or self._fd < 0:
                return

    def _aside(self) -> Iterator[Entry]:
        """Yield what is in the files that were put aside."""
        for path in self._history.files():
            if self._fd < 0 or not _is(path, os.fstat(self._fd)):
                yield from entries(read_bytes(path), path, self._complain)

    def _more(self) -> bytes:
        parts = []
        while data := os.read(self._fd, 1 << 20):
            parts.append(data)
        return b"".join(parts)


def entries(data: bytes, path: str, complain: Callable[[Problem], None]) -> Iterator[Entry]:
    """Yield the entries of a file's bytes. A last line without its end is torn, even if it is whole otherwise."""
    *lines, rest = data.split(b"\n")
    for number, raw in enumerate(lines, 1):
        entry = parse(raw.decode("utf-8", "replace")) if raw else None
        if entry is not None:
            yield entry
        elif raw:
            complain(Problem(Origin(path, number), _TORN, hint="nothing is to be done; other lines are whole"))
    if rest:
        complain(Problem(Origin(path, len(lines) + 1), _TORN, hint="the next writer gives it its end"))


def _ends_torn(fd: int) -> bool:
    size = os.fstat(fd).st_size
    return size > 0 and os.pread(fd, 1, size - 1) != b"\n"


def _write(fd: int, data: bytes) -> None:
    """Write all, in one call; what did not go in whole is an error, and a torn line."""
    if os.write(fd, data) < len(data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _is(path: str, seen: os.stat_result) -> bool:
    """Tell whether a path leads to the file that was looked at."""
    try:
        found = os.stat(path)
    except OSError:
        return False
    return (found.st_dev, found.st_ino) == (seen.st_dev, seen.st_ino)


def _open_or_none(path: str) -> int:
    """Return the file, -1 where there is none. Raises MachineError."""
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return -1
    except OSError as error:
        raise machine_error(error, path) from error
