"""The CRCs a module was built against: ``__versions``, and ``__version_ext_*`` for names that are too long for it.

A classic record is 64 bytes (kernel: include/linux/module.h, ``struct modversion_info``): an unsigned long with the
CRC, then the name, ended by a zero byte. The extended tables (Linux 6.14 on) are a list of 32-bit CRCs and a list
of zero-ended names of any length, in the same order (scripts/mod/modpost.c: ``add_extended_versions``).
"""

from __future__ import annotations

from struct import Struct, unpack

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.formats.elf import Elf

RECORD = 64

_BLANKS = b" \t\n\r\v\f"
_ZERO_TO_BLANK = b" " + bytes(range(1, 256))

# by the format of an unsigned long
_RECORDS = {
    "<Q": Struct("<I4x56s"),
    ">Q": Struct(">4xI56s"),
    "<I": Struct("<I60s"),
    ">I": Struct(">I60s"),
}


def version_names(elf: Elf) -> list[bytes]:
    """Return the names of :func:`read_versions`, making no other objects: depmod reads 200,000 of them."""
    data = elf.named(b"__versions")
    count = len(data) // RECORD
    if not count or elf.find(b"__version_ext_names"):
        return list(read_versions(elf)[0])
    # Where the CRCs stood there are zero bytes then, and so are between names: blanks, at which split() splits.
    plain = bytearray(data[: count * RECORD])
    blank = bytes(count)
    for at in range(elf.layout.word.size):
        plain[at::RECORD] = blank
    names = bytes(plain.translate(_ZERO_TO_BLANK)).split()
    # An empty name, a blank in one, or bytes after one's end: modpost writes none of that.
    if 0 in plain[elf.layout.word.size :: RECORD] or len(names) != count or plain.translate(None, _BLANKS) != plain:
        return list(read_versions(elf)[0])
    return names


def read_versions(elf: Elf) -> tuple[dict[bytes, int], list[str]]:
    """Return symbol name → CRC in file order, the extended tables' entries last, and what was wrong with the tables.

    A part of a record at the end is left out, as kmod does; so are extended tables that do not match.
    """
    out: dict[bytes, int] = {}
    problems = []
    data = elf.named(b"__versions")
    if data:
        rest = len(data) % RECORD
        if rest:
            problems.append(f"__versions has {len(data)} bytes, which is no multiple of {RECORD}")
        for crc, name in _RECORDS[elf.layout.word.format].iter_unpack(data[: len(data) - rest]):
            out[name.rstrip(b"\0")] = crc
        if b"\0" in b"".join(out):  # never by modpost: bytes after a name's end
            out = {name.split(b"\0", 1)[0]: crc for name, crc in out.items()}
    names = elf.named(b"__version_ext_names").split(b"\0")[:-1]
    crcs = elf.named(b"__version_ext_crcs") if names else b""
    if len(crcs) != 4 * len(names):
        problems.append(f"{len(names)} names in __version_ext_names, but {len(crcs)} bytes of CRCs")
    else:
        out.update(zip(names, unpack(f"{elf.layout.order}{len(names)}I", crcs), strict=True))
    return out, problems
