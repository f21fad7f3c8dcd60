"""Keys that sign modules as scripts/sign-file does: for signatures that are right, by somebody."""

from __future__ import annotations

import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from cryptography.x509.oid import NameOID

from tests.support.signatures import trailer

Digest = hashes.SHA224 | hashes.SHA256 | hashes.SHA384 | hashes.SHA512
_BARE = [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary, pkcs7.PKCS7Options.NoCerts]


class Signer:
    """A key with a certificate of its own; ``certificate`` is its DER."""

    def __init__(self, name: str, kind: str = "rsa", days: int = 36500) -> None:
        self._key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
        if kind == "rsa":
            self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        else:
            self._key = ec.generate_private_key(ec.SECP384R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        start = datetime.datetime(2024, 1, 1)
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject)
        builder = builder.public_key(self._key.public_key()).serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(start).not_valid_after(start + datetime.timedelta(days=days))
        self._certificate = builder.sign(self._key, hashes.SHA256())
        self.certificate = self._certificate.public_bytes(Encoding.DER)

    def message(self, module: bytes, *, attributes: bool = False, digest: Digest | None = None) -> bytes:
        """Return the PKCS#7 message on these bytes; ``digest`` is SHA-256 if not given."""
        builder = pkcs7.PKCS7SignatureBuilder().set_data(module)
        builder = builder.add_signer(self._certificate, self._key, digest or hashes.SHA256())
        options = _BARE if attributes else [*_BARE, pkcs7.PKCS7Options.NoAttributes]
        return builder.sign(Encoding.DER, options)

    def sign(self, module: bytes, *, attributes: bool = False, digest: Digest | None = None) -> bytes:
        """Return the module with its signature."""
        message = self.message(module, attributes=attributes, digest=digest)
        return module + message + trailer(2, len(message))
