"""What insmod of 2.4 worked out before it called the kernel: whose symbols a module binds to, and what it offers.

Linking was insmod's work then, not the kernel's; all of it is values.
"""

from __future__ import annotations

from lkm.modfile.object24 import split_version
from lkm.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from lkm.modfile.object24 import Object24

GPL = ("GPL", "GPL v2", "GPL and additional rights", "Dual BSD/GPL", "Dual MPL/GPL", "Dual MIT/GPL")
#: A kernel with this symbol was built with symbol versions.
USING_VERSIONS = "Using_Versions"
_GPL_ONLY = "GPLONLY_"


class Symbol24(Record):
    """A line of /proc/ksyms. ``module`` is empty for the kernel proper."""

    address: int
    name: str
    module: str = ""


class Bound(Record):
    """``missing``: symbols nobody exports; ``gpl_only``: those of them that only a GPL module may use;
    ``other_version``: (symbol, as it is exported). ``needs``: the modules it is bound to.
    """

    needs: tuple[str, ...]
    missing: tuple[str, ...] = ()
    gpl_only: tuple[str, ...] = ()
    other_version: tuple[tuple[str, str], ...] = ()


def has_versions(symbols: Sequence[Symbol24]) -> bool:
    """Tell whether the kernel's symbols carry versions."""
    return any(split_version(symbol.name)[0] == USING_VERSIONS for symbol in symbols)


def bind(module: Object24, symbols: Sequence[Symbol24], *, force: bool = False, prefix: str = "") -> Bound:
    """Look every needed symbol up. Versions count only where both sides have them, and ``force`` is not set.

    With ``prefix`` (insmod -P) versions of the kernel that stand behind that prefix count as if it were not there.
    """
    strict = module.using_checksums and has_versions(symbols) and not force
    is_gpl = module.license in GPL
    exact: dict[str, Symbol24] = {}
    plain: dict[str, Symbol24] = {}
    locked = set()
    for symbol in symbols:
        name = symbol.name
        if name.startswith(_GPL_ONLY):
            name = name[len(_GPL_ONLY) :]
            if not is_gpl:
                locked.add(split_version(name)[0])
                continue
        base, before, crc = split_version(name)
        exact.setdefault(name, symbol)
        if prefix and before == prefix:
            exact.setdefault(f"{base}_R{crc}", symbol)
        plain.setdefault(base, symbol)
    needs: dict[str, None] = {}
    missing, other = [], []
    for need in (*module.needs, *module.weak):
        base, _, crc = split_version(need)
        found = exact.get(need) if strict and crc else plain.get(base)
        if found is not None:
            if found.module:
                needs[found.module] = None
        elif need in module.needs:
            missing.append(need)
            if base in plain:
                other.append((need, plain[base].name))
    gpl_only = tuple([need for need in missing if split_version(need)[0] in locked])
    return Bound(tuple(needs), tuple(missing), gpl_only, tuple(other))


def mismatch(module: Object24, release: str, symbols: Sequence[Symbol24]) -> bool:
    """Tell whether it was built for another release; symbol versions on both sides make that no matter."""
    if module.using_checksums and has_versions(symbols):
        return False
    return module.kernel_version != release


def code(release: str) -> int:
    """Return LINUX_VERSION_CODE of a release.

    >>> code("2.4.2-2") == 0x020402
    True
    """
    parts = [int("".join([c for c in part if c.isdigit()][:3]) or 0) for part in release.split("-")[0].split(".")]
    major, minor, patch = [*parts, 0, 0, 0][:3]
    return major << 16 | minor << 8 | patch


def ksymoops_symbols(name: str, module: Object24, path: str, mtime: int) -> tuple[str, ...]:
    """Return the symbols insmod added, for ksymoops(8) to find the file again: where it is from, and its sections."""
    version = code(module.kernel_version)
    sections = [(title, size) for title, size in module.sections if title in (".text", ".rodata", ".data", ".bss")]
    return (
        f"__insmod_{name}_O{path}_M{mtime & 0xFFFFFFFF:08X}_V{version}",
        *[f"__insmod_{name}_S{title}_L{size}" for title, size in sections if size],
    )
