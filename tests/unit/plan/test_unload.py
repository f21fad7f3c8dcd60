from __future__ import annotations

import pytest

from lkm.plan import unload
from lkm.plan.resolve import resolve
from lkm.plan.steps import NotLoaded, Plan, Remove
from lkm.plan.unload import RemoveRequest, plan_unload
from lkm.state.nouns import KernelState
from tests.support.planning import loaded, world


def plan(name: str, config: str = "", state: KernelState | None = None, request: RemoveRequest | None = None) -> Plan:
    here = world(config)
    return plan_unload(resolve(name, here)[0], request or RemoveRequest(name), here, state or KernelState())


def told(found: Plan) -> list[str]:
    return [f"{step.module} {step.when}" if isinstance(step, Remove) else step.module for step in found.steps]


def test_the_module_then_what_it_needed_if_unused_by_then() -> None:
    found = plan("top", state=loaded(top=0, mid=1, low=2))
    assert told(found) == ["top idle", "low unused", "mid unused"]
    assert [step.users for step in found.steps if isinstance(step, Remove)] == [0, 2, 1]
    assert str(found.steps[1].reason) == "was needed by top (/m/modules.dep)"
    assert told(plan("top", state=loaded(top=0, mid=0))) == ["top idle", "mid unused"]


def test_softdeps_go_the_other_way_round() -> None:
    config = "softdep loop pre: low mid post: fat nosuch vfat"
    state = loaded(loop=0, low=0, mid=0, fat=0, vfat=0)
    assert told(plan("loop", config, state)) == [
        *("vfat idle", "fat unused", "fat idle", "loop idle", "mid idle", "low unused", "low idle"),
    ]
    assert [step.required for step in plan("loop", config, state).steps] == [False, False, False, True] + [False] * 3
    assert told(plan("loop", config, state, RemoveRequest("loop", ignore_commands=True))) == ["loop idle"]


def test_holders_go_first_when_asked() -> None:
    fat, *rest = loaded(fat=2, msdos=0, vfat=0).modules
    names = tuple(module.name for module in rest)
    state = KernelState((fat._replace(holders=names), *rest))
    assert told(plan("fat", state=state)) == ["fat idle"]
    found = plan("fat", state=state, request=RemoveRequest("fat", holders=True))
    assert told(found) == ["msdos idle", "fat unused", "vfat idle", "fat unused", "fat idle"]
    assert found.steps[0].required


def test_a_command_is_run_even_for_what_is_not_loaded() -> None:
    assert told(plan("nosuch", "remove nosuch bye")) == ["nosuch"]
    (step,) = plan("vfat", "remove vfat bye", loaded(vfat=0, fat=0)).steps
    assert getattr(step, "line", "") == "bye"


def test_nothing_to_remove() -> None:
    (step,) = plan("loop").steps
    assert isinstance(step, NotLoaded) and not step.builtin
    (step,) = plan("ext4").steps
    assert isinstance(step, NotLoaded) and step.builtin


def test_without_a_look_at_the_state() -> None:
    assert told(plan("loop", request=RemoveRequest("loop", ignore_loaded=True))) == ["loop always"]
    assert told(plan("loop", state=loaded(loop=3), request=RemoveRequest("loop", wait=True))) == ["loop always"]


def test_softdeps_in_a_circle_end() -> None:
    state = loaded(loop=0, low=0)
    assert told(plan("loop", "softdep loop pre: low\nsoftdep low pre: loop", state)) == ["loop idle", "low idle"]
    assert told(plan("loop", "softdep loop post: loop", state)) == ["loop idle"]


def test_softdeps_that_multiply_are_cut_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unload, "MAX_STEPS", 10)
    config = "softdep top pre: mid mid mid mid\nsoftdep mid pre: low low low low"
    found = plan("top", config, loaded(top=0, mid=0, low=0))
    assert 10 <= len(found.steps) <= 15
    assert len(found.problems) == 1
