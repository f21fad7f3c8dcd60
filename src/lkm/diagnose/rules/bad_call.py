"""The system call itself was wrong: a fault of the tool, not of the module.

finit_module(2) was given no descriptor of a file that can be read (EBADF), one that is open for writing too
(ETXTBSY), a directory or a pipe (EINVAL), or flags that the kernel does not know (EINVAL); init_module(2) an address
where nothing is (EFAULT). The module was not looked at, and nothing is logged.

Remedy: another tool; tell the authors of the one that did it.
"""

from __future__ import annotations

from lkm.diagnose.finding import CERTAIN, LIKELY, Fact, Finding, Remedy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence

CODE = "bad-call"
ERRNOS = ("EBADF", "EFAULT", "ETXTBSY", "EINVAL")
REMEDIES = (Remedy("load it with another tool", "lkm insmod {path}"),)
#: MODULE_INIT_IGNORE_MODVERSIONS, _IGNORE_VERMAGIC, _COMPRESSED_FILE (include/uapi/linux/module.h)
_FLAGS = 7
_WHAT = {
    "EBADF": "it was given no file that is open for reading",
    "EFAULT": "it was given an address where no module is",
    "ETXTBSY": "it was given a file that is open for writing",
}


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding for an answer that only a wrong call gets."""
    attempt, file = evidence.attempt, evidence.file
    if attempt.errno not in ERRNOS or attempt.log:
        return
    flags = attempt.flags & ~_FLAGS
    if attempt.errno != "EINVAL":
        what = _WHAT[attempt.errno]
    elif flags:
        what = f"it was given flags that no kernel of these days knows: {flags:#x}"
    elif file is None and attempt.complete:
        what = "it was given a directory, a pipe or a device"
    else:
        return
    yield Finding(
        CODE,
        f"{attempt.call} was called wrongly: {what}",
        CERTAIN if attempt.errno == "EBADF" or flags else LIKELY,
        attempt.errno,
        (Fact(f"{attempt.call}: {attempt.errno}, and no line about it", "system call, kernel log"),),
        "the kernel could not even read the module",
        "kernel/module/main.c: finit_module, copy_module_from_user; fs/kernel_read_file.c",
        (REMEDIES[0].filled(path=file.path if file else ""),),
    )
