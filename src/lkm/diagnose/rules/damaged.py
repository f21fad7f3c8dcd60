"""The file is damaged: its ELF headers make no sense.

A bad disk or memory, a copy that mangled bytes (text mode), or a tool that wrote it wrongly. The kernel answers
ENOEXEC and logs what it stumbled over: ``Invalid ELF section header size``, ``Invalid ELF section offset`` and more.

Remedy: copy or download it again and compare checksums; check the disk.
"""

from __future__ import annotations

from lkm.diagnose.finding import CERTAIN, LIKELY, Fact, Finding, Remedy
from lkm.diagnose.words import name_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence

CODE = "damaged"
ERRNOS = ("ENOEXEC",)
REMEDIES = (Remedy("copy or download it again, and compare checksums", "sha256sum {path}"),)
_ELSEWHERE = ("Invalid ELF header magic", "Invalid ELF header len", "Invalid ELF header type", "Invalid architecture")


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding for an ELF file that cannot be read, though it is whole, or that the kernel calls so."""
    from lkm.diagnose.rules import cut_file

    file, log = evidence.file, evidence.attempt.log
    said = [line for line in log if "nvalid ELF" in line and not line.startswith(_ELSEWHERE)]
    fault = file.fault if file and file.head.startswith(b"\x7fELF") and file.elf_type == 1 else ""
    if (not said and not fault) or list(cut_file.find(evidence)):
        return
    facts = [Fact(line, "kernel log") for line in said]
    facts += [Fact(fault, file.path)] if file and fault else []
    yield Finding(
        CODE,
        "the file is damaged: its ELF headers make no sense",
        CERTAIN if said else LIKELY,
        "ENOEXEC",
        tuple(facts),
        "the kernel trusts no table that points out of the file",
        "kernel/module/main.c: elf_validity_check",
        (REMEDIES[0].filled(path=file.path if file else name_of(evidence)),),
    )
