"""Following plans with alternatives: what is tried, what is taken out again, and the laws of both."""

from __future__ import annotations

import contextlib

from hypothesis import given
from hypothesis import strategies as st

from lkm.config.modulesconf import read_conf, text_files
from lkm.config.nouns24 import Context
from lkm.plan.progress import Ran, Skipped
from lkm.plan.progress24 import Progress24, foresee24
from lkm.plan.stack24 import Request24, Tree24, plan_load24, stem
from lkm.plan.steps import Command, Insert, Plan, Remove

NAMES = ("a", "b", "c", "d", "e")
NEEDS = {"a": ("b", "c"), "b": ("c",), "d": ("c",), "e": ()}
NEEDED = {f"{name}.o": tuple([f"{need}.o" for need in needs]) for name, needs in NEEDS.items()}


def tree(conf: str) -> Tree24:
    read = read_conf("/m", text_files({"/m": conf}), Context("2.4.2"))
    return Tree24(read, tuple([f"{name}.o" for name in NAMES]), NEEDED)


def follow(
    plan: Plan, broken: tuple[str, ...], before: tuple[str, ...] = ()
) -> tuple[Progress24, list[str], list[str]]:
    """Follow a plan where these modules and commands fail; return what was done, and what is loaded."""
    loaded = list(before)
    done = []
    run = Progress24(plan, frozenset(loaded))
    while step := run.next_step():
        status = 0
        if isinstance(step, Insert):
            done.append(f"+{step.module}")
            assert all(need in loaded for need in NEEDS.get(step.module, ())), "it would have unresolved symbols"
            status = int(step.module in broken)
            loaded += [] if status else [step.module]
        elif isinstance(step, Remove):
            done.append(f"-{step.module}")
            loaded.remove(step.module)
        else:
            assert isinstance(step, Command)
            done.append(step.text)
            status = int(step.text in broken)
        run.record(Ran(status))
    return run, done, loaded


def load(name: str, conf: str, *broken: str) -> tuple[bool, list[str], list[str]]:
    run, done, loaded = follow(plan_load24(name, Request24(), tree(conf), frozenset()), broken)
    return run.succeeded, done, loaded


def test_what_a_failed_request_loaded_is_taken_out() -> None:
    assert load("a", "", "a") == (False, ["+c", "+b", "+a", "-b", "-c"], [])
    assert load("a", "", "b") == (False, ["+c", "+b", "-c"], [])
    assert load("a", "") == (True, ["+c", "+b", "+a"], ["c", "b", "a"])


def test_the_next_is_tried() -> None:
    assert load("x", "probe x a d e", "a") == (True, ["+c", "+b", "+a", "-b", "-c", "+c", "+d"], ["c", "d"])
    assert load("x", "probe x a d", "c") == (False, ["+c", "+c"], [])
    assert load("x", "probeall x a e", "a") == (True, ["+c", "+b", "+a", "-b", "-c", "+e"], ["e"])
    assert load("x", "probeall x a e", "a", "e")[0] is False
    assert load("x", "probeall x e d") == (True, ["+e", "+c", "+d"], ["e", "c", "d"])


def test_what_is_above_may_fail_and_what_is_below_may_not() -> None:
    assert load("e", "above e d", "d") == (True, ["+e", "+c", "+d", "-c"], ["e"])
    assert load("e", "below e d", "d") == (False, ["+c", "+d", "-c"], [])


def test_what_stands_above_may_need_what_comes_later() -> None:
    assert load("b", "above c a") == (True, ["+c", "+b", "+a"], ["c", "b", "a"])
    assert load("b", "below c a") == (True, ["+c", "+b", "+a"], ["c", "b", "a"])


def test_commands_decide_too() -> None:
    assert load("e", "pre-install e x\npost-install e y", "x") == (False, ["x"], [])
    assert load("e", "pre-install e x\npost-install e y", "y") == (False, ["x", "+e", "y", "-e"], [])
    run, done, _ = follow(plan_load24("e", Request24(), tree("post-install e y"), frozenset()), (), ("e",))
    assert (run.succeeded, done) == (True, [])
    assert [entry.result for entry in run.entries] == [Skipped("already loaded"), Skipped("it was loaded already")]


def test_a_command_may_change_more_than_its_module() -> None:
    run = Progress24(plan_load24("a", Request24(), tree("install c x"), frozenset()), frozenset())
    run.record(Ran(0), frozenset(["b", "c"]))
    step = run.next_step()
    assert step is not None
    assert step.module == "a"


word = st.sampled_from((*NAMES, "x", "y"))
line = st.builds(
    lambda kind, name, words: f"{kind} {name} {' '.join(words[:1] if kind == 'alias' else words)}",
    st.sampled_from(("alias", "probe", "probeall", "above", "below", "pre-install", "post-install")),
    word,
    st.lists(word, min_size=1, max_size=3),
)


@given(st.lists(line, max_size=6).map("\n".join), word, st.sets(word), st.sets(st.sampled_from(("c", "e"))))
def test_laws(conf: str, name: str, broken: set[str], before: set[str]) -> None:
    plan = plan_load24(name, Request24(), tree(conf), frozenset(before))
    run, done, loaded = follow(plan, tuple(broken), tuple(sorted(before)))
    assert len(loaded) == len(set(loaded))
    assert set(before) <= set(loaded)
    if not run.succeeded:
        assert set(loaded) == set(before)
    if not broken:
        foreseen = foresee24(plan, frozenset(before)).entries
        inserted = [str(entry.step.module) for entry in foreseen if isinstance(entry.step, Insert)]
        assert [d[1:] for d in done if d[0] == "+"] == [n for n in dict.fromkeys(inserted) if n not in before]
    for entry in run.entries:
        with contextlib.suppress(AttributeError):
            assert stem(entry.step.path) in NAMES  # type: ignore[attr-defined]
