r"""``Module.symvers``: what a kernel build exports, with its CRCs (written by the kernel's scripts/mod/modpost.c).

A line is ``CRC  symbol  module  EXPORT_SYMBOL[_GPL]  namespace`` with tabs between; from Linux 5.4 to 5.5 the
namespace stood third, before 5.4 there was none. The kernel's own symbols have the module ``vmlinux``.

>>> found, _ = read("0x00000001\tf\tvmlinux\tEXPORT_SYMBOL_GPL\tNS\n0x2\tg\tfs/fat/fat\tEXPORT_SYMBOL\t\n")
>>> found["vmlinux"]
(Export(name='f', gpl_only=True, namespace='NS', crc=1),)
>>> found["fat"]
(Export(name='g', gpl_only=False, namespace='', crc=2),)
"""

from __future__ import annotations

from lkm.modfile.nouns import Export
from lkm.names import name_from_path
from lkm.origin import Origin, Problem

KERNEL = "vmlinux"
_KINDS = ("EXPORT_SYMBOL", "EXPORT_SYMBOL_GPL", "EXPORT_SYMBOL_GPL_FUTURE", "EXPORT_UNUSED_SYMBOL")


def read(text: str, file: str = "") -> tuple[dict[str, tuple[Export, ...]], tuple[Problem, ...]]:
    """Return exports by owner, ``vmlinux`` or a module's name, in the file's order; a Problem for each odd line.

    Where all CRCs are 0, the build has none (CONFIG_MODVERSIONS): they are None.
    """
    found: dict[str, list[Export]] = {}
    problems = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        export = _line(line.split("\t"))
        if export is None:
            hint = "a line is CRC, symbol, module, EXPORT_SYMBOL or EXPORT_SYMBOL_GPL, namespace"
            problems.append(Problem(Origin(file, number), "not a line of Module.symvers", line, hint=hint))
        else:
            found.setdefault(export[0], []).append(export[1])
    if not any(export.crc for exports in found.values() for export in exports):
        found = {owner: [export._replace(crc=None) for export in exports] for owner, exports in found.items()}
    return {owner: tuple(exports) for owner, exports in found.items()}, tuple(problems)


def _line(fields: list[str]) -> tuple[str, Export] | None:
    if len(fields) < 4:
        return None
    crc, symbol, owner, kind, space = (*fields, "")[:5]
    if kind not in _KINDS and space in _KINDS:
        owner, kind, space = kind, space, owner
    if kind not in _KINDS or not symbol or not owner:
        return None
    try:
        number = int(crc, 16) & 0xFFFFFFFF
    except ValueError:
        return None
    name = KERNEL if owner == KERNEL else str(name_from_path(f"{owner}.ko"))
    return name, Export(symbol, kind.startswith("EXPORT_SYMBOL_GPL"), space, number)
