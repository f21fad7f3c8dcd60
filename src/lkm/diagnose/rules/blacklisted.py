"""modprobe's configuration blacklists the module.

``blacklist NAME`` in modprobe.d (or modprobe.blacklist= on the kernel's command line) means: do not load the module
for one of its own aliases, that is when a device appears or a program asks for a file system. It does not keep out a
module that is asked for by its name, one that another module needs, or one that insmod loads.

Remedy: to load it, ask for it by name; to keep it out for good, ``forbid NAME`` (with this project's modprobe), or
``install NAME /bin/false``.
"""

from __future__ import annotations

from lkm.diagnose.finding import CERTAIN, Fact, Finding, Remedy
from lkm.diagnose.words import name_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence

CODE = "blacklisted"
ERRNOS = ("",)
CALLS = ("", "blacklist")
REMEDIES = (Remedy("load it by its name", "lkm modprobe {name}"),)


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding when the configuration says ``blacklist`` of the module."""
    name = name_of(evidence)
    said = [fact for fact in (evidence.settings.blacklists if evidence.settings else ()) if fact.module == name]
    stopped = evidence.attempt.call == "blacklist"
    if not said and not stopped:
        return
    by = str(said[0].origin) if said else "modprobe's configuration"
    yield Finding(
        CODE,
        f"{name} is blacklisted by {by}" + ("" if stopped else ": its aliases do not load it, its name does"),
        CERTAIN,
        "",
        tuple([Fact(f"blacklist {name}", str(fact.origin)) for fact in said])
        or (Fact("the request came to a blacklisted module", "modprobe"),),
        "a blacklist holds against aliases (and names, with -b); not against insmod, nor where others need it",
        "modprobe.d(5): blacklist",
        (REMEDIES[0].filled(name=name),),
    )
