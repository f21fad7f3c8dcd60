"""The module's init function has failed.

The kernel took the module in, called its init function, and got an error. What it means only the module knows; what
it logged meanwhile is the evidence.

Remedy: read what it logged; parameters, a missing device or another driver on the same resource are usual causes.
"""

from __future__ import annotations

from lkm.diagnose.finding import LIKELY, POSSIBLE, Fact, Finding, Remedy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence

CODE = "init-failed"
ERRNOS = (
    "EAGAIN",
    "EBUSY",
    "EINVAL",
    "EIO",
    "ENOENT",
    "ENOMEM",
    "ENOTSUP",
    "EOPNOTSUPP",
    "EPERM",
    "EACCES",
    "EFAULT",
    "ERANGE",
    "ETIMEDOUT",
    "EADDRINUSE",
    "ENOSYS",
    "EPROTO",
    "EEXIST",
    "ENOSPC",
)
_PARAMETERS = Remedy("see which parameters it takes", "lkm modinfo -p {path}")
_LOG = Remedy("read what {name} has logged", "dmesg")
REMEDIES = (_PARAMETERS, _LOG)
#: What the kernel itself answers too; the others come from init only.
_KERNELS_OWN = ("EBUSY", "EINVAL", "ENOENT", "ENOMEM", "EPERM", "ERANGE", "ENOSYS", "EEXIST", "ENOSPC", "ENOTSUP")


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding when nothing else explains the errno."""
    file, attempt = evidence.file, evidence.attempt
    if attempt.errno not in ERRNOS or file is None or file.facts is None or attempt.call == "delete_module":
        return
    name = file.facts.name
    yield Finding(
        CODE,
        f"its init function has failed ({attempt.errno})",
        POSSIBLE if attempt.errno in _KERNELS_OWN else LIKELY,
        attempt.errno,
        (
            Fact(f"{attempt.call}: {attempt.errno}", "system call"),
            *(
                [Fact(line, "kernel log") for line in attempt.log]
                or [Fact("the kernel logged nothing", "kernel log")]
            ),
        ),
        "what init returns is the answer",
        "kernel/module/main.c: do_init_module",
        (_PARAMETERS.filled(path=file.path), _LOG.filled(name=name)),
    )
