"""The CRCs a module was built against: ``__versions``, and ``__version_ext_*`` for names that are too long for it.

A classic record is 64 bytes (kernel: include/linux/module.h, ``struct modversion_info``): an unsigned long with the
CRC, then the name, ended by a zero byte. The extended tables (Linux 6.14 on) are a list of 32-bit CRCs and a list
of zero-ended names of any length, in the same order (scripts/mod/modpost.c: ``add_extended_versions``).
"""

from __future__ import annotations

from struct import Struct, unpack

from lkm.errors import FormatError
from lkm.formats.elf import OFFSET

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.formats.elf import Elf

RECORD = 64

# by the format of an unsigned long
_RECORDS = {
    "<Q": Struct("<I4x56s"),
    ">Q": Struct(">4xI56s"),
    "<I": Struct("<I60s"),
    ">I": Struct(">I60s"),
}


def read_versions(elf: Elf) -> dict[bytes, int]:
    """Return symbol name → CRC in file order, the extended tables' entries last.

    Raises FormatError when a table does not consist of whole records.
    """
    out: dict[bytes, int] = {}
    index = elf.find(b"__versions")
    if index:
        data = elf.read(index)
        if len(data) % RECORD:
            text = f"__versions has {len(data)} bytes, which is no multiple of {RECORD}"
            raise FormatError(text, elf.source.name, elf.header(index)[OFFSET])
        for crc, name in _RECORDS[elf.layout.word.format].iter_unpack(data):
            out[name.rstrip(b"\0")] = crc
        if b"\0" in b"".join(out):  # never by modpost: bytes after a name's end
            out = {name.split(b"\0", 1)[0]: crc for name, crc in out.items()}
    if elf.find(b"__version_ext_names"):
        out.update(_extended(elf))
    return out


def _extended(elf: Elf) -> dict[bytes, int]:
    index = elf.find(b"__version_ext_names")
    names = elf.read(index).split(b"\0")[:-1]
    crcs = elf.named(b"__version_ext_crcs")
    if len(crcs) != 4 * len(names):
        text = f"{len(names)} names in __version_ext_names, but {len(crcs)} bytes of CRCs"
        raise FormatError(text, elf.source.name, elf.header(index)[OFFSET])
    return dict(zip(names, unpack(f"{elf.layout.order}{len(names)}I", crcs), strict=True))
