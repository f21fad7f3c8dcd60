from __future__ import annotations

from lkm.diagnose.rules.damaged import find
from tests.support.elfwriter import build_module
from tests.support.sick import HEALTHY, case

MODULE = build_module("mod", modinfo=HEALTHY)


def test_a_header_that_makes_no_sense() -> None:
    (finding,) = find(case(MODULE[:58] + b"\0\0" + MODULE[60:]))
    assert finding.what == "the file is damaged: its ELF headers make no sense"
    assert finding.certainty == "likely"
    (finding,) = find(case(MODULE, errno="ENOEXEC", log=("Invalid ELF section header size",)))
    assert finding.certainty == "certain"


def test_a_healthy_one_and_a_cut_one() -> None:
    assert list(find(case(MODULE))) == list(find(case(MODULE[:200]))) == list(find(case(b"text"))) == []
