from __future__ import annotations

from tests.support.linting import case, found


def test_each_fault_with_the_command_that_mends_it() -> None:
    faults = (
        ("does not list /m/new.ko", "/m/modules.dep.bin"),
        ("modules.alias.bin is empty", "/m/modules.alias.bin"),
    )
    flaws = found("stale_index", case()._replace(index_faults=faults, reindex="lkm depmod 6.1"))
    assert [(f.level, f.what, str(f.origin)) for f in flaws] == [("error", *fault) for fault in faults]
    assert {f.advice for f in flaws} == {"lkm depmod 6.1"}


def test_healthy() -> None:
    assert found("stale_index", case("blacklist a")) == []
