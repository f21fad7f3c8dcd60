"""Signed modules, on worlds that trust one key."""

from __future__ import annotations

from errno import EBADMSG, EKEYREJECTED, ENOPKG, EPERM
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes

from lkm.kernel.interface import Refused
from lkm.kernel.sim.kernel import SimulatedKernel
from lkm.kernel.sim.signatures import judge
from lkm.kernel.sim.world import World
from tests.support.elfwriter import build_module
from tests.support.signatures import MAGIC, pkcs7, signed, trailer
from tests.support.signing import Digest, Signer

Answer = tuple[int, str, str]
OWNER, STRANGER, CURVE = Signer("Owner"), Signer("Stranger"), Signer("Owner", "ec")
PLAIN = build_module("x", modinfo=[("license", "GPL"), ("vermagic", "1 "), ("intree", "Y"), ("author", "A")])
GOOD = OWNER.sign(PLAIN)
FAILED = "x: module verification failed: signature and/or required key missing - tainting kernel"
UNSIGNED = "Loading of unsigned module is rejected"
UNKNOWN = "Loading of module with unavailable key is rejected"


def load(place: Path, image: bytes, flags: int = 0, **policy: str) -> tuple[int, str, str]:
    """Return errno, taint letters and what was said, without ``Lockdown``'s name of this program."""
    meta = {"vermagic": "1 ", "sig": "1", "force_load": "1", **policy}
    World.create(str(place / "w"), meta, certificates=(OWNER.certificate, CURVE.certificate)).close()
    (place / "x.ko").write_bytes(image)
    kernel = SimulatedKernel(str(place / "w"))
    outcome = kernel.load(str(place / "x.ko"), "", flags)
    module = kernel.state().find("x")
    said = " | ".join(["Lockdown" if r.text.startswith("Lockdown: ") else r.text for r in outcome.log])
    return outcome.errno if isinstance(outcome, Refused) else 0, module.taint if module else "-", said


@pytest.mark.parametrize(
    ("image", "free", "enforced", "locked"),
    [
        (GOOD, (0, "", ""), (0, "", ""), (0, "", "")),
        (CURVE.sign(PLAIN), (0, "", ""), (0, "", ""), (0, "", "")),
        (PLAIN, (0, "E", FAILED), (EKEYREJECTED, "-", UNSIGNED), (EPERM, "-", "Lockdown")),
        (STRANGER.sign(PLAIN), (0, "E", FAILED), (EKEYREJECTED, "-", UNKNOWN), (EPERM, "-", "Lockdown")),
        (GOOD.replace(b"author=A", b"author=B"), *[(EKEYREJECTED, "-", "")] * 3),
        (signed(PLAIN, b"garbage"), *[(EBADMSG, "-", "")] * 3),
        (PLAIN + trailer(2, 10**9), *[(EBADMSG, "-", "")] * 3),
        (MAGIC + MAGIC, *[(EBADMSG, "-", "")] * 3),
        (
            PLAIN + b"x" * 9 + trailer(2, 9, name=3),
            *[(EBADMSG, "-", "module: PKCS#7 signature info has unexpected non-zero params")] * 3,
        ),
        (
            OWNER.sign(PLAIN, attributes=True),
            *[(EKEYREJECTED, "-", "PKCS7: Invalid module sig (has authattrs)")] * 3,
        ),
        (
            b"#!/bin/sh\n" * 9,
            (8, "-", "Invalid ELF header magic: != \x7fELF"),
            *((EKEYREJECTED, "-", UNSIGNED), (EPERM, "-", "Lockdown")),
        ),
    ],
)
def test_a_module(
    tmp_path: Path,
    image: bytes,
    free: tuple[int, str, str],
    enforced: tuple[int, str, str],
    locked: tuple[int, str, str],
) -> None:
    found = []
    for number, policy in enumerate(({}, {"sig_enforce": "1"}, {"lockdown": "integrity"})):
        (tmp_path / str(number)).mkdir()
        found.append(load(tmp_path / str(number), image, 0, **policy))
    assert found == [free, enforced, locked]


@pytest.mark.parametrize("signer", [OWNER, CURVE], ids=["rsa", "ecdsa"])
@pytest.mark.parametrize("digest", [hashes.SHA224(), hashes.SHA256(), hashes.SHA384(), hashes.SHA512()])
def test_each_hash(tmp_path: Path, signer: Signer, digest: Digest) -> None:
    image = signer.sign(PLAIN, digest=digest)
    assert load(tmp_path, image, sig_enforce="1") == (0, "", "")
    changed = tmp_path / "changed"
    changed.mkdir()
    assert load(changed, image.replace(b"author=A", b"author=B"), sig_enforce="1") == (EKEYREJECTED, "-", "")


def test_that_a_certificate_has_expired_does_not_matter() -> None:
    """crypto/asymmetric_keys/pkcs7_verify.c looks at validity only for a signing time, which is an attribute."""
    expired = Signer("Expired", days=1)
    signed_module = expired.sign(PLAIN)
    message = signed_module[len(PLAIN) : -len(MAGIC) - 12]
    assert judge(PLAIN, message, (expired.certificate,), lambda *_: None) == 0
    assert judge(PLAIN + b"x", message, (expired.certificate,), lambda *_: None) == EKEYREJECTED


def test_a_changed_file_is_not_the_one_that_was_signed(tmp_path: Path) -> None:
    assert load(tmp_path, GOOD, 2, sig_enforce="1") == (EKEYREJECTED, "-", UNSIGNED)


def test_a_hash_that_is_not_known() -> None:
    said: list[str] = []
    assert judge(b"", pkcs7(digest=b"\x2a\x03"), (), lambda _, text: said.append(text)) == ENOPKG
    assert said == []


def test_a_kernel_without_signatures_looks_at_none(tmp_path: Path) -> None:
    assert load(tmp_path, signed(PLAIN, b"garbage"), sig="0") == (0, "", "")
