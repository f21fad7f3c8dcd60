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

# by the format of an unsigned long
_RECORDS = {
    "<Q": Struct("<I4x56s"),
    ">Q": Struct(">4xI56s"),
    "<I": Struct("<I60s"),
    ">I": Struct(">I60s"),
}

#: How many names of one tree are remembered at most: Debian's 4000 modules need 18,000.
_MOST = 1 << 17

#: How so many records are cut into names with what pads them: by size of the word before the name, and count.
_cuts: dict[tuple[int, int], Struct] = {}
_MOST_CUT = 1000


class _Names(dict[bytes, bytes]):
    """Name with padding → name. Nearly every name stands in many modules of a tree: only the first one is made."""

    def __missing__(self, padded: bytes) -> bytes:
        if len(self) > _MOST:
            self.clear()
        name = self[padded] = padded.split(b"\0", 1)[0]
        return name


_names = _Names()


def version_names(elf: Elf) -> list[bytes]:
    """Return the names of :func:`read_versions`, perhaps some twice, making few objects: depmod reads 200,000."""
    data = elf.named(b"__versions")
    count = len(data) // RECORD
    if not count or elf.find(b"__version_ext_names"):
        return list(read_versions(elf)[0])
    word = elf.layout.word.size
    cut = _cuts.get((word, count))
    if cut is None:
        cut = Struct("<" + f"{word}x{RECORD - word}s" * count)
        if count < _MOST_CUT:
            _cuts[word, count] = cut
    return [*map(_names.__getitem__, cut.unpack_from(data))]


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
