"""A kernel's ELF file, with or without symbols → :class:`lkm.image.nouns.KernelFacts`.

Sections stay when the symbols are stripped, and exports are tables in sections of their own.
"""

from __future__ import annotations

import re

from lkm.errors import FormatError
from lkm.formats.compression import decompress
from lkm.formats.elf import Elf
from lkm.formats.source import BytesSource
from lkm.image import flat
from lkm.image.exports import read_exports
from lkm.image.features import read_features
from lkm.image.memory import Memory
from lkm.image.nouns import KernelFacts
from lkm.image.parameters import read_parameters
from lkm.image.payload import unpacked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_BANNER = re.compile(rb"Linux version (\S+) \([^\0\n]*\n?")
#: two SEQUENCEs with 2-byte lengths, [0] version 3, and the tag of the serial number: how each X.509 v3 starts
_CERTIFICATE = re.compile(rb"\x30\x82..\x30\x82..\xa0\x03\x02\x01\x02\x02", re.DOTALL)
_WITH_CERTIFICATES = (b".init.data", b"init.data", b".init.rodata", b".data", b".rodata")


def read(data: bytes, name: str = "") -> KernelFacts:
    """Return the facts of a vmlinux, a User-Mode Linux binary, an x86 bzImage or an arm64 Image.

    Raises FormatError for others. An arm64 Image does not tell the built-in parameters.
    """
    data = unpacked(data, name)
    if flat.is_flat(data):
        told = _told(data, name)
        exports = tuple(flat.read_exports(data, name))
        return told._replace(machine=flat.MACHINE, bits=64, exports=exports, certificates=_all_certificates([data]))
    elf = Elf(BytesSource(data, name))
    memory = Memory(elf)
    told = _told(memory.section(b".rodata"), name)
    found = read_exports(elf, memory)
    return told._replace(
        machine=elf.machine,
        bits=64 if elf.layout.is64 else 32,
        exports=tuple(found),
        parameters=tuple(read_parameters(elf, memory, {at: export.name for export, at in found.items()})),
        certificates=_all_certificates([memory.section(section) for section in _WITH_CERTIFICATES]),
    )


def _told(rodata: bytes, name: str) -> KernelFacts:
    """Return what the texts of a kernel tell."""
    banner = max(_BANNER.finditer(rodata), key=lambda found: len(found[0]), default=None)  # others lack the date
    if banner is None:
        raise FormatError("no kernel: its .rodata has no text `Linux version ...`", name)
    vermagic = _vermagic(rodata, banner[1])
    return KernelFacts(
        banner[1].decode("utf-8", "replace"),
        banner[0].decode("utf-8", "replace").rstrip("\n"),
        vermagic,
        0,
        0,
        config=_config(rodata, name),
        features=read_features(rodata, vermagic),
    )


def _all_certificates(parts: Iterable[bytes]) -> tuple[bytes, ...]:
    return tuple(dict.fromkeys(der for part in parts for der in _certificates(part)))


def _vermagic(rodata: bytes, release: bytes) -> str:
    """Find the release followed by words that end with spaces, but maybe the last (include/linux/vermagic.h)."""
    found = re.search(re.escape(release) + rb" (?:[A-Za-z0-9_.-]+ )*[A-Za-z0-9_.-]*\0", rodata)
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
