"""Where the lab keeps what is slow to make: each directory is made once, under a lock, and appears when whole."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from lkm.errors import LabError


def cache_dir() -> Path:
    """Return ``$XDG_CACHE_HOME/lkm`` (else ``~/.cache/lkm``), made; with no home to write to, ``$TMPDIR/lkm-UID``.

    Raises LabError when neither can be written.
    """
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    # A relative $XDG_CACHE_HOME is to be ignored (XDG base directory specification), and so is an unknown home.
    if os.path.isabs(home) and _usable(os.path.join(home, "lkm")):
        return Path(home, "lkm")
    private = os.path.join(tempfile.gettempdir(), f"lkm-{os.geteuid()}")
    if _usable(private):
        return Path(private)
    hint = "set XDG_CACHE_HOME to a directory of yours"
    raise LabError("there is no directory to keep kernels in", private, hint)


def _usable(path: str) -> bool:
    """Tell whether the directory is there (now) and ours alone to write: what is in it gets executed."""
    try:
        os.makedirs(path, mode=0o700, exist_ok=True)
        found = os.lstat(path)
    except OSError:
        return False
    return found.st_uid == os.geteuid() and not found.st_mode & 0o022 and os.access(path, os.W_OK | os.X_OK)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file ``path``, waiting for others that hold it."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


def made_once(target: Path, make: Callable[[Path], None]) -> Path:
    """Return the directory ``target``; where it is missing, ``make`` fills a new one that then gets its name.

    Others that want the same wait meanwhile. What an earlier, killed maker left is removed.
    """
    if target.is_dir():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with locked(target.parent / f".{target.name}.lock"):
        if target.is_dir():
            return target
        work = target.parent / f".{target.name}.new"
        remove(work)
        work.mkdir()
        try:
            make(work)
            work.rename(target)
        finally:
            remove(work)
    return target


def remove(path: Path) -> None:
    """Remove a directory and all in it, if it is there."""
    shutil.rmtree(path, ignore_errors=True)
