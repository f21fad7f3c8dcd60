"""The rules at the head of lkm.autoload.engine, as laws on drawn histories, and one example each."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from lkm.autoload.engine import Engine
from lkm.autoload.events import (
    STATUS,
    Action,
    Answer,
    Asked,
    Event,
    Finished,
    Gone,
    Limits,
    Note,
    Reloaded,
    Remember,
    Start,
    Stop,
    Stopping,
    Tick,
)
from lkm.autoload.nouns import ALLOW, AUDIT, BOOT, DENY, KERNEL, UEVENT, USER, Outcome, Request, Verdict
from lkm.origin import Origin
from lkm.report.causes import CAUSES

DONE = Outcome(0, "done", ("minix",), "", 0.1)
MISSING = Outcome(3, "not-found", (), "no module has the alias")


def allow(_: Request) -> Verdict:
    return Verdict(ALLOW)


def by_prefix(request: Request) -> Verdict:
    """Deny what starts with no-, audit what starts with maybe-."""
    word = DENY if request.alias.startswith("no-") else AUDIT if request.alias.startswith("maybe-") else ALLOW
    return Verdict(word, "drawn", Origin("a.conf", 1))


class Table:
    """An engine, and what it said so far; ``now`` goes on by hand."""

    def __init__(self, limits: Limits | None = None, policy: object = allow) -> None:
        self.engine = Engine(policy, limits)  # type: ignore[arg-type]
        self.now = 0.0
        self.clients = 0

    def feed(self, event: Event) -> tuple[Action, ...]:
        return self.engine.feed(event, self.now)

    def ask(self, alias: str, requester: str = USER, uid: int = 0, inside: int = 0) -> tuple[Action, ...]:
        self.clients += 1
        return self.feed(Asked(self.clients, Request(alias, requester, 0.0, uid=uid), inside))


def jobs(actions: tuple[Action, ...]) -> list[int]:
    return [action.job for action in actions if isinstance(action, Start)]


def causes(actions: tuple[Action, ...]) -> list[tuple[int, str]]:
    return [(action.client, action.outcome.cause) for action in actions if isinstance(action, Answer)]


def test_the_causes_are_those_of_the_exit_codes() -> None:
    assert {cause: CAUSES[cause][0] for cause in STATUS} == STATUS


def test_one_load_answers_all_and_each_request_is_noted() -> None:
    table = Table()
    assert jobs(table.ask("fs-minix")) == [1]
    assert table.ask("fs-minix") == ()
    actions = table.feed(Finished(1, DONE))
    assert causes(actions) == [(1, "done"), (2, "done")]
    assert [a.outcome.shared for a in actions if isinstance(a, Answer)] == [False, True]
    assert [a.entry.outcome for a in actions if isinstance(a, Note)] == [DONE, DONE._replace(shared=True)]
    assert [a.modules for a in actions if isinstance(a, Remember)] == [("minix",)]


def test_what_somebody_wants_for_good_is_not_remembered_for_autoclean() -> None:
    table = Table()
    table.ask("fs-minix")
    table.feed(Asked(9, Request("fs-minix", USER, 0.0, uid=0, autoclean=False)))
    assert not [a for a in table.feed(Finished(1, DONE)) if isinstance(a, Remember)]


@pytest.mark.parametrize(("requester", "marked"), [(KERNEL, True), (USER, True), (UEVENT, False), (BOOT, False)])
def test_what_nobody_would_ask_for_again_stays(requester: str, marked: bool) -> None:
    table = Table()
    table.ask("pci:v00008086", requester)
    assert any(isinstance(a, Remember) for a in table.feed(Finished(1, DONE))) is marked


def test_denied_and_audited_requests_start_nothing_and_are_noted_with_the_line_that_says_so() -> None:
    table = Table(policy=by_prefix)
    for alias, text in (
        ("no-x", "policy does not allow it: drawn (a.conf:1)"),
        ("maybe-x", "only recorded, not loaded: drawn (a.conf:1)"),
    ):
        answer, note = table.ask(alias)
        assert isinstance(answer, Answer)
        assert isinstance(note, Note)
        assert (answer.outcome.status, answer.outcome.text) == (5, text)
        assert note.entry.outcome is None
    assert table.engine.callers == 0


def test_another_standing_waits_and_is_served_by_success_only() -> None:
    table = Table()
    table.ask("fs-minix", USER, 1000)
    assert table.ask("fs-minix", KERNEL) == ()
    actions = table.feed(Finished(1, MISSING))
    assert causes(actions) == [(1, "not-found")]
    assert jobs(actions) == [2]
    table.ask("fs-minix", USER, 1000)
    assert causes(table.feed(Finished(2, DONE))) == [(2, "done"), (3, "done")]


def test_what_does_not_fit_is_busy_and_the_kernel_does_not_wait_for_a_turn() -> None:
    table = Table(Limits(jobs=1, queue=2, kernel_jobs=3))
    assert jobs(table.ask("a")) == [1]
    table.ask("b")
    assert causes(table.ask("u", USER, 1000)) == [(3, "busy")]
    table.ask("c")
    assert table.engine.room == 0
    assert causes(table.ask("d")) == [(5, "busy")]
    assert jobs(table.ask("e", KERNEL)) == [4]
    assert jobs(table.feed(Finished(1, DONE))) == []  # job 4 has the turn
    assert jobs(table.feed(Finished(4, DONE))) == [2]


def test_a_load_that_takes_too_long_is_answered_for_and_its_alias_waits_for_its_end() -> None:
    table = Table(Limits(job_seconds=5.0))
    table.ask("a")
    assert table.engine.deadline == 5.0
    table.now = 5.0
    actions = table.feed(Tick())
    assert causes(actions) == [(1, "timeout")]
    assert isinstance(actions[-1], Stop)
    assert causes(table.ask("a")) == [(2, "timeout")]
    late = table.feed(Finished(1, DONE))
    assert [type(action) for action in late] == [Remember, Note]
    assert jobs(table.ask("a")) == [2]


def test_what_waits_too_long_is_busy() -> None:
    table = Table(Limits(jobs=1, wait_seconds=3.0))
    table.ask("a")
    table.ask("b")
    table.now = 3.0
    assert causes(table.feed(Tick())) == [(2, "busy")]
    assert table.engine.waiting == 0


def test_a_load_that_asks_for_its_own_alias_is_a_loop() -> None:
    table = Table()
    table.ask("a")
    table.ask("b", inside=1)
    assert causes(table.ask("a", inside=2)) == [(3, "loop")]
    assert causes(table.ask("b", inside=2)) == [(4, "loop")]
    assert jobs(table.ask("c", inside=2)) == [3]


def test_loads_that_wait_for_each_other_by_way_of_others_are_a_loop() -> None:
    table = Table()
    table.ask("a")
    table.ask("b")
    table.ask("b", inside=1)  # a's load waits for b's
    assert causes(table.ask("a", inside=2)) == [(4, "loop")]


def test_a_nested_request_does_not_wait_for_a_turn_that_its_own_load_has() -> None:
    table = Table(Limits(jobs=1))
    table.ask("a")
    assert jobs(table.ask("b")) == []
    assert jobs(table.ask("c", inside=1)) == [3]


def test_what_fails_over_and_over_is_held_back_until_something_changes() -> None:
    table = Table(Limits(failures=2))
    for _ in range(2):
        (job,) = jobs(table.ask("a"))
        table.feed(Finished(job, MISSING))
    (answer, _) = table.ask("a")
    assert isinstance(answer, Answer)
    assert answer.outcome.cause == "not-found"
    assert "it failed 2 times" in answer.outcome.text
    table.feed(Reloaded())
    assert jobs(table.ask("a"))


def test_the_word_of_policy_on_modules_is_noted_and_is_no_failure_of_the_alias() -> None:
    table = Table(Limits(failures=1))
    table.ask("a")
    verdict = Verdict(DENY, "unsigned")
    actions = table.feed(Finished(1, Outcome(5, "forbidden"), verdict))
    assert [a.entry.verdict for a in actions if isinstance(a, Note)] == [verdict]
    assert jobs(table.ask("a")) == [2]


def test_a_gone_first_asker_leaves_its_load_and_its_entry() -> None:
    table = Table()
    table.ask("a")
    assert table.feed(Gone(1)) == ()
    actions = table.feed(Finished(1, DONE))
    assert [type(action) for action in actions] == [Remember, Note]


def test_stopping_answers_those_that_wait_and_takes_no_more() -> None:
    table = Table(Limits(jobs=1))
    table.ask("a")
    table.ask("b")
    assert causes(table.feed(Stopping())) == [(2, "busy")]
    assert causes(table.ask("c")) == [(3, "busy")]
    assert causes(table.feed(Finished(1, DONE))) == [(1, "done")]


def test_new_limits_and_a_new_policy_count_from_then_on() -> None:
    table = Table()
    table.feed(Reloaded(by_prefix, Limits(jobs=0)))
    assert causes(table.ask("no-a")) == [(1, "forbidden")]
    assert jobs(table.ask("b")) == []
    assert table.engine.deadline == Limits().wait_seconds


def test_a_client_has_one_question() -> None:
    table = Table()
    table.ask("a")
    with pytest.raises(ValueError, match="client 1 has asked"):
        table.feed(Asked(1, Request("b", USER, 0.0)))


def test_an_end_that_nobody_waits_for_changes_nothing() -> None:
    assert Table().feed(Finished(5, DONE)) == ()


LIMITS = Limits(
    jobs=2, kernel_jobs=4, queue=4, callers=8, job_seconds=9.0, wait_seconds=5.0, failures=2, remembered=3
)
ALIASES = st.sampled_from(["a", "b", "c", "d-1", "d_1", "no-x", "maybe-x", "[", "e"])


class Autoloader(RuleBasedStateMachine):
    """Everything that can happen, in any order."""

    running = Bundle("running")
    asking = Bundle("asking")

    def __init__(self) -> None:
        super().__init__()
        self.engine = Engine(by_prefix, LIMITS)
        self.now = 0.0
        self.client = 0
        self.asked: dict[int, Request] = {}
        self.answers: dict[int, int] = {}
        self.gone: set[int] = set()
        self.live: dict[int, str] = {}
        self.starter: dict[int, int] = {}
        self.notes = 0
        self.late = 0
        self.stopped: set[int] = set()

    def feed(self, event: Event) -> list[int]:
        """Feed, and hold every action against the laws; return the jobs that were started."""
        started = []
        for action in self.engine.feed(event, self.now):
            if isinstance(action, Start):
                alias = action.request.alias.replace("-", "_")
                assert not alias.startswith(("no_", "maybe_"))
                assert alias not in self.live.values()
                assert action.job not in self.live
                self.live[action.job] = alias
                self.starter[action.job] = int(action.request.at)
                started.append(action.job)
            elif isinstance(action, Answer):
                assert action.client in self.asked
                assert action.client not in self.gone
                self.answers[action.client] = self.answers.get(action.client, 0) + 1
            elif isinstance(action, Note):
                self.notes += 1
                assert (action.entry.outcome is None) or action.entry.verdict.word == ALLOW
            elif isinstance(action, Stop):
                assert action.job in self.live
                self.stopped.add(action.job)
        return started

    @rule(target=running, alias=ALIASES, requester=st.sampled_from([KERNEL, UEVENT, USER]), uid=st.integers(0, 2))
    def ask(self, alias: str, requester: str, uid: int) -> object:
        return self._ask(alias, requester, uid, 0)

    @rule(target=running, alias=ALIASES, job=running)
    def ask_inside(self, alias: str, job: int) -> object:
        return self._ask(alias, USER, 0, job)

    def _ask(self, alias: str, requester: str, uid: int, inside: int) -> object:
        self.client += 1
        self.asked[self.client] = Request(alias, requester, float(self.client), uid=uid)
        return multiple(*self.feed(Asked(self.client, self.asked[self.client], inside)))

    @rule(target=running, job=consumes(running), outcome=st.sampled_from([DONE, DONE, MISSING]))
    def finish(self, job: int, outcome: Outcome) -> object:
        del self.live[job]
        # Its first asker had its answer and its entry when the time was up: what came of the load then is one more.
        self.late += job in self.stopped and self.starter[job] in self.answers
        started = self.feed(Finished(job, outcome))
        return multiple(*started)

    @rule(target=running, back=st.integers(0, 5))
    def leave(self, back: int) -> object:
        client = self.client - back
        if client in self.asked and client not in self.answers and client not in self.gone:
            self.gone.add(client)
            return multiple(*self.feed(Gone(client)))
        return multiple()

    @rule(target=running, seconds=st.sampled_from([0.5, 3.0, 20.0, 40.0]))
    def wait(self, seconds: float) -> object:
        self.now += seconds
        return multiple(*self.feed(Tick()))

    @rule(target=running)
    def reload(self) -> object:
        return multiple(*self.feed(Reloaded()))

    @invariant()
    def each_client_gets_one_answer(self) -> None:
        assert all(count == 1 for count in self.answers.values())
        waiting = [c for c in self.asked if c not in self.answers and c not in self.gone]
        assert self.engine.callers == len(waiting)

    @invariant()
    def all_is_bounded(self) -> None:
        assert self.engine.callers <= LIMITS.callers + LIMITS.kernel_jobs
        assert self.engine.waiting <= LIMITS.queue + LIMITS.kernel_jobs
        assert self.engine.running == len(self.live) <= LIMITS.kernel_jobs
        assert len(self.engine._failures) <= LIMITS.remembered
        assert len(self.engine._aliases) == self.engine.running
        if not self.engine.running and not self.engine.waiting:
            assert self.engine.deadline is None

    def teardown(self) -> None:
        """At the end everything that still runs ends, and then nobody waits, and each request was noted."""
        for _ in range(1000):
            if not self.live:
                break
            self.finish(next(iter(self.live)), MISSING)
        assert self.engine.callers == self.engine.running == self.engine.waiting == 0
        assert set(self.answers) | self.gone == set(self.asked)
        assert not set(self.answers) & self.gone
        assert self.notes - self.late == len(self.asked)


def test_the_laws_hold_whatever_happens() -> None:
    run_state_machine_as_test(Autoloader, settings=settings(max_examples=60, stateful_step_count=40))


@pytest.mark.sweep
def test_the_laws_hold_whatever_happens_for_long() -> None:
    run_state_machine_as_test(Autoloader, settings=settings(max_examples=5000, stateful_step_count=120))
