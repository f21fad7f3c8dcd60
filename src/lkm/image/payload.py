"""A bootable image → the kernel inside it.

x86's bzImage: Documentation/arch/x86/boot.rst of the kernel. arm64's Image.gz, and the EFI program that unpacks
itself (drivers/firmware/efi/libstub/zboot-header.S): ``MZ``, ``zimg``, at 8 the payload's offset and its size, at 24
its packing.
"""

from __future__ import annotations

from lkm.errors import FormatError
from lkm.formats.compression import decompress, kind_of
from lkm.image.flat import is_flat
from lkm.image.packing import packing_of, unpack


def unpacked(data: bytes, name: str = "") -> bytes:
    r"""Return the ELF file inside a bzImage, or the arm64 Image inside its packing; these two as they are.

    Raises FormatError for what is neither, is cut off or broken, or is packed in a way that is not known.

    >>> unpacked(b"\x7fELF...")
    b'\x7fELF...'
    >>> unpacked(b"#!/bin/sh", "vmlinuz")
    Traceback (most recent call last):
    lkm.errors.FormatError: vmlinuz: at byte 0: no kernel image: neither an ELF file nor an x86 bzImage
    """
    if data[:4] == b"\x7fELF" or is_flat(data):
        return data
    if data[:2] == b"\x1f\x8b":
        return unpacked(decompress(data, "gz", name), name)  # arm64's Image.gz
    if data[:2] == b"MZ" and data[4:8] == b"zimg":
        return unpacked(_zboot(data, name), name)
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


def _zboot(data: bytes, name: str) -> bytes:
    start, size = (int.from_bytes(data[at : at + 4], "little") for at in (8, 12))
    payload = data[start : start + size]
    kind = kind_of(payload[:6])
    if len(payload) < size or not kind:
        packing = data[24:32].split(b"\0")[0].decode("ascii", "replace")
        raise FormatError(f"an EFI image whose payload ({packing}) is cut off or of no known kind", name, start)
    # as in bzImage: all but gzip are followed by the unpacked size
    return decompress(payload if kind == "gz" else payload[:-4], kind, name)
