"""The rules of 2.4, against the HOWTO's lines, laws, and a model written from the prose in another way."""

from __future__ import annotations

import errno
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lkm.kernel.sim import rules24 as r
from lkm.kernel.sim.rules24 import Module24, State24

NAMES = ("a", "b", "c", "d")


class Model:
    """The prose, taken word by word: booleans instead of bits, sets instead of tuples, mutable."""

    def __init__(self) -> None:
        self.order: list[str] = []  # newest first
        self.m: dict[str, dict[str, Any]] = {}

    def load(self, name: str, needs: tuple[str, ...], autoclean: bool, answer: int) -> int:
        if name in self.m:
            return errno.EEXIST
        if any(n not in self.m for n in needs):
            return errno.ENOENT
        if answer:
            for need in needs:  # being referenced counts as a use, whether the init then succeeds or not
                self.m[need]["once"] = True
            return errno.EBUSY if answer > 0 else -answer
        self.order.insert(0, name)
        self.m[name] = {"auto": autoclean, "visited": False, "once": False, "freed": False, "uses": 0, "needs": needs}
        for need in needs:
            self.m[need]["once"] = True
        return 0

    def held(self, name: str) -> bool:
        return any(name in other["needs"] for other in self.m.values())

    def remove(self, name: str) -> tuple[str, ...]:
        self.order.remove(name)
        return tuple(self.m.pop(name)["needs"])

    def unload(self, name: str) -> int:
        if name not in self.m:
            return errno.ENOENT
        if self.held(name) or self.m[name]["uses"]:
            return errno.EBUSY
        self.remove(name)
        return 0

    def sweep(self) -> list[str]:
        gone: list[str] = []
        while True:
            before = len(gone)
            for name in list(self.order):
                it = self.m[name]
                if self.held(name) or it["uses"] or not it["auto"] or not it["once"]:
                    continue
                if it["visited"] and not it["freed"]:
                    it["visited"] = False  # first pass: tag only
                    continue
                gone.append(name)
                for need in self.remove(name):
                    if not self.held(need):
                        self.m[need]["freed"] = True
            if len(gone) == before:
                break
        for it in self.m.values():
            it["freed"] = False
        return gone


def load(state: State24, name: str, needs: tuple[str, ...], flags: int, answer: int) -> tuple[State24, int]:
    """What insmod does: create, init, and delete after a failure."""
    state, number = r.create(state, name, 100)
    if number:
        return state, number
    state, number = r.begin(state, name, needs, flags)
    if not number:
        state, number = r.finish(state, name, answer)
    if number:
        state = r.delete(state, name)[0]
    return state, number


STEPS = st.one_of(
    st.tuples(
        st.just("load"),
        st.sampled_from(NAMES),
        st.lists(st.sampled_from(NAMES), unique=True, max_size=2).map(tuple),
        st.booleans(),
        st.sampled_from([0, 0, 0, 0, -19, 3]),
    ),
    st.tuples(st.sampled_from(["unload", "use", "use", "release"]), st.sampled_from(NAMES)),
    st.tuples(st.just("sweep")),
)


@settings(max_examples=400, deadline=None)
@given(st.lists(STEPS, max_size=25))
def test_sequences_equal_the_model(steps: list[tuple[Any, ...]]) -> None:
    state: State24 = ()
    model = Model()
    for step in steps:
        if step[0] == "load":
            _, name, needs, auto, answer = step
            if name in needs:
                continue
            state, number = load(state, name, needs, r.AUTOCLEAN if auto else 0, answer)
            assert number == model.load(name, needs, auto, answer)
        elif step[0] == "sweep":
            state, freed = r.sweep(state)
            assert list(freed) == model.sweep()
        elif step[0] == "unload":
            state, number = r.delete(state, step[1])
            assert number == model.unload(step[1])
        elif (it := model.m.get(step[1])) is not None:
            if step[0] == "use":
                state = r.use(state, step[1])
                it["uses"], it["visited"], it["once"] = it["uses"] + 1, True, True
            elif it["uses"]:
                state = r.release(state, step[1])
                it["uses"], it["visited"] = it["uses"] - 1, True
        assert [m.name for m in state] == model.order
        for module in state:
            it = model.m[module.name]
            seen = (bool(module.flags & r.VISITED), bool(module.flags & r.USED_ONCE), module.usecount)
            assert seen == (it["visited"], it["once"], it["uses"])
            assert bool(module.holders) == model.held(module.name)
            assert not module.flags & r.JUST_FREED


