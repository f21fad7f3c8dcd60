"""Which modules a sweep removes. The rules of Linux 2.4 (lkm.kernel.sim.rules24) are the law, on drawn histories."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lkm.autoload.autoclean import WORDS, Sweep, foresee, without
from lkm.autoload.marks import Mark, Marks
from lkm.config.autoclean import AutocleanSettings, assemble_autoclean
from lkm.kernel.sim.rules24 import AUTOCLEAN, USED_ONCE, VISITED
from lkm.state.usage import Sample
from tests.support.years import EVENTS, LIKE_24, YEAR, Both, Event

USED = Mark("m", 1, 0.0, 0.0, used_once=True)


def words(sweep: Sweep) -> dict[str, str]:
    return {name: opinion.word for name, opinion in sorted(sweep.opinions.items())}


def conf(text: str) -> AutocleanSettings:
    found = assemble_autoclean([("a.conf", text)])
    assert not found.problems
    return found


def same_as_in_24(events: list[Event]) -> int:
    """Hold a history against the law: what goes, in which order, both flags of what stays. Return how many went."""
    both = Both()
    went = 0
    for event in events:
        theirs, ours = both.play(event)
        assert ours == theirs
        went += len(ours)
        for module in both.state:
            mark = both.marks.of(module.name)
            if module.flags & AUTOCLEAN:
                assert mark is not None
                assert mark.used_once == bool(module.flags & USED_ONCE)
                assert mark.visited == bool(module.flags & VISITED)
    return went


@settings(max_examples=200)
@given(EVENTS)
def test_what_goes_is_what_linux_24_would_remove(events: list[Event]) -> None:
    same_as_in_24(events)


@pytest.mark.sweep
@settings(max_examples=20_000)
@given(EVENTS)
def test_what_goes_is_what_linux_24_would_remove_for_long(events: list[Event]) -> None:
    same_as_in_24(events)


def year(period: float, rounds: list[tuple[int, str, str, int]]) -> None:
    """Play a year with a sweep each ``period`` seconds; the drawn rounds happen so many sweeps apart."""
    events: list[Event] = []
    at = 0
    while at * period < YEAR:
        for skip, what, name, bits in rounds:
            events += [(period, "sweep", "a", 0)] * skip
            events.append((0.0, what, name, bits))
            at += skip
    same_as_in_24(events)


ROUNDS = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.sampled_from(["load", "load", "plain", "use", "release", "touch", "touch", "delete"]),
        st.sampled_from("abcde"),
        st.integers(0, 15),
    ),
    min_size=20,
    max_size=60,
).filter(lambda rounds: sum(skip for skip, *_ in rounds) > 10)


@settings(max_examples=3)
@given(ROUNDS)
def test_a_year_of_sweeps_by_the_rule_of_linux_24(rounds: list[tuple[int, str, str, int]]) -> None:
    year(4 * 3600.0, rounds)


@pytest.mark.sweep
@settings(max_examples=3)
@given(ROUNDS)
def test_a_year_of_sweeps_a_minute_apart(rounds: list[tuple[int, str, str, int]]) -> None:
    year(60.0, rounds)


@settings(max_examples=100)
@given(EVENTS, st.sampled_from(["idle 0", "idle 1h\nunused 1d", "idle 2m a b\nnever c", "unused never\nidle 1m"]))
def test_whatever_is_configured_nothing_in_use_goes_and_nothing_goes_too_early(
    events: list[Event], text: str
) -> None:
    both = Both(conf(text))
    for event in events:
        before = both.state
        sweep = foresee(both.marks, both.samples(), both.settings, both.now)
        gone = [name for name, opinion in sweep.opinions.items() if opinion.goes]
        left = {m.name for m in before} - set(gone)
        for name in gone:
            module = next(m for m in before if m.name == name)
            mark = both.marks.of(name)
            assert mark is not None
            assert module.flags & AUTOCLEAN
            assert not left.intersection(module.holders)
            assert module.usecount == 0
            assert both.settings.never(name) is None
            idle = both.settings.idle(name)
            if not module.holders or idle.pattern:
                assert both.now - mark.last_use >= (idle.seconds or 0)
        both.play(event)


def test_a_stack_goes_in_one_sweep_and_the_visit_of_its_top_is_cleared_first() -> None:
    samples = (Sample("msdos", 2), Sample("fat", 1, 1, ("msdos",)))
    fat = Mark("fat", 1, 0.0, 0.0, used_once=True, holders=("msdos",))
    msdos = Mark("msdos", 2, 0.0, 0.0, used_once=True, visited=True)
    first = foresee(Marks("b", (fat, msdos)), samples, AutocleanSettings(), 100.0)
    assert words(first) == {"fat": "held", "msdos": "visited"}
    second = foresee(first.marks, samples, AutocleanSettings(), 160.0)
    assert words(second) == {"fat": "goes", "msdos": "goes"}
    assert second.marks.marks == ()


def test_what_was_just_freed_goes_before_what_was_visited_only() -> None:
    marks = [USED._replace(module=name, visited=name != "msdos") for name in ("msdos", "loop", "fat")]
    left: tuple[Sample, ...] = (Sample("msdos", 1), Sample("loop", 1), Sample("fat", 1, 1, ("msdos",)))
    sweep = Sweep(Marks("b").put(marks), left, LIKE_24, 100.0)
    order = []
    while (name := sweep.next_module()) is not None:
        order.append(name)
        left = without(left, name)
        sweep.record(True, left)
    assert order == ["msdos", "fat", "loop"]


def test_a_part_of_a_stack_with_an_idle_time_of_its_own_stays_that_long() -> None:
    samples = (Sample("msdos", 2), Sample("fat", 1, 1, ("msdos",)))
    marks = Marks("b", (USED._replace(module="fat"), USED._replace(module="msdos", instance=2)))
    first = foresee(marks, samples, conf("idle 10m fat"), 100.0)
    assert words(first) == {"fat": "idle", "msdos": "goes"}
    assert first.opinions["fat"].origin is not None
    alone = (Sample("fat", 1),)
    assert words(foresee(first.marks, alone, conf("idle 10m fat"), 699.0)) == {"fat": "idle"}
    assert words(foresee(first.marks, alone, conf("idle 10m fat"), 700.0)) == {"fat": "goes"}


@pytest.mark.parametrize(
    ("word", "sample", "mark", "text"),
    [
        ("coming", Sample("m", 1, 1, live=False), USED, ""),
        ("permanent", Sample("m", 1, permanent=True), USED, ""),
        ("held", Sample("m", 1, 1, ("n",)), USED, ""),
        ("counted", Sample("m", 1, 2, ("n",))._replace(holders=()), USED, ""),
        ("interface", Sample("m", 1, interfaces=("eth0",)), USED, ""),
        ("device", Sample("m", 1, devices=("0000:00:03.0",)), USED, ""),
        ("never", Sample("m", 1), USED, "never m because so"),
        ("pinned", Sample("m", 1), USED, ""),
        ("unused", Sample("m", 1), USED._replace(used_once=False), ""),
        ("unused", Sample("m", 1), USED._replace(used_once=False), "unused never"),
        ("visited", Sample("m", 1), USED._replace(visited=True), ""),
        ("idle", Sample("m", 1), USED._replace(last_use=50.0), ""),
        ("goes", Sample("m", 1), USED, ""),
        ("goes", Sample("m", 1), USED._replace(used_once=False), "unused 100"),
    ],
)
def test_the_word_that_keeps_a_module(word: str, sample: Sample, mark: Mark, text: str) -> None:
    pins = ("m",) if word == "pinned" else ()
    assert words(foresee(Marks("b", (mark,), pins), (sample,), conf(text), 100.0)) == {"m": word}
    assert word in WORDS


def test_what_is_refused_is_tried_once_a_sweep_and_stays_marked() -> None:
    samples = (Sample("m", 1), Sample("n", 2))
    marks = Marks("b", (USED, USED._replace(module="n", instance=2)))
    sweep = Sweep(marks, samples, LIKE_24, 100.0)
    assert sweep.next_module() == "m"
    sweep.record(False, samples, "in use")
    assert sweep.next_module() == "n"
    sweep.record(True, samples[:1])
    assert sweep.next_module() is None
    assert words(sweep) == {"m": "refused", "n": "goes"}
    assert [mark.module for mark in sweep.marks.marks] == ["m"]


def test_a_use_that_begins_during_the_sweep_keeps_the_module() -> None:
    samples = (Sample("m", 1), Sample("n", 2))
    marks = Marks("b", (USED, USED._replace(module="n", instance=2)))
    sweep = Sweep(marks, samples, LIKE_24, 100.0)
    assert sweep.next_module() == "m"
    sweep.record(True, (Sample("n", 2, 1),))
    assert sweep.next_module() is None
    assert words(sweep) == {"m": "goes", "n": "counted"}


def test_what_is_counted_by_modules_alone_is_free_when_they_go() -> None:
    left = without((Sample("b", 2), Sample("a", 1, 3, ("b",))), "b")
    assert left == (Sample("a", 1, 2),)
    assert left[0].in_use
