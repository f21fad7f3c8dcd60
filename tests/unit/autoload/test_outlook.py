"""When modules would go: what the sweeps to come do, played one by one, is the law."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from lkm.autoload.autoclean import foresee, without
from lkm.autoload.marks import Mark, Marks
from lkm.autoload.outlook import TAKES, next_sweep, outlooks
from lkm.config.autoclean import AutocleanSettings, assemble_autoclean
from lkm.state.usage import Sample
from tests.support.years import EVENTS, Both, Event

TEXTS = st.sampled_from(["idle 0", "idle 10m\nunused 1h", "idle 2m a b\nnever c", "unused never\nidle 1m", "idle 7"])


def played(
    marks: Marks, samples: tuple[Sample, ...], conf: AutocleanSettings, first: float, period: float
) -> dict[str, float]:
    """Return when each module goes, by a sweep each period, for longer than any time of TEXTS."""
    gone = {}
    for number in range(int(4000 / period) + 3):
        now = first + number * period
        sweep = foresee(marks, samples, conf, now)
        fresh = [name for name, opinion in sweep.opinions.items() if opinion.goes]
        for name in fresh:
            gone[name] = now
            samples = without(samples, name)
        marks = sweep.kept(fresh)
    return gone


@settings(max_examples=150, deadline=None)
@given(EVENTS, TEXTS, st.sampled_from([17.0, 60.0, 600.0]), st.floats(0, 1.4))
def test_a_module_goes_when_the_sweeps_to_come_would_remove_it(
    events: list[Event], text: str, period: float, since: float
) -> None:
    both = Both(assemble_autoclean([("a.conf", text)]))
    for event in events:
        both.play(event)
    now = both.now + since * period
    marks = both.marks._replace(swept=both.now, every=period)
    found = outlooks(marks, both.samples(), both.settings, now)
    assert [each.module for each in found] == sorted(mark.module for mark in marks.marks)
    assert all(each.sure for each in found)
    expected = played(marks, both.samples(), both.settings, max(now, both.now + period + TAKES), period + TAKES)
    assert {each.module: each.at for each in found if each.at is not None} == expected
    words = foresee(marks, both.samples(), both.settings, now).opinions
    assert {each.module: each.opinion for each in found} == words


@settings(max_examples=50, deadline=None)
@given(EVENTS, TEXTS, st.sampled_from([5.0, 60.0, 90.0]))
def test_where_nobody_says_when_he_sweeps_none_goes_before_it_is_said(
    events: list[Event], text: str, period: float
) -> None:
    both = Both(assemble_autoclean([("a.conf", text)]))
    for event in events:
        both.play(event)
    found = outlooks(both.marks, both.samples(), both.settings, both.now)
    assert not any(each.sure for each in found)
    expected = played(both.marks, both.samples(), both.settings, both.now, period)
    earliest = {each.module: each.at for each in found if each.at is not None}
    assert earliest.keys() == expected.keys()
    assert all(earliest[name] <= at for name, at in expected.items())


def test_what_is_in_use_or_pinned_has_no_end_and_a_sweeper_that_ended_is_not_counted_on() -> None:
    used = Mark("m", 1, 0.0, 0.0, used_once=True)
    conf = AutocleanSettings()
    (held,) = outlooks(Marks("b", (used,)), (Sample("m", 1, 1),), conf, 5.0)
    assert (held.word, held.at) == ("counted", None)
    (pinned,) = outlooks(Marks("b", (used,), ("m",)), (Sample("m", 1),), conf, 5.0)
    assert (pinned.word, pinned.at) == ("pinned", None)
    marks = Marks("b", (used,), (), 100.0, 60.0)
    assert (next_sweep(marks, 190.0), next_sweep(marks, 191.0)) == (190.0, None)
    (late,) = outlooks(marks, (Sample("m", 1),), conf, 191.0)
    assert (late.word, late.at, late.sure) == ("goes", 191.0, False)


@given(st.floats(0, 1e6), st.sampled_from([0.7, 5.0, 60.0, 1e3]), st.integers(1, 30))
def test_what_must_be_idle_for_whole_periods_goes_by_the_sweep_that_ends_the_last(
    now: float, every: float, count: int
) -> None:
    """Not by the one after it, which would make a countdown jump."""
    conf = assemble_autoclean([("a.conf", f"idle {max(1, int(every * count))}")])
    used = Mark("m", 1, 0.0, now, used_once=True, visited=True)
    (found,) = outlooks(Marks("b", (used,), (), now, every), (Sample("m", 1),), conf, now)
    assert found.at is not None and found.at - now < max(2 * every, every * count + 1) + 3
