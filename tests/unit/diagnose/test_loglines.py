from __future__ import annotations

from lkm.diagnose.loglines import unknown_symbols


def test_only_those_of_that_error() -> None:
    log = ["m: Unknown symbol a (err -22)", "m: Unknown symbol b (err -2)", "Unknown symbol c"]
    assert unknown_symbols(log) == ["b"]
    assert unknown_symbols(log, 22) == ["a"]
