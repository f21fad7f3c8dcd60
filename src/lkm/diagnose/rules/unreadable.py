"""The module file cannot be opened or read.

It is not there, who asks may not read it, it is a directory, or the disk gives an error. The kernel was not asked:
the tool could not give it the file.

Remedy: depends on the error; the finding says it.
"""

from __future__ import annotations

from lkm.diagnose.finding import CERTAIN, Fact, Finding, Remedy
from lkm.diagnose.words import name_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence

CODE = "unreadable"
ERRNOS = ("ENOENT", "EACCES", "EIO", "EISDIR", "ENOTDIR", "ELOOP", "EMFILE", "ENOMEM", "ESTALE")
CALLS = ("open", "read")
_NAME = Remedy("insmod wants the path of a file; modprobe finds a module by its name", "lkm modprobe {name}")
_DIRECTORY = Remedy("see what is there", "ls -la {directory}")
_RIGHTS = Remedy("see who may read it; root may", "ls -la {path}")
_DISK = Remedy("look for errors of the disk in the kernel's log", "dmesg --level=emerg,alert,crit,err")
_FILE = Remedy("name the file in it")
REMEDIES = (_NAME, _DIRECTORY, _RIGHTS, _DISK, _FILE)
_WHAT = {
    "ENOENT": "there is no file {path}",
    "EACCES": "{path} may not be read by who asks",
    "EPERM": "{path} may not be read by who asks",
    "EIO": "{path} cannot be read from the disk",
    "EISDIR": "{path} is a directory, not a module file",
    "ENOTDIR": "{path}: what should be a directory on the way is none",
    "ELOOP": "{path}: symbolic links lead in a circle",
}


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding for a file that could not be opened or read."""
    attempt = evidence.attempt
    if not attempt.errno:
        return
    path = evidence.file.path if evidence.file else evidence.name
    words = {"path": path, "directory": path.rpartition("/")[0] or ("/" if path.startswith("/") else ".")}
    remedies = {"ENOENT": [_DIRECTORY], "EIO": [_DISK], "EISDIR": [_FILE, _DIRECTORY], "EACCES": [_RIGHTS]}
    cures = remedies.get(attempt.errno, [_RIGHTS if attempt.errno == "EPERM" else _DIRECTORY])
    if attempt.errno == "ENOENT" and "/" not in path and ".ko" not in path:
        cures = [_NAME]
    yield Finding(
        CODE,
        _WHAT.get(attempt.errno, "{path} cannot be read").format(**words),
        CERTAIN,
        attempt.errno,
        (Fact(f"{attempt.call}: {attempt.errno}", path),),
        "the kernel was not asked: there was nothing to give it",
        "open(2), read(2)",
        tuple([cure.filled(name=name_of(evidence), **words) for cure in cures]),
    )
