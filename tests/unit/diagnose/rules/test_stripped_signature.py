from __future__ import annotations

from lkm.diagnose.engine import diagnose
from lkm.formats.source import BytesSource
from lkm.modfile.facts import read
from lkm.modfile.nouns import ModuleFacts
from tests.support.elfwriter import build_module
from tests.support.sick import HEALTHY, KERNEL, FakeTree, case
from tests.support.signatures import signed

OURS = build_module("mod", modinfo=(*HEALTHY, ("intree", "Y")), needs=["_printk"])


class SignedTree(FakeTree):
    def facts(self, name: str) -> ModuleFacts | None:
        return read(BytesSource(signed(build_module(name)), name))[0]


def test_the_others_are_signed() -> None:
    evidence = case(OURS, tree=SignedTree(fat=(), mod=()))
    (finding,) = diagnose(evidence)
    assert (finding.code, finding.certainty, finding.errno) == ("stripped-signature", "likely", "")
    assert [fact.text for fact in finding.facts] == ["intree=Y, and no signature at its end", "fat is signed"]
    kernel = KERNEL._replace(sig_enforce=True)
    found = diagnose(evidence._replace(kernel=kernel))
    assert [(f.code, f.errno) for f in found] == [
        ("unsigned", "EKEYREJECTED"),
        ("stripped-signature", "EKEYREJECTED"),
    ]


def test_the_kernels_build_signed_all() -> None:
    kernel = KERNEL._replace(config={"CONFIG_MODULES": "y", "CONFIG_MODULE_SIG_ALL": "y"})
    (finding,) = diagnose(case(OURS, kernel=kernel))
    assert finding.facts[1].text == "CONFIG_MODULE_SIG_ALL=y"


def test_one_of_elsewhere_and_a_tree_without_signatures() -> None:
    theirs = build_module("mod", modinfo=HEALTHY, needs=["_printk"])
    assert diagnose(case(theirs, tree=SignedTree(fat=(), mod=()))) == ()
    assert diagnose(case(OURS, tree=FakeTree(fat=(), mod=()))) == ()
