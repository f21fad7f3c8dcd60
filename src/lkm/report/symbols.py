"""Symbols that a refused module needs and the kernel lacks: which, who has them, and how to get them in."""

from __future__ import annotations

from lkm.errors import LkmError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.index.lookup import ModuleIndex
    from lkm.report.refusal import Evidence

_SHOWN = 4  # names shown of each owner unless all are asked for


def missing_symbols(said: list[str]) -> list[str]:
    """Return the symbols that log lines call unknown (kernel/module/main.c: ``simplify_symbols``), sorted.

    >>> missing_symbols(["msdos: Unknown symbol fat_y (err -2)", "msdos: Unknown symbol fat_x (err -2)", "hello"])
    ['fat_x', 'fat_y']
    """
    found = set()
    for line in said:
        _, mark, rest = line.partition(": Unknown symbol ")
        if mark:
            found.add(rest.partition(" (err ")[0])
    return sorted(found)


def missing_lines(
    missing: list[str], evidence: Evidence, index: ModuleIndex | None, *, guessed: bool = False, verbose: bool = False
) -> list[str]:
    """Return the explanation: how many, from which modules, and the command that cures it.

    ``guessed``: the kernel's log was not there to tell which symbols it missed.
    """
    groups = _by_owner(missing, index)
    start = f"it needs {len(missing)} symbol{'s' * (len(missing) > 1)} that the kernel lacks"
    if guessed:
        start += " (as the indexes tell; the kernel's log is not to be had)"
    if len(groups) == 1:
        owner, symbols = groups[0]
        lines = [f"{start} and {_source(owner, index)}: {_some(symbols, verbose)}"]
    else:
        lines = [f"{start}:"]
        lines += [f"  {len(each)} that {_source(owner, index)}: {_some(each, verbose)}" for owner, each in groups]
    unready = {**dict.fromkeys(evidence.going, "removed"), **dict.fromkeys(evidence.coming, "loaded")}
    lines += [f"{owner} is being {unready[owner]} just now" for owner, _ in groups if owner in unready]
    loaded = [owner for owner, _ in groups if owner in evidence.loaded and owner not in unready]
    wanted = [owner for owner, _ in groups if owner and owner not in evidence.loaded]
    if loaded and evidence.license:
        lines.append(
            f"{' and '.join(loaded)} is loaded, so these may be for GPL modules only; this one's license is "
            f"'{evidence.license}'"
        )
    if wanted and index is not None:
        lines += _cures(wanted, evidence, index)
    return lines


def _by_owner(missing: list[str], index: ModuleIndex | None) -> list[tuple[str, list[str]]]:
    """Return (module, its symbols), the most wanted module first; "" is for symbols that no module has."""
    groups: dict[str, list[str]] = {}
    for symbol in missing:
        try:
            owners = index.symbol_owners(f"symbol:{symbol}") if index else ()
        except LkmError:
            owners = ()
        groups.setdefault(owners[0] if owners else "", []).append(symbol)
    return sorted(groups.items(), key=lambda group: (not group[0], -len(group[1]), group[0]))


def _some(symbols: list[str], verbose: bool) -> str:
    if verbose or len(symbols) <= _SHOWN:
        return ", ".join(symbols)
    return f"{', '.join(symbols[:_SHOWN])} and {len(symbols) - _SHOWN} more (-v lists all)"


def _source(owner: str, index: ModuleIndex | None) -> str:
    if owner:
        return f"module {owner} provides"
    if index is None:
        return "no index tells the provider of"
    return f"no module of {index.directory} provides"


def _cures(wanted: list[str], evidence: Evidence, index: ModuleIndex) -> list[str]:
    lines = []
    try:
        entry = index.dependencies(evidence.name)
        if entry:
            lines.append(f"cure: `lkm modprobe {evidence.name}` loads {' and '.join(wanted)} first")
        for owner in wanted:
            provider = index.dependencies(owner)
            if provider:
                path = provider.path if provider.path.startswith("/") else f"{index.directory}/{provider.path}"
                by_hand = "insmod" if not provider.depends else "modprobe"
                lines.append(
                    f"{'or' if lines else 'cure'}: `lkm {by_hand} {path if by_hand == 'insmod' else owner}`"
                    f"{', then this again' if owner == wanted[-1] else ''}"
                )
    except LkmError:
        pass
    return lines
