"""A kernel's ELF file, with or without symbols → :class:`lkm.image.nouns.KernelFacts`.

Sections stay when the symbols are stripped, and exports are tables in sections of their own.
"""

from __future__ import annotations

import re

from lkm.errors import FormatError
from lkm.formats.compression import decompress
from lkm.formats.elf import Elf
from lkm.formats.source import BytesSource
from lkm.image.exports import read_exports
from lkm.image.features import read_features
from lkm.image.memory import Memory
from lkm.image.nouns import KernelFacts
from lkm.image.parameters import read_parameters
from lkm.image.payload import unpacked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_BANNER = re.compile(rb"Linux version (\S+) \([^\0\n]*\n?")
#: two SEQUENCEs with 2-byte lengths, [0] version 3, and the tag of the serial number: how each X.509 v3 starts
_CERTIFICATE = re.compile(rb"\x30\x82..\x30\x82..\xa0\x03\x02\x01\x02\x02", re.DOTALL)
_WITH_CERTIFICATES = (b".init.data", b"init.data", b".init.rodata", b".data", b".rodata")


def read(data: bytes, name: str = "") -> KernelFacts:
    """Return the facts of a vmlinux, a User-Mode Linux binary or an x86 bzImage; raises FormatError for others."""
    elf = Elf(BytesSource(unpacked(data, name), name))
    memory = Memory(elf)
    rodata = memory.section(b".rodata")
    banner = max(_BANNER.finditer(rodata), key=lambda found: len(found[0]), default=None)  # others lack the date
    if banner is None:
        raise FormatError("no kernel: its .rodata has no text `Linux version ...`", name)
    exports = read_exports(elf, memory)
    parameters = read_parameters(elf, memory, {at: export.name for export, at in exports.items()})
    vermagic = _vermagic(rodata, banner[1])
    return KernelFacts(
        banner[1].decode("utf-8", "replace"),
        banner[0].decode("utf-8", "replace").rstrip("\n"),
        vermagic,
        elf.machine,
        64 if elf.layout.is64 else 32,
        tuple(exports),
        tuple(parameters),
        tuple(dict.fromkeys(der for section in _WITH_CERTIFICATES for der in _certificates(memory.section(section)))),
        _config(rodata, name),
        read_features(rodata, vermagic),
    )


def _vermagic(rodata: bytes, release: bytes) -> str:
    """Find the release followed by words that each end with a space (include/linux/vermagic.h)."""
    found = re.search(re.escape(release) + rb" (?:[A-Za-z0-9_.-]+ )*\0", rodata)
    return found[0][:-1].decode("ascii") if found else ""


def _certificates(data: bytes) -> Iterator[bytes]:
    """Yield the DER certificates in a section (certs/system_certificates.S puts them there one after the other)."""
    for found in _CERTIFICATE.finditer(data):
        at = found.start()
        length = 4 + int.from_bytes(data[at + 2 : at + 4], "big")
        inner = 4 + int.from_bytes(data[at + 6 : at + 8], "big")
        if inner + 4 < length <= len(data) - at:
            yield data[at : at + length]


def _config(rodata: bytes, name: str) -> str:
    """Return the configuration, which stands gzipped between two marks (kernel/configs.c)."""
    start, end = rodata.find(b"IKCFG_ST"), rodata.rfind(b"IKCFG_ED")
    return decompress(rodata[start + 8 : end], "gz", name).decode("utf-8", "replace") if 0 <= start < end else ""
