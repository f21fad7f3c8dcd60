"""The module needs symbols that the kernel does not have.

A symbol must be exported by the kernel or by a module that is loaded already. The kernel answers ENOENT and logs
``Unknown symbol NAME (err -2)`` for each. Who loads by hand (insmod) has to load the providers first; modprobe does
it.

What looks the same to the kernel is told apart here: symbols for GPL modules only (``gpl-only``), of a proprietary
module (``proprietary-owner``), that the kernel has and does not export (``not-exported``), that an option of its
build would bring (``missing-option``). One that nobody has is of another kernel: the nearest names are shown.

Remedy: modprobe instead of insmod; if nobody has the symbol, a module made for this kernel.
"""

from __future__ import annotations

from lkm.config.nearest import nearest
from lkm.diagnose.evidence import find_export
from lkm.diagnose.finding import CERTAIN, LIKELY, UNKNOWN, Fact, Finding, Remedy
from lkm.diagnose.loglines import unknown_symbols
from lkm.diagnose.symbols import hidden, kept_back, lacking, loaded_names, nobodys, without_option
from lkm.diagnose.words import name_of, some

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lkm.diagnose.evidence import Evidence

CODE = "missing-symbol"
ERRNOS = ("ENOENT",)
_BOTH = Remedy("let modprobe load {owner} and {name}", "lkm modprobe {name}")
_FIRST = Remedy("load {owner} first", "lkm modprobe {owner}")
_VERSION = Remedy("take a version of the module that is made for this kernel")
_IMAGE = Remedy("ask again with the kernel's image, which tells its symbols", "lkm explain --image {image} {path}")
_WAIT = Remedy("wait until that is done; if it never ends, only a reboot clears it")
REMEDIES = (_BOTH, _FIRST, _VERSION, _IMAGE, _WAIT)
_STATES = {"Loading": "being loaded just now", "Unloading": "being removed just now"}
_SOURCE = "kernel/module/main.c: simplify_symbols, resolve_symbol"
_BECAUSE = "a module is linked with what is in the kernel at that moment"


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield one finding for each provider that is not loaded, and one for the symbols that nobody has."""
    missing = lacking(evidence)
    if missing is None:
        if evidence.attempt.errno == "ENOENT" and not evidence.attempt.complete:
            yield from _unknown(evidence)
        return
    said = unknown_symbols(evidence.attempt.log)
    where = "kernel log" if said or evidence.file is None else f"{evidence.file.path}: symbol table"
    sure = CERTAIN if said or not evidence.attempt.errno else LIKELY
    rest = nobodys(evidence)
    back = {symbol for symbol, _ in kept_back(evidence)}
    facts = evidence.file.facts if evidence.file else None
    groups: dict[str, list[str]] = {}
    half = _half_loaded(evidence)
    for symbol in missing:
        export = find_export(evidence, symbol)
        if symbol in rest or symbol in back or (export and export[1].gpl_only and facts and not facts.gpl_compatible):
            continue
        owners = evidence.tree.owners(symbol) if evidence.tree else ()
        if not set(owners) & ((loaded_names(evidence) - half.keys()) | set(evidence.refused)):
            owner = next((each for each in owners if each in half), owners[0])
            groups.setdefault(owner, []).append(symbol)
    for owner, symbols in sorted(groups.items(), key=lambda group: (-len(group[1]), group[0])):
        yield _provided(owner, symbols, where, sure, evidence)
    gone = [symbol for symbol in rest if not hidden(evidence, symbol) and not without_option(evidence, symbol)]
    if gone:
        yield _nobodys(gone, where, sure, evidence)


def _half_loaded(evidence: Evidence) -> dict[str, str]:
    """Return the modules that are not done with coming or going: nobody gets their symbols."""
    loaded = evidence.kernel.loaded if evidence.kernel else None
    return {str(module.name): _STATES.get(module.state, "") for module in loaded or () if module.state != "Live"}


def _provided(owner: str, symbols: list[str], where: str, sure: str, evidence: Evidence) -> Finding:
    assert evidence.tree
    name = name_of(evidence)
    path = evidence.tree.path(owner)
    half = _half_loaded(evidence).get(owner, "")
    known = [_WAIT] if half else [_BOTH, _FIRST] if evidence.tree.path(name) else [_FIRST]
    return Finding(
        CODE,
        f"module {owner}, which is {half or 'not loaded'}, provides {_count(symbols)}: {some(symbols)}",
        sure,
        "ENOENT",
        (Fact(", ".join(symbols), where), Fact(f"{owner} exports them", path or evidence.tree.origin())),
        _BECAUSE,
        _SOURCE,
        tuple([remedy.filled(owner=owner, name=name) for remedy in known]),
    )


def _nobodys(symbols: list[str], where: str, sure: str, evidence: Evidence) -> Finding:
    kernel = evidence.kernel
    known = kernel.exports if kernel and kernel.exports is not None else {}
    near = {symbol: nearest(symbol, _alike(symbol, known)) for symbol in symbols[:4]}
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
    what = f"nobody provides {_count(symbols)} that it needs: {some(symbols)}"
    return Finding(CODE, what, sure, "ENOENT", tuple(facts), _BECAUSE, _SOURCE, (_VERSION,))


def _unknown(evidence: Evidence) -> Iterator[Finding]:
    """Yield that it cannot be told, where a module's symbols are known and the kernel's are not."""
    facts = evidence.file.facts if evidence.file else None
    if facts is None or not facts.needs or evidence.file is None:
        return
    release = evidence.kernel.release if evidence.kernel else ""
    lacks = [Fact("no line of its log names a symbol", "kernel log")]
    lacks += [Fact("what it exports, and what is loaded, is not known", "evidence that is missing")]
    yield Finding(
        CODE,
        "whether symbols are missing is not known",
        UNKNOWN,
        "ENOENT",
        tuple(lacks),
        _BECAUSE,
        _SOURCE,
        (_IMAGE.filled(image=f"/boot/vmlinuz-{release}" if release else "", path=evidence.file.path),),
    )


def _alike(symbol: str, known: Iterable[str]) -> list[str]:
    """Return the names that begin or end as this one does: to compare with all of a kernel's takes seconds."""
    return [name for name in known if name[:4] == symbol[:4] or name[-5:] == symbol[-5:]]


def _count(symbols: list[str]) -> str:
    return "a symbol" if len(symbols) == 1 else f"{len(symbols)} symbols"
