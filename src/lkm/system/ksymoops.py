"""What modutils 2.4 left in /var/log/ksymoops, for oopses to be read later: symbols and modules at each change.

Only where that directory is there: making it switches this on. ``YYYYMMDDhhmmss.ksyms`` and ``.modules`` are copies
of /proc/ksyms and /proc/modules before and after each change. ``YYYYMMDD.log`` has a line for each start and end of a
tool that changes modules, on disk before the tool goes on, as the next thing may be a crash (util/snap_shot.c).

Within one second modutils wrote over what was there; here a copy that differs gets a number, and the same one is made
once: ``YYYYMMDDhhmmss-2.ksyms``.
"""

from __future__ import annotations

import os

from lkm.system.files import machine_error

PLACE = "var/log/ksymoops"


class Audit:
    """The directory below a root, and what is written there. Raises MachineError where that cannot be."""

    def __init__(self, root: str) -> None:
        self.directory = os.path.join(root, PLACE)
        self.on = os.path.isdir(self.directory)

    def log(self, stamp: str, text: str) -> None:
        """Add a line to the day's log; ``stamp`` is ``YYYYMMDDhhmmss``."""
        if not self.on:
            return
        path = os.path.join(self.directory, f"{stamp[:8]}.log")
        try:
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            try:
                os.write(fd, f"{stamp[:8]} {stamp[8:]} {text}\n".encode("utf-8", "surrogateescape"))
                os.fdatasync(fd)
            finally:
                os.close(fd)
        except OSError as error:
            raise machine_error(error, path, f"remove {self.directory} to go on without a log") from error

    def snapshot(self, stamp: str, ksyms: str | None, modules: str) -> None:
        """Keep the two texts, unless they are those of the last copy within this second. 2.6 has no /proc/ksyms."""
        if not self.on:
            return
        texts = {} if ksyms is None else {"ksyms": ksyms.encode()}
        texts["modules"] = modules.encode()
        number, path, last = 1, os.path.join(self.directory, stamp), ""
        while not self._kept(path, texts, last):
            number, last = number + 1, path
            path = os.path.join(self.directory, f"{stamp}-{number}")

    def _kept(self, path: str, texts: dict[str, bytes], last: str) -> bool:
        """Make the copies by this name, if it is free and ``last`` has others; tell whether that is all."""
        if os.path.exists(f"{path}.modules"):
            return False
        if last and all(_read(f"{last}.{end}") == text for end, text in texts.items()):
            return True
        try:
            for end, text in texts.items():
                fd = os.open(f"{path}.{end}", os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
                with open(fd, "wb") as file:
                    file.write(text)
        except FileExistsError:  # somebody else makes copies in the same moment
            return False
        except OSError as error:
            raise machine_error(error, path, f"remove {self.directory} to go on without copies") from error
        return True


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return b""
