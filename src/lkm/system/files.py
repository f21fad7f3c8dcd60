"""Reading files. What the operating system refuses is a MachineError with its errno and the path."""

from __future__ import annotations

import errno
import os

from lkm.errors import FormatError, MachineError
from lkm.formats.source import BytesSource, ends_early

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mmap import mmap
    from types import TracebackType

    from lkm.formats.source import Source

#: How compressed files start, as far as :func:`open_source` looks; ``kind_of`` tells for sure.
_COMPRESSED = (b"\x1f\x8b", b"\xfd7", b"\x28\xb5")

#: An ELF header is no longer.
_HEAD = 64

#: Same limit as for module files in ``formats.compression``.
_MAX_UNPACKED = 1 << 30

#: Files up to this size are read whole rather than mapped.
_SMALL = 1 << 20

#: Most that is read from what tells no size: a pipe may well be a configuration file, but /dev/zero has no end.
_MAX_UNSIZED = 64 << 20


def machine_error(e: OSError, path: str, hint: str = "") -> MachineError:
    """Return the error for a refused call on a path, with the words of strerror(3)."""
    return MachineError(os.strerror(e.errno or 0), path, e.errno or 0, hint)


class FileSource:
    """A file that is read where asked, with pread(2). ``head``: its first bytes, which need no reading any more."""

    __slots__ = ("_fd", "head", "name", "size")

    def __init__(self, fd: int, name: str, size: int, head: bytes = b"") -> None:
        self._fd = fd
        self.head = head
        self.name = name
        self.size = size

    def read(self, offset: int, length: int) -> bytes:
        """Return exactly ``length`` bytes at ``offset``; raises FormatError past the end, MachineError on EIO."""
        if offset < 0 or length < 0 or offset + length > self.size:
            raise ends_early(self.name, offset, length, self.size)
        if not offset and length <= len(self.head):
            return self.head[:length]
        try:
            data = os.pread(self._fd, length, offset)
            while len(data) < length:
                more = os.pread(self._fd, length - len(data), offset + len(data))
                if not more:
                    raise ends_early(self.name, offset, length, offset + len(data))
                data += more
        except OSError as e:
            raise machine_error(e, self.name) from e
        return data


class open_source:  # noqa: N801  (used as a function, as open() is)
    """Open a file for reading in parts: ``with open_source(path) as source``.

    A compressed file is decompressed whole, whatever its name: as kmod, by its contents. Raises MachineError;
    FormatError for a broken stream.
    """

    __slots__ = ("_fd", "path")

    def __init__(self, path: str) -> None:
        self.path = path
        self._fd = -1

    def __enter__(self) -> Source:
        source = self._opened()
        if source.head[:2] not in _COMPRESSED:
            return source
        try:
            data = source.read(0, source.size)
        finally:
            self._close()
        from lkm.formats.compression import decompress, kind_of

        return BytesSource(decompress(data, kind_of(data), self.path, _MAX_UNPACKED), self.path)

    def _opened(self) -> FileSource:
        try:
            self._fd = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
            head = os.pread(self._fd, _HEAD, 0)
            return FileSource(self._fd, self.path, os.fstat(self._fd).st_size, head)
        except OSError as e:
            self._close()
            raise machine_error(e, self.path) from e

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def _close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def read_bytes(path: str) -> bytes:
    """Return a file's bytes, as they are on disk; raises MachineError, EFBIG for a device that does not end."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            parts = []
            size = os.fstat(fd).st_size
            room = max(size, _MAX_UNSIZED)
            while part := os.read(fd, max(65536, size + 1)):
                parts.append(part)
                room -= len(part)
                if room < 0:
                    raise OSError(errno.EFBIG, path)
            return b"".join(parts)
        finally:
            os.close(fd)
    except OSError as e:
        raise machine_error(e, path) from e


def read_text(path: str) -> str:
    """Return a file's text; bytes that are not UTF-8 become surrogate escapes. Raises MachineError."""
    return read_bytes(path).decode("utf-8", "surrogateescape")


def map_bytes(path: str) -> bytes | mmap:
    """Return a large file mapped read-only, so that only what is looked at is read; raises MachineError.

    A small one is read: that takes less time than the import of ``mmap``.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            size = os.fstat(fd).st_size
            if size <= _SMALL:
                data = os.read(fd, size)
                if len(data) == size:
                    return data
            import mmap as mapping

            return mapping.mmap(fd, 0, prot=mapping.PROT_READ)
        finally:
            os.close(fd)
    except OSError as e:
        raise machine_error(e, path) from e
    except ValueError as e:
        raise FormatError("cannot be mapped", path) from e


def make_directory(path: str) -> None:
    """Make a directory and those above it, where they are missing; raises MachineError."""
    try:
        os.makedirs(path, exist_ok=True)
    except OSError as e:
        raise machine_error(e, path, write_hint(e.errno or 0)) from e


def write_hint(number: int) -> str:
    """Return what to do about an errno of writing, or nothing."""
    return {
        errno.EACCES: "run it as root, or write elsewhere with -o DIR",
        errno.EPERM: "run it as root, or write elsewhere with -o DIR",
        errno.EROFS: "the file system is read-only: remount it, or write elsewhere with -o DIR",
        errno.ENOSPC: "free some space; the old files are unchanged",
    }.get(number, "")
