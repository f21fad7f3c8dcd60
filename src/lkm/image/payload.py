"""A bootable x86 image (bzImage) → the vmlinux inside it. Rules: the kernel's Documentation/arch/x86/boot.rst."""

from __future__ import annotations

from lkm.errors import FormatError
from lkm.formats.compression import decompress, kind_of
from lkm.image.packing import packing_of, unpack


def unpacked(data: bytes, name: str = "") -> bytes:
    r"""Return the ELF file inside a bzImage; an ELF file is returned as it is.

    Raises FormatError for what is neither, is cut off or broken, or is packed in a way that is not known.

    >>> unpacked(b"\x7fELF...")
    b'\x7fELF...'
    >>> unpacked(b"#!/bin/sh", "vmlinuz")
    Traceback (most recent call last):
    lkm.errors.FormatError: vmlinuz: at byte 0: no kernel image: neither an ELF file nor an x86 bzImage
    """
    if data[:4] == b"\x7fELF":
        return data
    if data[0x202:0x206] != b"HdrS":
        hint = "give a vmlinux, a User-Mode Linux binary, or the vmlinuz of an x86 kernel"
        raise FormatError("no kernel image: neither an ELF file nor an x86 bzImage", name, 0, hint)
    if len(data) < 0x250 or int.from_bytes(data[0x206:0x208], "little") < 0x208:
        raise FormatError("a bzImage without payload fields (Linux before 2.6.26)", name, 0x206)
    start = ((data[0x1F1] or 4) + 1) * 512 + int.from_bytes(data[0x248:0x24C], "little")
    length = int.from_bytes(data[0x24C:0x250], "little")
    payload = data[start : start + length]
    if len(payload) < length or length < 8:
        raise FormatError(f"a payload of {length} bytes does not fit: the file ends at byte {len(data)}", name, start)
    if payload[:4] == b"\x7fELF":
        return payload
    # all but gzip are followed by the unpacked size, in 4 bytes (scripts/Makefile.lib: size_append)
    kind = kind_of(payload[:6])
    if kind:
        return decompress(payload if kind == "gz" else payload[:-4], kind, name)
    packing = packing_of(payload[:9])
    if packing:
        return unpack(payload[:-4], packing, name)
    hint = "unpack it with the kernel's scripts/extract-vmlinux and give the vmlinux"
    raise FormatError("its payload is of no known kind", name, start, hint)
