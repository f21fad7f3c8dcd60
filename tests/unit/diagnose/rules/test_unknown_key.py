from __future__ import annotations

from lkm.diagnose.evidence import UNKNOWN_KEY, Attempt, Evidence
from lkm.diagnose.rules.unknown_key import find
from lkm.modfile.nouns import Signature
from tests.support.elfwriter import build_module
from tests.support.sick import HEALTHY, KERNEL, FakeTree, case

MODULE = build_module("mod", modinfo=HEALTHY, needs=["_printk"], versions={"_printk": 1})


def signed() -> Evidence:
    evidence = case(MODULE, kernel=KERNEL._replace(sig_enforce=True))
    assert evidence.file
    assert evidence.file.facts
    signature = Signature("PKCS#7", "A key", b"\x01\xff", "sha256", b"", 9)
    facts = evidence.file.facts._replace(signature=signature)
    return evidence._replace(file=evidence.file._replace(facts=facts, signature=UNKNOWN_KEY))


def test_predicted() -> None:
    (finding,) = find(signed())
    assert finding.what == "it is signed by 'A key', with a key that this kernel does not trust"
    assert (finding.errno, finding.facts[0].text) == ("EKEYREJECTED", "sig_key=01:ff")
    assert list(find(signed()._replace(kernel=KERNEL))) == []
    (finding,) = find(signed()._replace(kernel=KERNEL._replace(lockdown="integrity")))
    assert finding.errno == "EPERM"


def test_told_by_the_log() -> None:
    attempt = Attempt("finit_module", "EKEYREJECTED", ("Loading of module with unavailable key is rejected",))
    (finding,) = find(signed()._replace(kernel=None, attempt=attempt))
    assert (finding.certainty, finding.errno) == ("certain", "EKEYREJECTED")


def test_a_healthy_module() -> None:
    assert list(find(case(MODULE, tree=FakeTree(mod=())))) == []
