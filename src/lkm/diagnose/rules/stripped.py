"""The module has no symbol table: it was stripped.

``strip`` without options removes it, and the kernel cannot link the module without. It answers ENOEXEC and logs
``module has no symbols (stripped?)``.

Remedy: the file as it was built; `strip --strip-debug` (or INSTALL_MOD_STRIP=1) is what makes modules small.
"""

from __future__ import annotations

from lkm.diagnose.finding import CERTAIN, Fact, Finding, Remedy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence

CODE = "stripped"
ERRNOS = ("ENOEXEC",)
REMEDIES = (Remedy("take the file as it was built; `strip --strip-debug` is what makes modules small"),)


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding for a module file without .symtab."""
    file = evidence.file
    said = f"{evidence.name}: module has no symbols (stripped?)" in evidence.attempt.log
    if not said and (file is None or file.elf_type != 1 or not file.sections or ".symtab" in file.sections):
        return
    fact = Fact("module has no symbols (stripped?)", "kernel log")
    if not said and file:
        fact = Fact("no section .symtab", f"{file.path}: section headers")
    yield Finding(
        CODE,
        "it has no symbol table: it was stripped",
        CERTAIN,
        "ENOEXEC",
        (fact,),
        "the kernel links the module by its symbols",
        "kernel/module/main.c: setup_load_info",
        REMEDIES,
    )
