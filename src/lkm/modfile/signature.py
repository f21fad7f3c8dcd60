"""The signature appended to a module (kernel: include/linux/module_signature.h, ``mod_verify_sig``).

From the end of the file: the 28 bytes of the magic; before it a ``struct module_signature`` of 12 bytes: algorithm,
hash, kind of identifier, length of the signer's name, length of the key identifier, 3 bytes of padding, length of
the signature as a big-endian 32-bit number; before that the signature. PKCS#7 tells all else itself; the older
kinds put the signer's name and the key identifier before the signature.
"""

from __future__ import annotations

from lkm.errors import FormatError
from lkm.modfile.nouns import Signature

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.formats.source import Source

MAGIC = b"~Module signature appended~\n"
_TRAILER = 12
_LIMIT = 256 << 10  # real ones have some 700 bytes, post-quantum ones up to 50 kB

_ID_TYPES = ("PGP", "X509", "PKCS#7")
_HASHES = ("md4", "md5", "sha1", "rmd160", "sha256", "sha384", "sha512", "sha224", "sm3")
_HASH_OIDS = {
    "1.2.840.113549.2.4": "md4",
    "1.2.840.113549.2.5": "md5",
    "1.3.14.3.2.26": "sha1",
    "1.3.36.3.2.1": "rmd160",
    "1.2.156.10197.1.401": "sm3",
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
    "2.16.840.1.101.3.4.2.4": "sha224",
    "2.16.840.1.101.3.4.2.8": "sha3-256",
    "2.16.840.1.101.3.4.2.9": "sha3-384",
    "2.16.840.1.101.3.4.2.10": "sha3-512",
}


def read_signature(source: Source) -> Signature | None:
    """Return the signature that a module file ends with, None when it has none.

    Raises FormatError when there is the magic but no signature that can be read.
    """
    end = source.size - len(MAGIC)
    if end < 0 or source.read(end, len(MAGIC)) != MAGIC:
        return None
    if end < _TRAILER:
        raise FormatError("the magic of a signature, but no signature", source.name, end)
    _algorithm, digest, kind, *lengths, _, _, _ = source.read(end - _TRAILER, 8)
    size = int.from_bytes(source.read(end - 4, 4), "big")
    total = size + sum(lengths)
    start = end - _TRAILER - total
    if start < 0 or not size or total > _LIMIT:
        raise FormatError(f"a signature of {total} bytes in a file of {source.size}", source.name, end - 4)
    if kind >= len(_ID_TYPES):
        raise FormatError(f"unknown kind of signature: {kind}", source.name, end - _TRAILER + 2)
    data = source.read(start, total)
    if _ID_TYPES[kind] == "PKCS#7":
        try:
            return _pkcs7(data[-size:], start)
        except FormatError as error:
            raise FormatError(f"signature: {error.what}", source.name, error.offset) from None
    name, key = lengths
    return Signature(
        _ID_TYPES[kind],
        data[:name].decode("utf-8", "surrogateescape"),
        data[name : name + key],
        _HASHES[digest] if digest < len(_HASHES) else str(digest),
        data[name + key :],
        start,
    )


def _pkcs7(data: bytes, offset: int) -> Signature:
    """Read a CMS message with one signer."""
    from lkm.formats.cms import first_signer

    signer = first_signer(data, offset)
    issuer = signer.issuer.split(b"\0", 1)[0].decode("utf-8", "surrogateescape")
    return Signature(
        "PKCS#7", issuer, signer.key, _HASH_OIDS.get(signer.digest, signer.digest), signer.signature, offset
    )
