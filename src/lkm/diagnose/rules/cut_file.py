"""The file is cut off: an ELF file whose end is missing.

A copy or download that broke off, or a full disk. An ELF file tells at its start where the table of its sections is;
here that lies behind the file's end. The kernel answers ENOEXEC and logs ``Invalid ELF section header overflow``
(older kernels nothing).

Remedy: copy or download it again and compare the sizes or checksums.
"""

from __future__ import annotations

from lkm.diagnose.finding import CERTAIN, Fact, Finding, Remedy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence


CODE = "cut-file"
ERRNOS = ("ENOEXEC",)
REMEDIES = (Remedy("copy or download it again, and compare checksums", "sha256sum {path}"),)
#: offset, size of e_shoff; offset of e_shentsize, by EI_CLASS (elf.h)
_LAYOUT = {1: (32, 4, 46), 2: (40, 8, 58)}


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding when the section headers end behind the file's end."""
    file = evidence.file
    if file is None or file.packed or not file.head.startswith(b"\x7fELF") or file.size < 0:
        return
    at, width, entry = _LAYOUT.get(file.head[4] if len(file.head) > 5 else 2, _LAYOUT[2])
    big = file.head[5:6] == b"\2"

    def number(at: int, width: int) -> int:
        return int.from_bytes(file.head[at : at + width], "big" if big else "little")

    start, size, count = number(at, width), number(entry, 2), number(entry + 2, 2)
    end = max(start + size * count, 52)
    short = len(file.head) < entry + 4
    if not short and (end <= file.size or size != (64 if width == 8 else 40)):  # another size: damaged
        return
    fact = "shorter than an ELF header" if short else f"its table of sections ends at byte {end}"
    yield Finding(
        CODE,
        f"the file is cut off after {file.size} bytes",
        CERTAIN,
        "ENOEXEC",
        (Fact(fact, f"{file.path}: ELF header"), Fact(f"{file.size} bytes", file.path)),
        "the sections that the header speaks of are not there",
        "kernel/module/main.c: elf_validity_check",
        (REMEDIES[0].filled(path=file.path),),
    )
