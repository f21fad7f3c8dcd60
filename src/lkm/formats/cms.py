"""Who signed a CMS message, and how (RFC 5652). ASN.1 is the library's; here are the shapes that matter.

Only a signed module costs the import of this, some 20 ms. Object identifiers are kept as the bytes that they are in
DER: ``cryptography.x509``, which has a type for them, takes as long again to import, and is asked only for the name
of one that nobody here knows.
"""

from __future__ import annotations

from typing import Annotated

from cryptography.hazmat import asn1

from lkm.errors import FormatError
from lkm.record import Record

_SIGNED_DATA = bytes.fromhex("2a864886f70d010702")  # 1.2.840.113549.1.7.2
_COMMON_NAME = bytes.fromhex("550403")  # 2.5.4.3


class Signer(Record):
    """A signer. ``issuer``: the common name of who issued the certificate; ``key``: the certificate's serial number.

    Where the key is known by an identifier, ``key`` is that, and ``issuer`` empty. ``digest`` is the object
    identifier of the hash, see :func:`dotted`. ``attributes``: not the file itself but attributes are signed.
    """

    issuer: bytes
    key: bytes
    digest: bytes
    signature: bytes
    attributes: bool = False


@asn1.sequence
class _Attribute:
    type: asn1.TLV
    value: asn1.TLV


@asn1.sequence
class _IssuerAndSerial:
    issuer: list[asn1.SetOf[_Attribute]]
    serial: int


@asn1.sequence
class _Digest:
    name: asn1.TLV
    parameters: asn1.Null | None


@asn1.sequence
class _SignerInfo:
    version: int
    identity: _IssuerAndSerial | Annotated[bytes, asn1.Implicit(0)]
    digest: _Digest
    signed_attributes: Annotated[asn1.SetOf[asn1.TLV] | None, asn1.Implicit(0)]
    algorithm: asn1.TLV
    signature: bytes
    unsigned_attributes: Annotated[asn1.SetOf[asn1.TLV] | None, asn1.Implicit(1)]


@asn1.sequence
class _Content:
    type: asn1.TLV
    content: Annotated[bytes | None, asn1.Explicit(0)]


@asn1.sequence
class _SignedData:
    version: int
    digests: asn1.SetOf[asn1.TLV]
    content: _Content
    certificates: Annotated[asn1.SetOf[asn1.TLV] | None, asn1.Implicit(0)]
    revoked: Annotated[asn1.SetOf[asn1.TLV] | None, asn1.Implicit(1)]
    signers: asn1.SetOf[_SignerInfo]


@asn1.sequence
class _Message:
    type: asn1.TLV
    content: Annotated[_SignedData, asn1.Explicit(0)]


def first_signer(data: bytes, offset: int = 0) -> Signer:
    """Return the first signer of a CMS message in DER; ``offset`` is the message's place in its file, for errors.

    Raises FormatError when it is no CMS message with signed data, or nobody signed it.

    >>> first_signer(b"0", 100)
    Traceback (most recent call last):
    lkm.errors.FormatError: at byte 100: no CMS message with signed data: ...
    """
    try:
        message = asn1.decode_der(_Message, data)
    except ValueError as error:
        raise FormatError(f"no CMS message with signed data: {error}", offset=offset) from None
    if message.type.data != _SIGNED_DATA:
        what = dotted(bytes(message.type.data))
        raise FormatError(f"no CMS message with signed data, but {what}", offset=offset)
    signers = message.content.signers.as_list()
    if not signers:
        raise FormatError("a CMS message that nobody signed", offset=offset)
    signer = signers[0]
    identity = signer.identity
    issuer, key = (b"", identity) if isinstance(identity, bytes) else (_common_name(identity), _serial(identity))
    attributes = signer.signed_attributes is not None
    return Signer(issuer, key, bytes(signer.digest.name.data), signer.signature, attributes)


def _common_name(identity: _IssuerAndSerial) -> bytes:
    """Return the issuer's common name, as it stands there; nothing when there is none."""
    for group in identity.issuer:
        for attribute in group.as_list():
            if attribute.type.data == _COMMON_NAME:
                return bytes(attribute.value.data)
    return b""


def _serial(identity: _IssuerAndSerial) -> bytes:
    """Return the bytes of the serial number, without its sign, as OpenSSL shows it."""
    number = abs(identity.serial)
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def dotted(identifier: bytes) -> str:
    """Return an object identifier's usual form; raises FormatError when the bytes are none.

    >>> dotted(bytes.fromhex("550403"))
    '2.5.4.3'
    """
    from cryptography.x509 import ObjectIdentifier

    try:
        found = asn1.decode_der(ObjectIdentifier, bytes([6, len(identifier) & 0x7F]) + identifier)
    except ValueError as error:
        raise FormatError(f"no object identifier: {identifier.hex()}: {error}") from None
    return found.dotted_string
