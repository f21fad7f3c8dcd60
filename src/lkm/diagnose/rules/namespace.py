"""The module uses a symbol of a namespace that it does not import.

A symbol that is exported into a namespace (EXPORT_SYMBOL_NS) is only for modules that say MODULE_IMPORT_NS. The
kernel answers EINVAL and logs ``module uses symbol (NAME) from namespace NS, but does not import it``; one that was
built with CONFIG_MODULE_ALLOW_MISSING_NAMESPACE_IMPORTS lets it in.

Remedy: add MODULE_IMPORT_NS to the source, or take a version of the module for this kernel.
"""

from __future__ import annotations

from lkm.diagnose.evidence import find_export
from lkm.diagnose.finding import CERTAIN, Fact, Finding, Remedy
from lkm.diagnose.loglines import between

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence

CODE = "namespace"
ERRNOS = ("EINVAL",)
REMEDIES = (
    Remedy(
        'add MODULE_IMPORT_NS("{space}") to its source (before Linux 6.13 without the quotes), and build it again'
    ),
)


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield a finding for each namespace that is not imported."""
    file, kernel = evidence.file, evidence.kernel
    facts = file.facts if file else None
    log = [line for line in evidence.attempt.log if line.startswith(f"{evidence.name}: module uses symbol")]
    if kernel is None:
        return
    if (kernel.config or {}).get("CONFIG_MODULE_ALLOW_MISSING_NAMESPACE_IMPORTS") == "y":
        return
    lacking: dict[str, list[str]] = {}
    for symbol, space in zip(between(log, "(", ")"), between(log, " from namespace ", ", but"), strict=False):
        lacking.setdefault(space, []).append(symbol)
    for need in facts.needs if facts and not log else ():
        export = find_export(evidence, need.name)
        space = export[1].namespace if export else ""
        if space and facts and space not in facts.imports:
            lacking.setdefault(space, []).append(need.name)
    for space, symbols in lacking.items():
        yield Finding(
            CODE,
            f"it uses {', '.join(symbols)} of namespace {space}, which it does not import",
            CERTAIN,
            "EINVAL",
            (
                Fact(f"import_ns={', '.join(facts.imports) or 'none'}", f"{file.path}: .modinfo")
                if facts and file
                else Fact(log[0], "kernel log"),
                Fact(f"{symbols[0]} is exported into {space}", "kernel log" if log else kernel.origin),
            ),
            "its exporter wants each user of the namespace to say so",
            "kernel/module/main.c: verify_namespace_is_imported",
            (REMEDIES[0].filled(space=space),),
        )
