"""The module needs symbols that the kernel does not have.

A symbol must be exported by the kernel or by a module that is loaded already. The kernel answers ENOENT and logs
``Unknown symbol NAME (err -2)`` for each. Who loads by hand (insmod) has to load the providers first; modprobe does
it.

A symbol that is exported for GPL modules only looks the same to others: that is the disease ``gpl-only``. One that
nobody has is from another kernel: the nearest names are shown.

Remedy: modprobe instead of insmod; if nobody has the symbol, a module made for this kernel.
"""

from __future__ import annotations

from lkm.config.nearest import nearest
from lkm.diagnose.evidence import find_export
from lkm.diagnose.finding import CERTAIN, LIKELY, Fact, Finding, Remedy
from lkm.diagnose.loglines import unknown_symbols

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lkm.diagnose.evidence import Evidence

CODE = "missing-symbol"
ERRNOS = ("ENOENT",)
_SHOWN = 4
_SOURCE = "kernel/module/main.c: simplify_symbols, resolve_symbol"


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield one finding for each provider that is not loaded, and one for the symbols that nobody has."""
    file = evidence.file
    facts = file.facts if file else None
    said = unknown_symbols(evidence.attempt.log)
    where = "kernel log" if said or file is None else f"{file.path}: symbol table"
    missing = said or (None if evidence.attempt.complete else _not_offered(evidence))
    if missing is None:
        return
    sure = CERTAIN if said or not evidence.attempt.errno else LIKELY
    groups: dict[str, list[str]] = {}
    for symbol in missing:
        export = find_export(evidence, symbol)
        if export and export[1].gpl_only and facts and not facts.gpl_compatible:
            continue  # the disease gpl-only
        owners = evidence.tree.owners(symbol) if evidence.tree else ()
        if not set(owners) & (_loaded(evidence) | set(evidence.refused)):
            groups.setdefault(owners[0] if owners else "", []).append(symbol)
    for owner, symbols in sorted(groups.items(), key=lambda group: (not group[0], -len(group[1]), group[0])):
        make = _provided if owner else _nobodys
        yield make(owner, symbols, where, sure, evidence)


def _loaded(evidence: Evidence) -> set[str]:
    loaded = evidence.kernel.loaded if evidence.kernel else None
    return {str(module.name) for module in loaded or ()}


def _not_offered(evidence: Evidence) -> list[str] | None:
    """Return the symbols that neither the kernel nor a loaded module has; None where its exports are not known."""
    kernel, file = evidence.kernel, evidence.file
    if kernel is None or kernel.exports is None or kernel.loaded is None or file is None or file.facts is None:
        return None
    loaded = _loaded(evidence)
    needs = [need.name for need in file.facts.needs if not need.weak and need.name not in kernel.exports]
    tree = evidence.tree
    return [name for name in needs if name != "module_layout" and not (tree and loaded & set(tree.owners(name)))]


def _provided(owner: str, symbols: list[str], where: str, sure: str, evidence: Evidence) -> Finding:
    assert evidence.tree
    name = evidence.file.facts.name if evidence.file and evidence.file.facts else evidence.name
    path = evidence.tree.path(owner)
    remedies = [Remedy(f"load {owner} first", f"lkm modprobe {owner}")]
    if evidence.tree.path(name):
        remedies.insert(0, Remedy(f"let modprobe load {owner} and {name}", f"lkm modprobe {name}"))
    return Finding(
        CODE,
        f"module {owner}, which is not loaded, provides {_count(symbols)}: {_some(symbols)}",
        sure,
        "ENOENT",
        (Fact(", ".join(symbols), where), Fact(f"{owner} exports them", path or evidence.tree.origin())),
        "a module is linked with what is in the kernel at that moment",
        _SOURCE,
        tuple(remedies),
    )


def _nobodys(_owner: str, symbols: list[str], where: str, sure: str, evidence: Evidence) -> Finding:
    kernel = evidence.kernel
    known = kernel.exports if kernel and kernel.exports is not None else {}
    near = {symbol: nearest(symbol, _alike(symbol, known)) for symbol in symbols[:_SHOWN]}
    facts = [Fact(", ".join(symbols), where)]
    if evidence.tree:
        facts.append(Fact("no module of this tree exports them", evidence.tree.origin()))
    if known and kernel:
        facts.append(Fact("the kernel does not export them", kernel.origin))
    facts += [
        Fact(f"{symbol}: the nearest name that it has is {to}", kernel.origin)
        for symbol, to in near.items()
        if to and kernel
    ]
    return Finding(
        CODE,
        f"nobody provides {_count(symbols)} that it needs: {_some(symbols)}",
        sure,
        "ENOENT",
        tuple(facts),
        "a module is linked with what is in the kernel at that moment",
        _SOURCE,
        (Remedy("take a version of the module that is made for this kernel"),),
    )


def _alike(symbol: str, known: Iterable[str]) -> list[str]:
    """Return the names that begin or end as this one does: to compare with all of a kernel's takes seconds."""
    return [name for name in known if name[:4] == symbol[:4] or name[-5:] == symbol[-5:]]


def _count(symbols: list[str]) -> str:
    return "a symbol" if len(symbols) == 1 else f"{len(symbols)} symbols"


def _some(symbols: list[str]) -> str:
    rest = len(symbols) - _SHOWN
    return ", ".join(symbols[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")
