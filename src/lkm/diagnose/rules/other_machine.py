"""The module is for another processor, or for another word size of the same one.

Built for another architecture (a cross build, a package of the wrong architecture). The kernel answers ENOEXEC and
logs ``Invalid architecture in ELF header`` (before 6.1 nothing).

Remedy: take the module of this architecture, or build it with ARCH= and CROSS_COMPILE= as the kernel was.
"""

from __future__ import annotations

from lkm.diagnose.finding import CERTAIN, Fact, Finding, Remedy
from lkm.formats.machines import machine_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence


CODE = "other-machine"
ERRNOS = ("ENOEXEC",)
REMEDIES = (Remedy("take the module that was built for {ours}, or build it for that"),)


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding when the ELF machines differ."""
    file, kernel = evidence.file, evidence.kernel
    if file is None or kernel is None or not file.machine or not kernel.machine or file.machine == kernel.machine:
        return
    theirs, ours = machine_name(file.machine), machine_name(kernel.machine)
    yield Finding(
        CODE,
        f"it is made for {theirs}; this kernel runs on {ours}",
        CERTAIN,
        "ENOEXEC",
        (
            Fact(f"ELF machine {file.machine} ({theirs})", f"{file.path}: ELF header"),
            Fact(f"ELF machine {kernel.machine} ({ours})", kernel.origin),
        ),
        "code of another processor cannot run here",
        "kernel/module/main.c: elf_validity_check (elf_check_arch)",
        (REMEDIES[0].filled(ours=ours),),
    )
