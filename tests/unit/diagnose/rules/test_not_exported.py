from __future__ import annotations

from lkm.diagnose.engine import diagnose
from tests.support.elfwriter import build_module
from tests.support.sick import HEALTHY, KERNEL, case

MODULE = build_module("mod", modinfo=HEALTHY, needs=["kallsyms_lookup_name", "gone_symbol"])
KNOWN = KERNEL._replace(symbols=frozenset(["kallsyms_lookup_name"]))


def test_a_symbol_that_is_there() -> None:
    one, other = diagnose(case(MODULE, kernel=KNOWN))
    assert one.what == "the kernel has kallsyms_lookup_name, and does not export it to modules"
    assert one.remedies[0].command == "grep -w kallsyms_lookup_name /proc/kallsyms"
    assert (other.code, other.what) == ("missing-symbol", "nobody provides a symbol that it needs: gone_symbol")


def test_without_its_symbols_nothing_is_guessed() -> None:
    assert [finding.code for finding in diagnose(case(MODULE))] == ["missing-symbol"]
