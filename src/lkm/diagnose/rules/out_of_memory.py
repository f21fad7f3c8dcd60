"""There was no memory for the module.

A module's code and data lie in the kernel's own memory, in a range of addresses for modules (1.5 GB on x86-64, less
elsewhere) or among vmalloc's. When memory or addresses are short the kernel answers ENOMEM and logs ``vmap allocation
for size N failed``, ``vmalloc error: size N`` or ``page allocation failure``. A module's own init function answers
ENOMEM too, when it gets no memory.

Remedy: end programs that take much; where addresses are short, remove modules or boot with another vmalloc=.
"""

from __future__ import annotations

from lkm.diagnose.finding import CERTAIN, LIKELY, RISKY, UNKNOWN, Fact, Finding, Remedy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence

CODE = "out-of-memory"
ERRNOS = ("ENOMEM",)
_SEE = Remedy("see what there is", "grep -E '^(Mem|Vmalloc)' /proc/meminfo")
_LARGE = Remedy("see which modules are large", "lkm lsmod")
_BOOT = Remedy("boot with more addresses for vmalloc (vmalloc= on the kernel's command line)", "", RISKY)
REMEDIES = (_SEE, _LARGE, _BOOT)
_SAID = (
    "vmap allocation for size ",
    "vmalloc error: size ",
    "page allocation failure",
    "vmalloc_node_range for size ",
)
_ADDRESSES = "vmap allocation for size "


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding for ENOMEM: certain where the kernel says so, unknown where nothing tells."""
    attempt, file, kernel = evidence.attempt, evidence.file, evidence.kernel
    if attempt.errno != "ENOMEM":
        return
    said = [line for line in attempt.log if any(words in line for words in _SAID)]
    size = file.facts.size if file and file.facts else file.size if file else -1
    free = kernel.free if kernel else None
    short = free is not None and 0 <= free < 2 * max(size, 1 << 20)
    if not said and not short and (attempt.complete or free is not None):
        return  # there is memory, or the kernel would have said that it lacks: the module's own init
    facts = [Fact(line, "kernel log") for line in said]
    facts += [Fact(f"the module has {size} bytes", file.path)] if file and size >= 0 else []
    if free is not None:
        facts.append(Fact(f"{free} bytes are free", "/proc/meminfo: MemAvailable"))
    elif not said:
        facts.append(Fact("how much memory is free is not known", "evidence that is missing"))
    what = "there was no memory for it" if said or short else "whether memory was short is not known"
    if any(_ADDRESSES in line for line in said):
        what = "there was no room for it among the kernel's addresses (vmalloc)"
    yield Finding(
        CODE,
        what,
        CERTAIN if said else LIKELY if short else UNKNOWN,
        "ENOMEM",
        tuple(facts),
        "a module lies in memory that is never swapped out",
        "kernel/module/main.c: move_module, layout_and_allocate; mm/vmalloc.c",
        (_SEE, _LARGE, *([_BOOT] if _ADDRESSES in " ".join(said) else [])),
    )