def loaded(*names: str, flags: int = r.AUTOCLEAN) -> State24:
    """Return a stack: each needs the one before it."""
    state: State24 = ()
    for at, name in enumerate(names):
        state, number = load(state, name, names[at - 1 : at] if at else (), flags, 0)
        assert number == 0
    return state


def test_a_module_that_was_never_used_is_never_reaped() -> None:
    state = loaded("a")
    for _ in range(5):
        state, freed = r.sweep(state)
        assert freed == ()


def test_two_sweeps_without_use_remove() -> None:
    state = r.release(r.use(loaded("a"), "a"), "a")
    state, freed = r.sweep(state)
    assert (freed, r.line(state[0])) == ((), "a                        100   0 (autoclean)\n")
    assert r.sweep(state) == ((), ("a",))


def test_a_freed_top_drags_its_stack_down() -> None:
    state = loaded("a", "b", "c")
    for name in ("a", "b", "c"):  # all were visited
        state = r.release(r.use(state, name), name)
    state, _ = r.sweep(state)
    assert r.sweep(state) == ((), ("c", "b", "a"))


def test_the_restart_grants_no_second_sweep() -> None:
    """Something was freed, so a module that was tagged in the first pass goes in the second."""
    state = loaded("a", flags=0)
    state = load(state, "old", (), r.AUTOCLEAN, 0)[0]
    state = load(state, "new", (), r.AUTOCLEAN, 0)[0]
    for name in ("old", "new"):
        state = r.release(r.use(state, name), name)
    tagged = r.put(state, state[0]._replace(flags=state[0].flags & ~r.VISITED))
    assert r.sweep(tagged)[1] == ("new", "old")
    assert r.sweep(state)[1] == ()


def test_the_one_without_autoclean_stays_with_what_it_needs() -> None:
    state, _ = load(loaded("a"), "b", ("a",), 0, 0)
    state = r.release(r.use(state, "b"), "b")
    for _ in range(3):
        state, freed = r.sweep(state)
        assert freed == ()


@pytest.mark.parametrize(
    ("module", "line"),
    [
        (Module24("msdos", 5632, 0, 1), "msdos                   5632   0 (unused)"),
        (Module24("fat", 30400, 0, 17, ("msdos",)), "fat                    30400   0 [msdos]"),
        (Module24("serial", 24484, 0, 17), "serial                 24484   0"),
        (Module24("lp", 5280, 0, 1), "lp                      5280   0 (unused)"),
        (Module24("parport_pc", 7552, 1, 17), "parport_pc              7552   1"),
        (Module24("parport", 7600, 1, 17, ("lp", "parport_pc")), "parport                 7600   1 [lp parport_pc]"),
        (Module24("mydriver", 8154, 0, 19), "mydriver                8154   0 (deleted)"),
        (Module24("x", 96, 1, 64), "x                         96 (initializing)"),
        (Module24("x", 96, 0, 0), "x                         96 (uninitialized)"),
        (Module24("x", 96, 5, 5, (), 0), "x                         96  -1 (autoclean) (unused)"),
        (Module24("a_name_of_twenty_or_more", 96, 0, 17), "a_name_of_twenty_or_more      96   0"),
    ],
)
def test_lines_of_proc_modules(module: Module24, line: str) -> None:
    assert r.line(module) == line + "\n"


def test_proc_modules_is_a_page() -> None:
    state = tuple([Module24(f"module_{n}", 4096, 0, 1) for n in range(200)])
    text = r.proc_modules(state)
    assert r.PAGE - 80 < len(text) <= r.PAGE
    assert text.endswith("\n")


def test_an_own_judge_of_unloading() -> None:
    state, _ = r.create((), "x", 96)
    state, _ = r.begin(state, "x", (), 0, can_unload=1)
    state, _ = r.finish(state, "x", 0)
    assert r.delete(state, "x")[1] == errno.EBUSY
    assert r.delete(r.put(state, state[0]._replace(can_unload=0, usecount=9)), "x") == ((), 0)


def test_refusals() -> None:
    state, number = r.create((), "x", 96)
    assert (number, r.create(state, "x", 96)[1], r.create(state, "y", 95)[1]) == (0, errno.EEXIST, errno.EINVAL)
    assert r.begin(state, "x", (), r.VISITED)[1] == errno.EINVAL
    assert r.begin(state, "y", (), 0)[1] == errno.ENOENT
    assert r.begin(state, "x", ("y",), 0)[1] == errno.ENOENT
    state, _ = r.begin(state, "x", (), 0)
    assert state[0].usecount == 1
    assert r.begin(state, "x", (), 0)[1] == errno.EBUSY
    assert r.delete(state, "x")[1] == errno.EBUSY
