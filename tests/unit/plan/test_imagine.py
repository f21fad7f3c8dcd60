from __future__ import annotations

import pytest

from lkm.kernel.interface import Done, Refused
from lkm.names import ModuleName
from lkm.plan.imagine import imagine
from lkm.plan.load import Request, plan_load
from lkm.plan.progress import Journal, Skipped
from lkm.plan.resolve import resolve
from lkm.plan.unload import RemoveRequest, plan_unload
from lkm.state.nouns import KernelState, LoadedModule
from tests.support.planning import world

HOLDERS = {"low": ("top", "mid"), "mid": ("top",), "top": (), "loop": ()}


def loaded(*names: str, more: int = 0) -> KernelState:
    """Return a state in which these are loaded; ``low`` has more users that are no modules."""
    modules = []
    for name in names:
        holders = tuple([ModuleName(holder) for holder in HOLDERS[name] if holder in names])
        extra = more if name == "low" else 0
        modules.append(LoadedModule(ModuleName(name), 1, len(holders) + extra, holders))
    return KernelState(tuple(modules))


def said(journal: Journal) -> list[tuple[str, str]]:
    words = []
    for entry in journal.entries:
        result = entry.result
        word = result.reason if isinstance(result, Skipped) else type(result).__name__
        words.append((str(entry.step.module), word))
    return words


def load(state: KernelState, config: str = "") -> tuple[Journal, KernelState]:
    place = world(config)
    (target,) = resolve("top", place)
    return imagine(plan_load(target, Request("top"), place, state), state)


def unload(state: KernelState, name: str, config: str = "", *, holders: bool = False) -> tuple[Journal, KernelState]:
    place = world(config)
    (target,) = resolve(name, place)
    return imagine(plan_unload(target, RemoveRequest(name, holders=holders), place, state), state)


def test_what_is_unused_only_then_goes_too() -> None:
    journal, after = unload(loaded("top", "mid", "low"), "top")
    assert said(journal) == [("top", "Done"), ("low", "in use"), ("mid", "Done")]  # in kmod's order, each once
    assert {module.name: module.refcount for module in after.modules} == {"low": 0}
    assert {entry.result for entry in journal.entries} >= {Done("")}


@pytest.mark.parametrize("holders", [False, True])
def test_users_that_stay(holders: bool) -> None:
    journal, after = unload(loaded("top", "mid", "low", more=1), "low", holders=holders)
    assert isinstance(journal.entries[-1].result, Refused) and journal.failure is not None
    assert {m.name for m in after.modules} == ({"low"} if holders else {"top", "mid", "low"})


def test_what_was_loaded_before_or_by_another_step_is_met() -> None:
    assert said(load(loaded("low"))[0]) == [("low", "nothing to do"), ("mid", "Done"), ("top", "Done")]
    journal, after = load(KernelState(), "softdep mid pre: low post: low")
    assert said(journal)[0] == ("low", "Done")
    assert {module.name for module in after.modules} == {"top", "mid", "low"}


def test_commands_stand_for_their_modules() -> None:
    journal, after = load(loaded("low"), "install mid x\nremove mid y")
    assert said(journal)[1:] == [("mid", "Done"), ("top", "Done")] and after.find("mid")
    _, after = unload(loaded("mid"), "mid", "remove mid y")
    assert after.modules == ()
