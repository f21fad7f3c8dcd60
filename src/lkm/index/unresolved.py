"""Symbols that nobody provides, or provides in another version, and who provides the others: depmod's -e and -v."""

from __future__ import annotations

from lkm.index.build import stripped

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
    for row in modules.rows:
        for name, plain in zip(row[1], stripped(row[1], modules.strip), strict=True):
            table[plain] = row[4].get(name, 0)
    for path, row in zip(modules.paths, modules.rows, strict=True):
        weak, wanted = row[3], row[5]
        for symbol, plain in zip(row[2], stripped(row[2], modules.strip), strict=True):
            if symbol in weak:
                continue
            if plain not in table:
                yield path, "needs unknown symbol", symbol
            elif crcs and symbol in wanted and wanted[symbol] != table[plain]:
                yield path, "disagrees about version of symbol", symbol


def providers(modules: Modules) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Yield (path, symbol, path of its owner) for every module that another one needs, by the first such symbol."""
    owners: dict[bytes, bytes] = {}
    for path, row in zip(modules.paths, modules.rows, strict=True):
        owners.update(dict.fromkeys(stripped(row[1], modules.strip), path))
    for path, row in zip(modules.paths, modules.rows, strict=True):
        seen: set[bytes] = set()
        for symbol, plain in zip(row[2], stripped(row[2], modules.strip), strict=True):
            owner = owners.get(plain)
            if owner is not None and owner not in seen:
                seen.add(owner)
                yield path, symbol, owner
