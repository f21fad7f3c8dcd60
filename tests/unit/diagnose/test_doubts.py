from __future__ import annotations

from lkm.diagnose import doubts
from lkm.formats.source import BytesSource
from lkm.modfile.facts import read
from lkm.modfile.nouns import ModuleFacts
from tests.support.elfwriter import build_module
from tests.support.signatures import signed

ALL = (
    *(doubts.EXPORTS, doubts.CRCS, doubts.MARKS, doubts.NAMESPACES),
    *(doubts.VERMAGIC, doubts.CERTIFICATES, doubts.MACHINE, doubts.TREE),
)


def facts(license_: str = "GPL", *, sign: bool = False, needs: tuple[str, ...] = ("f",)) -> ModuleFacts:
    data = build_module("m", modinfo=[("license", license_), ("depends", "fat")], needs=needs)
    return read(BytesSource(signed(data) if sign else data, "m.ko"))[0]


def asked(module: ModuleFacts, *lacking: str, trusted: bool = False) -> list[str]:
    found = list(doubts.doubts(module, lacking, "x", trusted=trusted))
    assert {(finding.certainty, finding.errno) for finding in found} <= {("unknown", "")}
    return [finding.what.removeprefix("it is not known ") for finding in found]


def test_what_does_not_matter_for_a_module_is_no_doubt() -> None:
    assert asked(facts(), doubts.MARKS) == []
    assert asked(facts("Proprietary"), doubts.MARKS) == ["whether symbols that it needs are for GPL modules only"]
    assert asked(facts(), doubts.CERTIFICATES) == []
    assert asked(facts(sign=True), doubts.CERTIFICATES) == ["whether the kernel trusts the key that signed it"]
    assert asked(facts(sign=True), doubts.CERTIFICATES, trusted=True) == []
    assert asked(facts(needs=()), doubts.EXPORTS, doubts.NAMESPACES) == []
    assert asked(facts(), doubts.NAMESPACES) == ["whether it imports the namespaces of the symbols that it needs"]


def test_one_question_is_asked_once() -> None:
    assert len(asked(facts(), *ALL)) == 4  # exports stand for CRCs, marks and namespaces too
    assert doubts.unread("Permission denied", "/x.ko").facts[0].origin == "/x.ko"
