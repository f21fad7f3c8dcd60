from __future__ import annotations

from lkm.diagnose.symbols import hidden, kept_back, lacking, nobodys, option_of, without_option
from tests.support.elfwriter import build_module
from tests.support.sick import KERNEL, FakeTree, case

MODULE = build_module("mod", needs=["fat_a", "gone"])


def test_what_is_lacking_and_what_nobody_has() -> None:
    evidence = case(MODULE, tree=FakeTree(fat=("fat_a",)))
    assert lacking(evidence) == ["fat_a", "gone"]
    assert nobodys(evidence) == ["gone"]
    assert lacking(evidence._replace(kernel=None)) is None
    assert lacking(evidence._replace(attempt=evidence.attempt._replace(complete=True))) is None


def test_options() -> None:
    assert option_of("__fentry__") == "CONFIG_FUNCTION_TRACER"
    assert option_of("__fentry__2") == ""
    set_ = case(MODULE, kernel=KERNEL._replace(config={"CONFIG_FUNCTION_TRACER": "y"}))
    assert without_option(set_, "__fentry__") == ""
    assert without_option(case(MODULE), "__fentry__") == "CONFIG_FUNCTION_TRACER"


def test_nothing_is_hidden_or_kept_back_where_nothing_is_known() -> None:
    assert not hidden(case(MODULE), "gone")
    assert kept_back(case(MODULE)) == []
