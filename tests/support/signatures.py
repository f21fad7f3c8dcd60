"""Signatures to append to module files: the shape is right, the cryptography is not."""

from __future__ import annotations

import struct

MAGIC = b"~Module signature appended~\n"
SHA256 = bytes.fromhex("608648016503040201")


def der(tag: int, *parts: bytes) -> bytes:
    """Return a DER element with these contents."""
    body = b"".join(parts)
    if len(body) < 128:
        return bytes([tag, len(body)]) + body
    size = (len(body).bit_length() + 7) // 8
    return bytes([tag, 0x80 | size]) + len(body).to_bytes(size, "big") + body


def trailer(kind: int, size: int, *, digest: int = 0, name: int = 0, key: int = 0) -> bytes:
    """Return ``struct module_signature`` and the magic."""
    return struct.pack(">BBBBB3xI", 1 if kind != 2 else 0, digest, kind, name, key, size) + MAGIC


def name(common_name: bytes) -> bytes:
    """Return a distinguished name: an organisation, then the common name."""
    organisation = der(0x31, der(0x30, der(6, bytes.fromhex("55040a")), der(0x0C, b"Org")))
    return der(0x30, organisation, der(0x31, der(0x30, der(6, bytes.fromhex("550403")), der(0x0C, common_name))))


def pkcs7(
    signer: bytes = b"Somebody's key",
    serial: bytes = b"\x12\x34",
    digest: bytes = SHA256,
    signature: bytes = b"\xaa" * 41,
    key: bytes = b"",
    signers: int = 1,
    kind: bytes = bytes.fromhex("2a864886f70d010702"),
) -> bytes:
    """Return a CMS message of this kind (signed data) with so many signers; append :func:`trailer` to it.

    They are known by issuer and serial number, or by the key's identifier ``key``.
    """
    algorithm = der(0x30, der(6, digest), der(5))
    identity = der(0x80, key) if key else der(0x30, name(signer), der(2, serial))
    info = der(0x30, der(2, b"\1"), identity, algorithm, der(0x30, der(6, digest)), der(4, signature))
    content = der(0x30, der(6, bytes.fromhex("2a864886f70d010701")))
    signed = der(0x30, der(2, b"\1"), der(0x31, algorithm), content, der(0x31, info * signers))
    return der(0x30, der(6, kind), der(0xA0, signed))


def signed(module: bytes, message: bytes | None = None) -> bytes:
    """Return the module with a PKCS#7 signature."""
    message = pkcs7() if message is None else message
    return module + message + trailer(2, len(message))
