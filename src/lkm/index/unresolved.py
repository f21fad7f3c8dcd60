"""Symbols that nobody provides, or provides in another version, and who provides the others: depmod's -e and -v."""

from __future__ import annotations

from lkm.index.build import stripped
from lkm.index.cache import unpack

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lkm.index.build import Modules

#: What no file lists and every module may need: the kernel's loader makes it (depmod.c: ``depmod_add_fake_syms``).
MAGIC = (b"__this_module", b"_GLOBAL_OFFSET_TABLE_", b"TOC.")


def parse_symvers(data: bytes) -> dict[bytes, int]:
    r"""Return the kernel's own symbols and their CRCs from a Module.symvers; what modules export is left out.

    >>> parse_symvers(b"0x1f\tprintk\tvmlinux\tEXPORT_SYMBOL\t\n0x2\tx\tdrivers/x\tEXPORT_SYMBOL\t\n")
    {b'printk': 31}
    """
    out = {}
    for line in data.split(b"\n"):
        words = line.split()
        if len(words) >= 3 and words[2] == b"vmlinux":
            try:
                out[words[1]] = int(words[0], 16) & 0xFFFFFFFF
            except ValueError:
                continue
    return out


def parse_system_map(data: bytes, strip: bytes = b"") -> dict[bytes, int]:
    r"""Return the kernel's exported symbols from a System.map, all with CRC 0: it has none.

    >>> parse_system_map(b"ffffffff81000000 T _text\nffffffff82000000 r __ksymtab_printk\n")
    {b'printk': 0}
    """
    out = {}
    for line in data.split(b"\n"):
        words = line.split()
        if len(words) >= 3:
            (name,) = stripped([words[2]], strip)
            if name.startswith(b"__ksymtab_"):
                out[name[10:]] = 0
    return out


def unresolved(modules: Modules, kernel: Mapping[bytes, int], *, crcs: bool) -> Iterator[tuple[bytes, str, bytes]]:
    """Yield (path, what is wrong, symbol) in the order of modules and their needs.

    ``crcs``: a symbol whose CRC differs is wrong as well. Weak symbols may be missing, in any version.
    """
    table = {**kernel, **dict.fromkeys(MAGIC, 0)}
    for exports, (export_crcs, _) in zip(modules.exports, modules.marks, strict=True):
        names = unpack(exports)
        for name, plain in zip(names, stripped(names, modules.strip), strict=True):
            table[plain] = export_crcs.get(name, 0)
    for path, needs, weak, (_, wanted) in zip(modules.paths, modules.needs, modules.weak, modules.marks, strict=True):
        names = unpack(needs)
        may_miss = frozenset(unpack(weak))
        for symbol, plain in zip(names, stripped(names, modules.strip), strict=True):
            if symbol in may_miss:
                continue
            if plain not in table:
                yield path, "needs unknown symbol", symbol
            elif crcs and symbol in wanted and wanted[symbol] != table[plain]:
                yield path, "disagrees about version of symbol", symbol


def providers(modules: Modules) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Yield (path, symbol, path of its owner) for every module that another one needs, by the first such symbol."""
    owners: dict[bytes, bytes] = {}
    for path, exports in zip(modules.paths, modules.exports, strict=True):
        owners.update(dict.fromkeys(stripped(unpack(exports), modules.strip), path))
    for path, needs in zip(modules.paths, modules.needs, strict=True):
        seen: set[bytes] = set()
        names = unpack(needs)
        for symbol, plain in zip(names, stripped(names, modules.strip), strict=True):
            owner = owners.get(plain)
            if owner is not None and owner not in seen:
                seen.add(owner)
                yield path, symbol, owner
