"""Replacing the files of a set all or none, even when the writer is killed at any point.

Files are written beside the old ones under temporary names and synced. Then one rename makes the record
``modules.lkm-commit``, which says which temporary file becomes which: from that moment the set is the new one. Then
the files are renamed one by one, and the record is removed. So after a kill or a loss of power

- without a record the old set is whole, and temporary files are rubbish that the next writer removes;
- with a record the new set is whole: our readers take a file that was not renamed yet from its temporary name
  (:func:`pending`), and the next writer ends the renaming first (:func:`recover`).

The record tells each old file by size, mtime and inode. When another one stands there, somebody else (kmod's depmod)
has written since, and the record counts no more. Its format: ``NAME TEMPORARY SIZE MTIME_NS INODE`` (numbers of the
old file, or -1 where there was none), a line for each file, then ``end``.

Readers that know nothing of the record may see some files new and some old between two renames. A link that all files
go through could be switched at once for them too, but indexes that are links surprise whoever copies or packs a tree.
"""

from __future__ import annotations

import os

from lkm.errors import LkmError
from lkm.system.files import machine_error, read_text, write_hint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

RECORD = "modules.lkm-commit"
#: How temporary names end.
ENDING = ".lkm-new"


def write_set(directory: str, files: Mapping[str, bytes]) -> None:
    """Replace files of a directory, all or none; raises MachineError with the path of the one that failed.

    Before the set is decided, a failure leaves the old set and no temporary file. After that, the new set stands.
    """
    lock = _lock(directory)
    try:
        recover(directory)
        _write_all(directory, files)
    finally:
        if lock >= 0:
            os.close(lock)


def pending(directory: str) -> dict[str, str]:
    """Return name → path of the files of a decided set that were not renamed yet; none mostly."""
    try:
        *lines, end = read_text(f"{directory}/{RECORD}").split("\n")
    except LkmError:
        return {}
    found = {}
    for line in lines if end == "end" else ():
        name, temporary, *old = line.split(" ")
        if "/" in name or "/" in temporary or not temporary.endswith(ENDING):
            return {}
        path = f"{directory}/{temporary}"
        unchanged = _identity(f"{directory}/{name}") == old
        if os.path.exists(path):
            if not unchanged:
                return {}
            found[name] = path
        elif unchanged and _identity(f"{directory}/{name}") == old:
            return {}  # not renamed, and nothing is left to rename
    return found


def recover(directory: str) -> None:
    """End what a killed writer began, and remove what it left; raises MachineError. Only for who holds the lock."""
    path = directory
    try:
        for name, temporary in pending(directory).items():
            path = f"{directory}/{name}"
            os.rename(temporary, path)
        left = [name for name in os.listdir(directory) if name.startswith("modules.") and name.endswith(ENDING)]
        record = f"{directory}/{RECORD}"
        if os.path.lexists(record):
            _sync(directory)
            os.unlink(record)
        for name in left:
            path = f"{directory}/{name}"
            os.unlink(path)
    except OSError as e:
        raise machine_error(e, path, write_hint(e.errno or 0)) from e


def _write_all(directory: str, files: Mapping[str, bytes]) -> None:
    ready: list[tuple[str, str]] = []
    record = f"{directory}/{RECORD}{ENDING}"
    path = directory
    decided = len(files) == 1  # one rename needs no record
    lines = []
    try:
        for name, data in files.items():
            path = f"{directory}/{name}"
            ready.append((path + ENDING, path))
            write_file(path + ENDING, data)
            lines.append(" ".join([name, name + ENDING, *_identity(path)]))
        for temporary, path in ready:  # noqa: B007  (the handler below names it)
            _sync(temporary)
        if not decided:
            path = f"{directory}/{RECORD}"
            write_file(record, "\n".join([*lines, "end"]).encode())
            _sync(record)
            _sync(directory)
            os.rename(record, path)
            decided = True
            _sync(directory)
        while ready:
            temporary, path = ready[0]
            os.rename(temporary, path)
            del ready[0]
        _sync(directory)
        if len(files) > 1:
            path = f"{directory}/{RECORD}"
            os.unlink(path)
    except BaseException as e:
        if not decided or len(files) == 1:
            for temporary in [record, *[t for t, _ in ready]]:
                try:  # noqa: SIM105  (contextlib costs more than this)
                    os.unlink(temporary)
                except OSError:
                    pass
        if isinstance(e, OSError):
            raise machine_error(e, path, write_hint(e.errno or 0)) from e
        if decided and len(files) > 1:
            recover(directory)  # Ctrl-C: readers that know of no record shall see one set too
        raise


def _identity(path: str) -> list[str]:
    """Return size, mtime and inode of a file."""
    try:
        s = os.lstat(path)
    except OSError:
        return ["-1", "-1", "-1"]
    return [str(s.st_size), str(s.st_mtime_ns), str(s.st_ino)]


def _lock(directory: str) -> int:
    """Wait until no other writer is at work; return what is to be closed to let the next one (-1: no locks here)."""
    from fcntl import LOCK_EX, flock

    try:
        fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return -1
    try:
        flock(fd, LOCK_EX)
    except OSError:
        os.close(fd)
        return -1
    return fd


def write_file(path: str, data: bytes) -> None:
    """Write a new file, never through a link; raises OSError."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(fd, view) :]
    finally:
        os.close(fd)


def _sync(path: str) -> None:
    """Wait for a file's bytes to be on disk. After all are written: the first wait then covers most of the others."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
