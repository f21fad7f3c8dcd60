"""What QEMU boots: the kernel without its compression, and a small initramfs."""

from __future__ import annotations

import struct
from collections.abc import Iterable

from lkm.errors import FormatError
from lkm.formats.compression import decompress, kind_of


def vmlinux(bzimage: bytes, name: str) -> bytes:
    """Return the ELF kernel inside a bzImage; QEMU boots it (by PVH) in half the time.

    The payload's place is in the boot protocol's header (Documentation/x86/boot.rst, payload_offset), counted from
    the end of the real-mode part. Raises FormatError when this is no bzImage or is compressed in another way.
    """
    if bzimage[:4] == b"\x7fELF":
        return bzimage
    if len(bzimage) < 0x250 or bzimage[0x202:0x206] < b"HdrS" or bzimage[0x1FE:0x200] != b"\x55\xaa":
        raise FormatError("no bzImage", name)
    offset, length = struct.unpack_from("<II", bzimage, 0x248)
    start = ((bzimage[0x1F1] or 4) + 1) * 512 + offset
    payload = bzimage[start : start + length]
    kind = kind_of(payload[:6])
    if not kind:
        raise FormatError("a kernel compressed by something else than gzip, xz or zstandard", name, start)
    # The unpacked length follows, but for gzip, which has it in its format (scripts/Makefile.lib: size_append).
    return decompress(payload if kind == "gz" else payload[:-4], kind, name)


def initramfs(entries: Iterable[tuple[str, int, bytes]]) -> bytes:
    """Return a cpio archive ("newc") of (path, mode with file type, contents or link target), all owned by root.

    >>> initramfs([("d", 0o040755, b"")])[:14], len(initramfs([("f", 0o100644, b"x")])) % 4
    (b'07070100000001', 0)
    """
    out = bytearray()
    for number, (path, mode, data) in enumerate([*entries, ("TRAILER!!!", 0, b"")], 1):
        name = path.encode() + b"\0"
        fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name), 0)
        out += b"070701" + b"".join(b"%08X" % field for field in fields) + name
        out += bytes(-len(out) % 4) + data
        out += bytes(-len(out) % 4)
    return bytes(out)
