"""The file is a program, a shared library or a core dump, not a module.

Modules are relocatable object files (ELF type 1, ET_REL). The kernel answers ENOEXEC and logs ``Invalid ELF header
type: 3 != 1`` with the type that it met.

Remedy: give the module's file, which ends with .ko.
"""

from __future__ import annotations

from lkm.diagnose.finding import CERTAIN, Fact, Finding, Remedy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence


CODE = "program"
ERRNOS = ("ENOEXEC",)
REMEDIES = (Remedy("give the module's file, which ends with .ko"),)
_TYPES = {2: "a program", 3: "a program or a shared library", 4: "a core dump"}


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding for an ELF file of another type than 1."""
    file = evidence.file
    if file is None or not file.elf_type or file.elf_type == 1:
        return
    yield Finding(
        CODE,
        f"the file is {_TYPES.get(file.elf_type, 'an ELF file of another kind')}, not a kernel module",
        CERTAIN,
        "ENOEXEC",
        (Fact(f"ELF type {file.elf_type}; a module has type 1 (relocatable)", f"{file.path}: ELF header"),),
        "the kernel links a module itself while it loads it, so it must not be linked yet",
        "kernel/module/main.c: elf_validity_check",
        REMEDIES,
    )
