from __future__ import annotations

from lkm.diagnose.engine import diagnose
from lkm.diagnose.evidence import UNSUPPORTED, Evidence
from tests.support.elfwriter import build_module
from tests.support.sick import HEALTHY, KERNEL, case
from tests.support.signatures import pkcs7, signed

SHA3 = bytes.fromhex("608648016503040208")
MODULE = signed(build_module("mod", modinfo=HEALTHY, needs=["_printk"]), pkcs7(digest=SHA3))
SAID = "Loading of module with unsupported crypto is rejected"


def verified(evidence: Evidence) -> Evidence:
    assert evidence.file
    return evidence._replace(file=evidence.file._replace(signature=UNSUPPORTED))


def test_where_signatures_are_enforced() -> None:
    (finding,) = diagnose(verified(case(MODULE, errno="EKEYREJECTED", log=(SAID,))))
    assert (finding.code, finding.errno) == ("unsupported-hash", "EKEYREJECTED")
    assert finding.what == "it is signed by an algorithm (sha3-256) that this kernel does not have"
    for enforce, errno in ((True, "EKEYREJECTED"), (False, "EPERM")):
        kernel = KERNEL._replace(sig_enforce=enforce, lockdown="integrity")
        assert next(iter(diagnose(verified(case(MODULE, kernel=kernel))))).errno == errno


def test_where_they_are_not() -> None:
    assert diagnose(verified(case(MODULE))) == ()
    assert diagnose(verified(case(MODULE, errno="EPERM"))) != diagnose(case(MODULE))
