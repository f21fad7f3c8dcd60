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
from _thread import allocate_lock, start_new_thread  # threading takes longer to import than to use

from lkm.errors import LkmError, MachineError
from lkm.system.files import machine_error, read_text, write_hint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _thread import LockType
    from collections.abc import Mapping


RECORD = "modules.lkm-commit"
#: How temporary names end.
ENDING = ".lkm-new"


def write_set(directory: str, files: Mapping[str, bytes]) -> None:
    """Replace files of a directory, all or none; raises MachineError with the path of the one that failed.

    Before the set is decided, a failure leaves the old set and no temporary file. After that, the new set stands.
    """
    with SetWriter(directory) as writer:
        for name, data in files.items():
            writer.put(name, data)
        writer.commit()


class SetWriter:
    """A set that is replaced as :func:`write_set` does, file by file as they come to be.

    A file goes on its way to the disk as soon as it is put, by a thread of its own, while the next one is made:
    waiting for the disk takes no processor, and waits that overlap are together hardly longer than one.
    """

    def __init__(self, directory: str) -> None:
        self.directory = directory
        self._lock: int | None = None
        self._names: list[str] = []
        #: path → what is held until it is on disk
        self._held: dict[str, LockType] = {}
        self._faults: dict[str, MachineError] = {}

    def __enter__(self) -> SetWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self._wait()
        _remove([f"{self.directory}/{name}{ENDING}" for name in self._names])  # none when committed
        if self._lock is not None and self._lock >= 0:
            os.close(self._lock)

    def put(self, name: str, data: bytes) -> None:
        """Write a file beside the old one, in the place of what was put under this name before.

        What goes wrong is said by :meth:`commit`. No process may be forked between the first file and that.
        """
        path = f"{self.directory}/{name}"
        try:
            if self._lock is None:
                self._lock = _lock(self.directory)
                recover(self.directory)
            if path in self._held:
                self._held.pop(path).acquire()
            if name not in self._names:
                self._names.append(name)
            write_file(path + ENDING, data)
            self._sync(path, path + ENDING)
        except MachineError as e:
            self._faults[path] = e
        except OSError as e:
            self._faults[path] = _refused(e, path)

    def commit(self) -> None:
        """Decide for the new set; raises MachineError."""
        names = self._names.copy()
        record = f"{self.directory}/{RECORD}"
        if len(names) > 1:  # one rename needs no record
            lines = [" ".join([name, name + ENDING, *_identity(f"{self.directory}/{name}")]) for name in names]
            self.put(RECORD, "\n".join([*lines, "end"]).encode())
            self._sync(self.directory, self.directory)
        self._wait()
        for path in [f"{self.directory}/{name}" for name in self._names] + list(self._faults):
            if path in self._faults:
                raise self._faults[path]
        if len(names) > 1:
            try:
                os.rename(record + ENDING, record)
            except OSError as e:
                raise _refused(e, record) from e
        self._names = []
        _rename(self.directory, names)

    def _sync(self, path: str, what: str) -> None:
        """Begin to wait for the disk, for the sake of ``path``."""
        held = self._held[path] = allocate_lock()

        def work() -> None:
            try:
                sync(what)
            except OSError as e:
                self._faults[path] = _refused(e, path)
            finally:
                held.release()

        held.acquire()
        try:
            start_new_thread(work, ())
        except RuntimeError:  # no more threads
            work()

    def _wait(self) -> None:
        for held in self._held.values():
            held.acquire()
        self._held = {}


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
            sync(directory)
            os.unlink(record)
        for name in left:
            path = f"{directory}/{name}"
            os.unlink(path)
    except OSError as e:
        raise _refused(e, path) from e


def _rename(directory: str, names: list[str]) -> None:
    """Give the files of a decided set their names; raises MachineError."""
    path = directory
    try:
        if len(names) > 1:  # one rename needs no record
            sync(directory)
        for name in names:
            path = f"{directory}/{name}"
            os.rename(path + ENDING, path)
        sync(directory)
        if len(names) > 1:
            path = f"{directory}/{RECORD}"
            os.unlink(path)
    except BaseException as e:
        if len(names) == 1:
            _remove([f"{directory}/{names[0]}{ENDING}"])
        if isinstance(e, OSError):
            raise _refused(e, path) from e
        if len(names) > 1:
            recover(directory)  # Ctrl-C: readers that know of no record shall see one set too
        raise


def _refused(e: OSError, path: str) -> MachineError:
    return machine_error(e, path, write_hint(e.errno or 0))


def _remove(paths: list[str]) -> None:
    for path in paths:
        try:  # noqa: SIM105  (contextlib costs more than this)
            os.unlink(path)
        except OSError:
            pass


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


def write_file(path: str, *parts: bytes) -> None:
    """Write a new file, never through a link; raises OSError."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
    try:
        for data in parts:
            view = memoryview(data)
            while view:
                view = view[os.write(fd, view) :]
    finally:
        os.close(fd)


def replace_file(path: str, data: bytes, mode: int | None = None) -> None:
    """Replace a file at once, with its mode and owner as they are; raises MachineError. Of a link, what it leads to.

    With a ``mode`` it is one of ours: it may be missing before, or a link, which is replaced, and gets that mode.

    Whoever reads meanwhile, and whatever stops this, sees the old file or the new one.
    """
    path = os.path.realpath(path) if mode is None else path
    temporary = path + ENDING
    try:
        old = os.stat(path) if mode is None else None
        write_file(temporary, data)
        os.chmod(temporary, old.st_mode & 0o7777 if old else mode or 0)
        if old and (old.st_uid, old.st_gid) != (os.geteuid(), os.getegid()):
            os.chown(temporary, old.st_uid, old.st_gid)
        sync(temporary)
        os.rename(temporary, path)
        sync(os.path.dirname(path))
    except OSError as e:
        _remove([temporary])
        raise _refused(e, path) from e


def sync(path: str) -> None:
    """Wait for a file's bytes, or a directory's names, to be on disk; raises OSError."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
