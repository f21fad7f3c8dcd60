"""Writes kernel images, so that each layout of their tables can be tested, whatever kernels this machine has."""

from __future__ import annotations

import struct

from lkm.modfile.nouns import Export
from tests.support.elfwriter import Writer

RODATA, STRINGS, TABLE, TABLE_GPL, CRCS, CRCS_GPL, PARAM = (0x1000_0000 + n * 0x10_0000 for n in range(7))
BANNER = b"Linux version 9.9.9 (x@y) #1\n\0" + b"9.9.9 SMP mod_unload \0"


def build_kernel(
    exports: list[Export],
    *,
    bits: int = 64,
    order: str = "<",
    relative: bool = True,
    fields: int = 3,
    far: bool = False,
    flags: bytes = b"",
    config: bytes = b"",
    param: bytes = b"",
    more: bytes = b"",
) -> bytes:
    """Return a kernel; ``far``: CRCs as distances; ``flags``: this is __kflagstab, and there is one table."""
    out = Writer(bits, order, 62, 2)
    rodata = BANNER + config + more
    rodata += bytes(-len(rodata) % 8)
    names = b"\0" + b"".join(f"{e.name}\0{e.namespace}\0".encode() for e in exports)
    where = {e.name: 1 + sum(len(f"{f.name}\0{f.namespace}\0") for f in exports[:n]) for n, e in enumerate(exports)}
    tables = (
        [("", TABLE, CRCS, exports)]
        if flags
        else [
            ("", TABLE, CRCS, [e for e in exports if not e.gpl_only]),
            ("_gpl", TABLE_GPL, CRCS_GPL, [e for e in exports if e.gpl_only]),
        ]
    )
    word = 4 if relative or bits == 32 else 8
    for suffix, start, sums, group in tables:
        table = b""
        crcs = b""
        for e in group:
            space = STRINGS + where[e.name] + len(e.name) + 1 if e.namespace else 0
            for to in (RODATA, STRINGS + where[e.name], space)[:fields]:
                value = (to - (start + len(table)) if to else 0) if relative else to
                table += struct.pack(order + ("i" if relative else "Q" if bits == 64 else "I"), value)
            assert len(table) % word == 0
            crc = struct.pack(order + "I", e.crc or 0)
            if far:
                crcs += struct.pack(order + "i", RODATA + len(rodata) - (sums + len(crcs)))
                rodata += crc
            else:
                crcs += crc
        if group:
            out.add(f"__ksymtab{suffix}", table, address=start)
            out.add(f"__kcrctab{suffix}", crcs, address=sums)
    if flags:
        out.add("__kflagstab", flags)
    out.add("__ksymtab_strings", names, address=STRINGS)
    out.add(".rodata", rodata, address=RODATA)
    out.add("__param", param, address=PARAM)
    return out.elf(symtab=False)
