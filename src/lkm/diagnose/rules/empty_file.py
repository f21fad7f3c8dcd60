"""The file is empty.

A download or a copy that failed, a full disk, or a build that was interrupted leaves a file without contents. The
kernel answers EINVAL to finit_module(2) and ENOEXEC to init_module(2), and logs nothing.

Remedy: make or fetch the file again; look whether the disk is full.
"""

from __future__ import annotations

from lkm.diagnose.finding import CERTAIN, Fact, Finding, Remedy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence


CODE = "empty-file"
ERRNOS = ("EINVAL", "ENOEXEC")
REMEDIES = (
    Remedy("see whether the disk is full", "df -h ."),
    Remedy("build, copy or download the module again"),
)


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding when the file has no bytes."""
    file = evidence.file
    if file is None or file.size != 0:
        return
    yield Finding(
        CODE,
        "the file is empty",
        CERTAIN,
        "EINVAL",
        (Fact("0 bytes", file.path),),
        "there is nothing to read",
        "fs/kernel_read_file.c: kernel_read_file",
        REMEDIES,
    )
