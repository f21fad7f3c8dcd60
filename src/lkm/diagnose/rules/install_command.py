"""An install command stands in the place of the module, and did not load it.

``install NAME COMMAND`` in modprobe.d: modprobe runs the command instead of loading the module. When it ends with
another status than 0, modprobe fails; the kernel was not asked. ``/bin/false`` is a usual way to forbid a module;
``/bin/true`` another one, which loads nothing and says that all went well. insmod, and --ignore-install, pass it by.

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

CODE = "install-command"
ERRNOS = ("EINVAL", "")
CALLS = ("", "command")

REMEDIES = (Remedy("ignore the command, in this one call", "lkm modprobe --ignore-install {name}", RISKY),)


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding when modprobe.d has a command in the module's place that failed, or that can only refuse."""
    return findings(CODE, "install", evidence, REMEDIES)
