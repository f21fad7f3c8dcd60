"""The kernel's command line forbids the module.

module_blacklist= on the kernel's command line names it; unlike the blacklist of modprobe.d, which keeps only aliases
from loading a module, this one holds against everybody. The kernel answers EPERM and logs ``Module NAME is
blacklisted``.

Remedy: boot without the word.
"""

from __future__ import annotations

from lkm.diagnose.finding import CERTAIN, RISKY, Fact, Finding, Remedy
from lkm.diagnose.loglines import between

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence

CODE = "kernel-blacklist"
ERRNOS = ("EPERM",)
REMEDIES = (Remedy("take {name} out of module_blacklist= (in /etc/default/grub, say) and boot again", "", RISKY),)


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding when module_blacklist= has the module's name."""
    name = evidence.name
    said = name in between(evidence.attempt.log, "Module ", " is blacklisted")
    names = evidence.kernel.blacklist if evidence.kernel else ()
    if not said and name not in names:
        return
    facts = [Fact(f"Module {name} is blacklisted", "kernel log")] if said else []
    facts += [Fact(f"module_blacklist={','.join(names)}", "/proc/cmdline")] if name in names else []
    yield Finding(
        CODE,
        "module_blacklist= on the kernel's command line forbids it",
        CERTAIN,
        "EPERM",
        tuple(facts),
        "who boots the machine has said so",
        "kernel/module/main.c: blacklisted",
        (REMEDIES[0].filled(name=name),),
    )
