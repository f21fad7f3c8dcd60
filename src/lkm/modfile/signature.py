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
_TAIL = 1024  # is read at once: mostly the whole signature
_LIMIT = 256 << 10  # real ones have some 700 bytes, post-quantum ones up to 50 kB

_ID_TYPES = ("PGP", "X509", "PKCS#7")
_HASHES = ("md4", "md5", "sha1", "rmd160", "sha256", "sha384", "sha512", "sha224", "sm3")
# Object identifiers as they stand in DER: 1.2.840.113549.2.4 and so on; the last seven are 2.16.840.1.101.3.4.2.N.
_HASH_OIDS = {
    bytes.fromhex(identifier): name
    for identifier, name in (
        ("2a864886f70d0204", "md4"),
        ("2a864886f70d0205", "md5"),
        ("2b0e03021a", "sha1"),
        ("2b24030201", "rmd160"),
        ("2a811ccf55018311", "sm3"),
        ("608648016503040201", "sha256"),
        ("608648016503040202", "sha384"),
        ("608648016503040203", "sha512"),
        ("608648016503040204", "sha224"),
        ("608648016503040208", "sha3-256"),
        ("608648016503040209", "sha3-384"),
        ("60864801650304020a", "sha3-512"),
    )
}


def read_signature(source: Source) -> Signature | None:
    """Return the signature that a module file ends with, None when it has none.

    Raises FormatError when there is the magic but no signature that can be read.
    """
    end = source.size - len(MAGIC)
    tail = source.read(max(0, source.size - _TAIL), min(source.size, _TAIL))
    if not tail.endswith(MAGIC):
        return None
    tail = tail[: -len(MAGIC)]
    if end < _TRAILER:
        raise FormatError("the magic of a signature, but no signature", source.name, end)
    _algorithm, digest, kind, *lengths, _, _, _ = tail[-_TRAILER:-4]
    size = int.from_bytes(tail[-4:], "big")
    total = size + sum(lengths)
    start = end - _TRAILER - total
    if start < 0 or not size or total > _LIMIT:
        raise FormatError(f"a signature of {total} bytes in a file of {source.size}", source.name, end - 4)
    if kind >= len(_ID_TYPES):
        raise FormatError(f"unknown kind of signature: {kind}", source.name, end - _TRAILER + 2)
    inside = total + _TRAILER <= len(tail)
    data = tail[-_TRAILER - total : -_TRAILER] if inside else source.read(start, total)
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
    from lkm.formats.cms import dotted, first_signer

    signer = first_signer(data, offset)
    digest = _HASH_OIDS.get(signer.digest) or dotted(signer.digest)
    issuer = signer.issuer.split(b"\0", 1)[0].decode("utf-8", "surrogateescape")
    return Signature("PKCS#7", issuer, signer.key, digest, signer.signature, offset)
