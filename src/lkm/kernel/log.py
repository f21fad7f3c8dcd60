"""Reading /dev/kmsg: one record a read, without waiting for more (Documentation/ABI/testing/dev-kmsg).

A record that the kernel has not ended with a newline, or had to cut, can be read only after the next record, so
the last words on a refused module may be missing from its outcome and turn up in that of a later one.
"""

from __future__ import annotations

import os

from lkm.state.kmsg import parse_record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.state.nouns import LogRecord

_LONGEST = 8192  # a read must have room for a whole record: 1 kB of text, four times that when escaped, properties


class Log:
    """The kernel log from one place on. A log that may not be read (dmesg_restrict) is an empty one, no error."""

    def __init__(self, path: str = "/dev/kmsg", *, at_end: bool = False) -> None:
        """Open the log at its oldest record, or after its newest."""
        try:
            self._fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            self._fd = -1
            return
        if at_end:
            os.lseek(self._fd, 0, os.SEEK_END)

    def take(self) -> tuple[LogRecord, ...]:
        """Return the records that have come since the last look, oldest first."""
        records: list[LogRecord] = []
        while data := self._next():
            record = parse_record(data.decode("utf-8", "surrogateescape"))
            if record is not None:
                records.append(record)
        return tuple(records)

    def _next(self) -> bytes:
        """Return one record's bytes, or nothing when there is no more for now."""
        while self._fd >= 0:
            try:
                return os.read(self._fd, _LONGEST)
            except BrokenPipeError:
                pass  # the ring buffer overtook us; the next read goes on with the oldest record still there
            except OSError:
                break  # EAGAIN
        return b""

    def close(self) -> None:
        """Give the file back."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
