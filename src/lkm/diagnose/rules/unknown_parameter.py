"""A parameter was given that the module does not have.

The kernel ignores it, logs ``unknown parameter 'NAME' ignored``, and loads the module: what was wanted is not in
effect.

Remedy: the right name, often one letter away; `lkm modinfo -p` lists them.
"""

from __future__ import annotations

from lkm.config.nearest import nearest
from lkm.diagnose.finding import CERTAIN, Fact, Finding, Remedy
from lkm.diagnose.loglines import between

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence

CODE = "unknown-parameter"
ERRNOS = ("",)
REMEDIES = (Remedy("see which it has", "lkm modinfo -p {path}"),)


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield a finding for each parameter that was ignored, or would be."""
    file, attempt = evidence.file, evidence.attempt
    facts = file.facts if file else None
    known = [parameter.name for parameter in facts.parameters] if facts else []
    folded = {name.replace("-", "_") for name in known}
    said = between(attempt.log, f"{evidence.name}: unknown parameter '", "' ignored")
    listed = facts is not None and (bool(known) or "__param" not in file.sections if file else False)
    given = [word.partition("=")[0] for word in attempt.parameters.split()] if listed else []
    for name in said or [name for name in given if name.replace("-", "_") not in folded]:
        near = nearest(name, known)
        heard = Fact(f"unknown parameter '{name}' ignored", "kernel log")
        yield Finding(
            CODE,
            f"it has no parameter '{name}'" + (f"; did you mean '{near}'?" if near else ""),
            CERTAIN,
            "",
            (
                Fact(f"parameters: {', '.join(known) or 'none'}", f"{file.path}: .modinfo")
                if facts and file
                else heard,
            ),
            "a parameter that is not known is ignored",
            "kernel/module/main.c: unknown_module_param_cb",
            (REMEDIES[0].filled(path=file.path if file else evidence.name),),
        )
