"""A module of that name is half in the kernel.

It is being loaded by somebody else, hangs in its init function, or is being removed; a module whose init has crashed
stays so until the next boot. The kernel answers EBUSY.

Remedy: wait; when it stays so, read the kernel's log for a crash (``BUG:``, ``Oops``) and reboot.
"""

from __future__ import annotations

from lkm.diagnose.finding import CERTAIN, Fact, Finding, Remedy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence

CODE = "half-loaded"
ERRNOS = ("EBUSY", "EEXIST")


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding when /proc/modules shows the name as loading or unloading."""
    facts, kernel = evidence.file.facts if evidence.file else None, evidence.kernel
    loaded = kernel.loaded if kernel else None
    there = next((m for m in loaded or () if facts and m.name == facts.name and m.state != "Live"), None)
    if there is None:
        return
    yield Finding(
        CODE,
        f"a module named {there.name} is {there.state.lower()} and not done with it",
        CERTAIN,
        "EBUSY",
        (Fact(f"{there.name} ... {there.state}", "/proc/modules"),),
        "it may have crashed there, and holds its name",
        "kernel/module/main.c: add_unformed_module",
        (Remedy("look for a crash in the kernel's log", "dmesg --level=emerg,alert,crit,err"),),
    )
