"""modprobe's configuration forbids the module.

``forbid NAME`` in modprobe.d keeps the module out whoever asks: by its name, by an alias, or as what another module
needs. This project's tools know the directive; kmod's modprobe passes over it, and insmod does not read the
configuration at all.

Remedy: take the line out, or load it in this one call all the same.
"""

from __future__ import annotations

from lkm.diagnose.finding import CERTAIN, RISKY, Fact, Finding, Remedy
from lkm.diagnose.words import name_of
from lkm.wildcard import has_wildcard, matches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence

CODE = "forbidden"
ERRNOS = ("EPERM",)
CALLS = ("", "forbid")
REMEDIES = (Remedy("load it all the same, in one call", "lkm modprobe --override-forbid {name}", RISKY),)


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding when a ``forbid`` means the module."""
    name = name_of(evidence)
    rules = evidence.settings.forbids if evidence.settings else ()
    rule = next((r for r in rules if r.module == name or (has_wildcard(r.module) and matches(r.module, name))), None)
    if rule is None and evidence.attempt.call != "forbid":
        return
    because = f", because {rule.because}" if rule and rule.because else ""
    yield Finding(
        CODE,
        f"{name} is forbidden by {rule.origin if rule else 'the configuration'}{because}",
        CERTAIN,
        "EPERM",
        (Fact(f"forbid {rule.module}", str(rule.origin)) if rule else Fact("forbid", "modprobe.d"),),
        "a forbidden module is not loaded, whoever asks; the kernel is not asked",
        "docs/modprobe.md: forbid",
        (REMEDIES[0].filled(name=name),),
    )
