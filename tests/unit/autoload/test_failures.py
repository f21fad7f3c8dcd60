from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lkm.autoload.events import Limits
from lkm.autoload.failures import Failures
from lkm.autoload.nouns import Outcome

NO = Outcome(3, "not-found", text="nothing")
LIMITS = Limits(failures=3, failure_seconds=10.0, hold_seconds=30.0, remembered=4)


def test_slow_failures_are_never_held() -> None:
    failures = Failures(LIMITS)
    for at in range(0, 100, 6):
        failures.note("a", NO, float(at))
        assert failures.held("a", float(at)) is None


def test_after_the_hold_one_try_is_free_and_its_failure_begins_the_next() -> None:
    failures = Failures(LIMITS)
    for at in (1.0, 2.0, 3.0):
        failures.note("a", NO, at)
    assert failures.held("a", 32.9) is not None
    assert failures.held("a", 33.0) is None
    failures.note("a", NO, 33.5)
    assert failures.held("a", 34.0) is not None


def test_success_forgets() -> None:
    failures = Failures(LIMITS)
    for at in (1.0, 2.0, 3.0):
        failures.note("a", NO, at)
    failures.forget("a")
    assert failures.held("a", 3.0) is None
    failures.note("a", NO, 3.5)
    assert failures.held("a", 3.5) is None


@given(st.lists(st.tuples(st.integers(0, 9), st.floats(0, 5))))
def test_memory_is_bounded_and_what_is_held_failed_often_enough(events: list[tuple[int, float]]) -> None:
    failures, now, counts = Failures(LIMITS), 0.0, dict.fromkeys(range(10), 0)
    for key, wait in events:
        now += wait
        if failures.held(key, now):
            assert counts[key] >= LIMITS.failures
        failures.note(key, NO, now)
        counts[key] += 1
        assert len(failures) <= LIMITS.remembered
