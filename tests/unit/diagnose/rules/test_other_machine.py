from __future__ import annotations

from lkm.diagnose.rules.other_machine import find
from tests.support.elfwriter import build_module
from tests.support.sick import KERNEL, case


def test_another_processor() -> None:
    (finding,) = find(case(build_module(machine=183)))
    assert finding.what == "it is made for aarch64; this kernel runs on x86_64"
    assert [fact.origin for fact in finding.facts] == ["mod.ko: ELF header", "this kernel"]


def test_another_byte_order() -> None:
    assert [f.what for f in find(case(build_module(order=">", machine=22)))] == [
        "it is made for s390x; this kernel runs on x86_64"
    ]


def test_the_same_or_unknown() -> None:
    assert list(find(case(build_module()))) == []
    assert list(find(case(build_module(machine=183), kernel=None))) == []
    assert list(find(case(build_module(machine=183), kernel=KERNEL._replace(machine=0)))) == []
