"""The module's struct module is of another size than the kernel's.

It was built with other options or for another release, though its vermagic fits (it was forged, or built in a tree
whose configuration does not fit). The kernel answers ENOEXEC and logs ``.gnu.linkonce.this_module section size must
match the kernel's built struct module size at run time``.

Remedy: build it against the headers that belong to this very kernel.
"""

from __future__ import annotations

from lkm.diagnose.finding import CERTAIN, Fact, Finding, Remedy
from lkm.diagnose.words import build_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence

CODE = "struct-size"
ERRNOS = ("ENOEXEC",)
REMEDIES = (
    Remedy("build it with the headers of this very kernel, in its source", "make -C {build} M=$PWD clean modules"),
)
_SAID = "section size must match the kernel's built struct module size"


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding when the kernel has said so."""
    line = next((line for line in evidence.attempt.log if _SAID in line), "")
    if not line:
        return
    yield Finding(
        CODE,
        "its struct module is of another size than this kernel's",
        CERTAIN,
        "ENOEXEC",
        (Fact(line, "kernel log"),),
        "the kernel would read fields that are elsewhere",
        "kernel/module/main.c: elf_validity_cache_copy",
        (REMEDIES[0].filled(build=build_of(evidence)),),
    )
