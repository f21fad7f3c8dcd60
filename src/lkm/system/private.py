"""Writing a file that tells of a machine: as a whole or not at all, and for its owner's eyes only."""

from __future__ import annotations

import os

from lkm.system.files import machine_error
from lkm.system.fileset import ENDING


def write_private(path: str, data: bytes) -> None:
    """Replace a file, with mode 0600; raises MachineError, and then what was there before is as it was."""
    fresh = f"{path}{ENDING}-{os.getpid()}"
    try:
        fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            with os.fdopen(fd, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(fd)
            os.replace(fresh, path)
        except BaseException:
            os.unlink(fresh)
            raise
    except OSError as error:
        raise machine_error(error, path) from error
