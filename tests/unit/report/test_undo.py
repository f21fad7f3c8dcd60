from __future__ import annotations

from lkm.kernel.interface import Done, Refused
from lkm.names import ModuleName
from lkm.origin import Origin
from lkm.plan.progress import Entry, Skipped
from lkm.plan.steps import Reason, Remove
from lkm.report.undo import undone


def entry(name: str, result: Done | Refused | Skipped) -> Entry:
    why = Reason("undo", "top", Origin("this request"))
    return Entry(Remove(ModuleName(name), why, False, False, "unused", 0), result)


def test_each_fate_has_its_line() -> None:
    entries = [
        entry("a", Done("delete_module")),
        entry("b", Refused("delete_module", 11)),
        entry("c", Done("delete_module")),
        entry("d", Skipped("in use")),
        entry("e", Skipped("not loaded")),
    ]
    assert undone(entries, "top") == (
        "removed again, as loaded for top only: a, c",
        "loaded for top, and could not be removed again: b",
        "loaded for top, and left in, as in use by now: d",
        "loaded for top, and by now not there by that name: e",
    )
    assert undone([], "top") == ()
