from __future__ import annotations

import errno

from lkm.kernel.interface import Done, Refused
from lkm.names import ModuleName
from lkm.origin import Origin
from lkm.plan.progress import Entry, Journal, Skipped
from lkm.plan.steps import Insert, Reason
from lkm.plan.undo import plan_undo
from lkm.state.nouns import KernelState, LoadedModule


def insert(name: str) -> Insert:
    return Insert(ModuleName(name), Reason("asked", name, Origin("-")), True, False, f"/m/{name}.ko")


def test_only_what_this_request_loaded_newest_first() -> None:
    journal = Journal(
        (
            Entry(insert("a"), Done("finit_module")),
            Entry(insert("theirs"), Refused("finit_module", errno.EEXIST)),
            Entry(insert("passed"), Skipped("already loaded")),
            Entry(insert("old"), Done("finit_module")),
            Entry(insert("b"), Done("finit_module")),
            Entry(insert("c"), Refused("finit_module", errno.EINVAL), errno.EINVAL),
        )
    )
    plan = plan_undo(journal, "c", KernelState((LoadedModule(ModuleName("old"), 1, 0),)))
    assert [step.module for step in plan.steps] == ["b", "a"]
    assert str(plan.steps[0].reason) == "loaded for c (this request)"
