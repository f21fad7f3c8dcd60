r"""``System.map`` and ``/proc/kallsyms``: which symbols a kernel exports, without CRCs as a rule, nor namespaces.

Each line is ``address type name`` (nm(1)); kallsyms goes on with ``[module]`` for what is a module's. An export X has
its entry at ``__ksymtab_X``; those for GPL modules stand between two marks (kernel: include/asm-generic/
vmlinux.lds.h). A CRC was the address of ``__crc_X``, of type A, until Linux 5.18 (CONFIG_MODULE_REL_CRCS: not even
then). Kernels without CONFIG_KALLSYMS_ALL list no entries, and who may not see addresses sees zeros.

>>> text = "10 r __ksymtab_f\n20 R __start___ksymtab_gpl\n20 r __ksymtab_g\n30 R __stop___ksymtab_gpl\n5 A __crc_f\n"
>>> [(export.name, export.gpl_only, export.crc) for export in read(text).exports]
[('f', False, 5), ('g', True, None)]
"""

from __future__ import annotations

from lkm.errors import FormatError
from lkm.modfile.nouns import Export
from lkm.record import Record

_ENTRY, _CRC = "__ksymtab_", "__crc_"
_MARKS = ("__start___ksymtab_gpl", "__stop___ksymtab_gpl")


class SymbolMap(Record):
    """``marked``: whether it tells which exports are for GPL modules only; if not, none is said to be."""

    exports: tuple[Export, ...]
    marked: bool


def read(text: str, name: str = "") -> SymbolMap:
    """Return the kernel's exports, sorted. Raises FormatError for a text that lists none, or is no such list."""
    entries: dict[str, int] = {}
    crcs: dict[str, int] = {}
    marks: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if _ENTRY not in line and _CRC not in line and number > 1:
            continue
        fields = line.split()
        try:
            address, kind, symbol = int(fields[0], 16), *fields[1:3]
        except (ValueError, IndexError):
            if line:
                raise FormatError(f"line {number} is no `address type name`: {line[:60]}", name) from None
            continue
        if len(fields) > 3 and fields[3].startswith("["):
            continue  # a module's
        if symbol.startswith(_ENTRY):
            entries[symbol.removeprefix(_ENTRY)] = address
        elif symbol.startswith(_CRC) and kind in "Aa":
            crcs[symbol.removeprefix(_CRC)] = address & 0xFFFFFFFF
        elif symbol in _MARKS:
            marks[symbol] = address
    if not entries:
        hint = "Debian's System.map is in linux-image-RELEASE-dbg; kallsyms has exports with CONFIG_KALLSYMS_ALL"
        raise FormatError("no exported symbol is in it (`__ksymtab_NAME`)", name, hint=hint)
    low, high = (marks.get(mark, 0) for mark in _MARKS)
    found = [Export(symbol, low <= at < high, "", crcs.get(symbol)) for symbol, at in sorted(entries.items())]
    return SymbolMap(tuple(found), marked=high > low)
