from __future__ import annotations

from lkm.diagnose.evidence import BAD, GOOD
from lkm.diagnose.rules.bad_signature import find
from tests.support.elfwriter import build_module
from tests.support.sick import HEALTHY, FakeTree, case
from tests.support.signatures import signed

MODULE = build_module("mod", modinfo=HEALTHY, needs=["_printk"], versions={"_printk": 1})


def test_what_verification_has_shown() -> None:
    evidence = case(MODULE)
    assert evidence.file
    (finding,) = find(evidence._replace(file=evidence.file._replace(signature=BAD)))
    assert (finding.what, finding.errno) == ("it was changed after it was signed", "EKEYREJECTED")
    assert list(find(evidence._replace(file=evidence.file._replace(signature=GOOD)))) == []


def test_the_answer_alone_means_it_where_the_log_is_whole() -> None:
    evidence = case(signed(MODULE), errno="EKEYREJECTED")
    assert list(find(evidence)) == []
    (finding,) = find(evidence._replace(attempt=evidence.attempt._replace(complete=True)))
    assert (finding.certainty, finding.facts[0].text) == ("likely", "EKEYREJECTED, and no line about it")


def test_a_healthy_module() -> None:
    assert list(find(case(MODULE, tree=FakeTree(mod=())))) == []
