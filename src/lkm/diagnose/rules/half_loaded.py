"""A module of that name is half in the kernel.

It is being loaded by somebody else, hangs in its init function, or is being removed; a module whose init has crashed
stays so until the next boot. The kernel answers EBUSY, to who loads a module of that name and to who removes it.

Remedy: wait; when it stays so, read the kernel's log for a crash (``BUG:``, ``Oops``) and reboot.
"""

from __future__ import annotations

from lkm.diagnose.evidence import LOADS
from lkm.diagnose.finding import CERTAIN, Fact, Finding, Remedy
from lkm.diagnose.words import name_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence

CODE = "half-loaded"
ERRNOS = ("EBUSY", "EEXIST")
CALLS = (*LOADS, "delete_module")
_LOOK = Remedy("look for a crash in the kernel's log", "dmesg --level=emerg,alert,crit,err")
_WAIT = Remedy("wait; if it never ends, only a reboot clears that")
REMEDIES = (_LOOK, _WAIT)
_STATES = {
    "Loading": "is being loaded, and its init function has not returned",
    "Unloading": "is being removed, and its exit function has not returned",
}


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding when /proc/modules shows the name as loading or unloading."""
    name, kernel = name_of(evidence), evidence.kernel
    loaded = kernel.loaded if kernel else None
    there = next((m for m in loaded or () if m.name == name and m.state != "Live"), None)
    if there is None:
        return
    removing = evidence.attempt.call == "delete_module"
    yield Finding(
        CODE,
        f"{there.name} {_STATES.get(there.state, f'is {there.state.lower()}')}",
        CERTAIN,
        "EBUSY",
        (Fact(f"{there.name} ... {there.state}", "/proc/modules"),),
        "it may have crashed there, and holds its name",
        f"kernel/module/main.c: {'delete_module' if removing else 'add_unformed_module'}",
        REMEDIES,
    )
