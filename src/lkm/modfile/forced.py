"""A module file made to pass version checks, for init_module(2), which has no flags to skip them."""

from __future__ import annotations

from lkm.formats.elf import FLAGS, OFFSET, Elf
from lkm.formats.source import BytesSource

_SHF_ALLOC = 2
_FLAGS_AT = 8  # place of sh_flags in a section header, in both classes


def without_versions(image: bytes, name: str, *, modversions: bool, vermagic: bool) -> bytes:
    """Return the module with its symbol versions or its vermagic made invisible to the kernel.

    As kmod does (libkmod-elf.c: ``kmod_elf_strip``): ``__versions`` is no longer a section to be loaded, and the
    vermagic record becomes zeros. Raises FormatError when the image is no ELF file.
    """
    elf = Elf(BytesSource(image, name))
    data = bytearray(image)
    if modversions:
        width = elf.layout.word.size
        for section in (b"__versions", b"__version_ext_crcs", b"__version_ext_names"):
            if index := elf.find(section):
                at = elf.table_offset + index * elf.layout.section.size + _FLAGS_AT
                flags = elf.header(index)[FLAGS] & ~_SHF_ALLOC
                data[at : at + width] = elf.layout.word.pack(flags)
    if vermagic and (index := elf.find(b".modinfo")):
        start = elf.header(index)[OFFSET]
        for record in elf.read(index).split(b"\0"):
            if record.startswith(b"vermagic="):
                data[start : start + len(record)] = bytes(len(record))
            start += len(record) + 1
    return bytes(data)
