"""Is a module signed by somebody whom this kernel trusts? kernel/module/signing.c: ``module_sig_check``.

The certificates are those compiled into the image that the world was made from. Keys that are added later (MOK, UEFI,
the platform's), certificates inside a message, and black lists of hashes are not modelled.
"""

from __future__ import annotations

import errno
import os
import sys

from lkm.errors import FormatError
from lkm.modfile.signature import MAGIC

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cryptography.hazmat.primitives.hashes import HashAlgorithm
    from cryptography.x509 import Certificate

    from lkm.formats.cms import Signer
    from lkm.kernel.sim.world import World

_NOTICE, _ERR = 5, 3
_TRAILER = 12
_PKCS7 = 2
#: Errors that let an unsigned module pass where nothing is enforced, and how the kernel then calls it.
_REASONS = {
    errno.ENODATA: "unsigned module",
    errno.ENOPKG: "module with unsupported crypto",
    errno.ENOKEY: "module with unavailable key",
}
_HASHES = {
    "2b0e03021a": "SHA1",
    "608648016503040201": "SHA256",
    "608648016503040202": "SHA384",
    "608648016503040203": "SHA512",
    "608648016503040204": "SHA224",
}


def check(world: World, image: bytes, mangled: bool) -> tuple[int, bytes, bool]:
    """Return the errno (0: go on), the module without its signature, and whether the signature is right.

    ``mangled``: flags say to ignore versions or vermagic; then no signature counts, as the file was changed. What the
    kernel says goes to the world's log.
    """
    number, body = errno.ENODATA, image
    if not mangled and len(image) > len(MAGIC) and image.endswith(MAGIC):
        number, body = _verify(world, image[: -len(MAGIC)])
        if not number:
            return 0, body, True
    if number not in _REASONS:
        return number, body, False
    if world.meta("sig_enforce") == "1":
        world.say(_NOTICE, f"Loading of {_REASONS[number]} is rejected")
        return errno.EKEYREJECTED, body, False
    return locked_down(world, "unsigned module loading"), body, False


def locked_down(world: World, what: str) -> int:
    """Return EPERM, and say so, where the kernel is locked down (security/lockdown/lockdown.c)."""
    if world.meta("lockdown", "none") == "none":
        return 0
    comm = os.path.basename(sys.argv[0])[:15]
    world.say(_NOTICE, f"Lockdown: {comm}: {what} is restricted; see man kernel_lockdown.7")
    return errno.EPERM


def _verify(world: World, image: bytes) -> tuple[int, bytes]:
    """``mod_verify_sig``, kernel/module_signature.c: ``mod_check_sig``: the trailer, then the message before it."""
    if len(image) <= _TRAILER:
        return errno.EBADMSG, image
    _, _, kind, *rest = image[-_TRAILER:-4]
    size = int.from_bytes(image[-4:], "big")
    if size >= len(image) - _TRAILER:
        return errno.EBADMSG, image
    if kind != _PKCS7:
        world.say(_ERR, "module: not signed with expected PKCS#7 message")
        return errno.ENOPKG, image
    if any(rest) or any(image[-_TRAILER : -_TRAILER + 2]):
        world.say(_ERR, "module: PKCS#7 signature info has unexpected non-zero params")
        return errno.EBADMSG, image
    body = image[: -_TRAILER - size]
    certificates = [der for (der,) in world.db.execute("SELECT der FROM certificates")]
    return judge(body, image[-_TRAILER - size : -_TRAILER], certificates, world.say), body


def judge(body: bytes, message: bytes, certificates: Iterable[bytes], say: Callable[[int, str], None]) -> int:
    """Judge a PKCS#7 message on ``body`` (certs/system_keyring.c: ``verify_pkcs7_message_sig``)."""
    from lkm.formats.cms import first_signer

    try:
        signer = first_signer(message)
    except FormatError:
        return errno.EBADMSG
    if signer.attributes:
        say(4, "PKCS7: Invalid module sig (has authattrs)")
        return errno.EKEYREJECTED
    name = _HASHES.get(signer.digest.hex())
    if name is None:
        return errno.ENOPKG
    from cryptography.hazmat.primitives import hashes
    from cryptography.x509 import load_der_x509_certificate

    for der in certificates:
        certificate = load_der_x509_certificate(der)
        if _is_signer(certificate, signer):
            return _verified(certificate, signer.signature, body, getattr(hashes, name)())
    return errno.ENOKEY


def _is_signer(certificate: Certificate, signer: Signer) -> bool:
    """Tell whether it is the certificate named: by issuer and serial number, or by the key's identifier."""
    from cryptography.x509 import ExtensionNotFound, SubjectKeyIdentifier
    from cryptography.x509.oid import NameOID

    if not signer.issuer:
        try:
            found = certificate.extensions.get_extension_for_class(SubjectKeyIdentifier)
        except ExtensionNotFound:
            return False
        return found.value.digest == signer.key
    names = certificate.issuer.get_attributes_for_oid(NameOID.COMMON_NAME)
    serial = certificate.serial_number == int.from_bytes(signer.key, "big")
    return serial and str(names[0].value if names else "").encode() == signer.issuer


def _verified(certificate: Certificate, signature: bytes, body: bytes, digest: HashAlgorithm) -> int:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

    key = certificate.public_key()
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, body, padding.PKCS1v15(), digest)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, body, ec.ECDSA(digest))
        else:
            return errno.ENOPKG
    except InvalidSignature:
        return errno.EKEYREJECTED
    return 0
