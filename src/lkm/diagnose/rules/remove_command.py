"""A remove command stands in the place of the removal, and did not remove the module.

``remove NAME COMMAND`` in modprobe.d: `modprobe -r` runs the command instead of removing the module. When it ends
with another status than 0, modprobe fails; the kernel was not asked. rmmod, and --ignore-remove, pass it by.

Remedy: mend or remove the line, or ignore it in this one call.
"""

from __future__ import annotations

from lkm.diagnose.commands import findings
from lkm.diagnose.finding import RISKY, Remedy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence
    from lkm.diagnose.finding import Finding

CODE = "remove-command"
ERRNOS = ("EINVAL", "")
CALLS = ("command",)

REMEDIES = (Remedy("ignore the command, in this one call", "lkm modprobe -r --ignore-remove {name}", RISKY),)


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding when modprobe.d has a command in the module's place that failed, or that can only refuse."""
    return findings(CODE, "remove", evidence, REMEDIES)
