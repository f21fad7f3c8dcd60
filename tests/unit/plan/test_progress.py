from __future__ import annotations

import errno

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lkm.kernel.interface import Done, Refused
from lkm.names import ModuleName
from lkm.origin import Origin
from lkm.plan.load import Request, plan_load
from lkm.plan.progress import Progress, Ran, Result, Skipped, foresee, replay
from lkm.plan.resolve import World, resolve
from lkm.plan.steps import Command, Insert, Loaded, NotLoaded, Plan, Reason, Remove
from lkm.plan.unload import RemoveRequest, plan_unload
from lkm.state.nouns import KernelState, LoadedModule
from tests.support.planning import FakeIndex, loaded, world

DONE = Done("finit_module")
BASE = (ModuleName("m"), Reason("asked", "m", Origin("-")), True, True)


def refused(number: int) -> Refused:
    return Refused("finit_module", number)


def load(name: str, config: str = "", state: KernelState | None = None, *, first_time: bool = False) -> Plan:
    here = world(config)
    return plan_load(resolve(name, here)[0], Request(name, first_time=first_time), here, state or KernelState())


def follow(run: Progress, **results: Result) -> str:
    """Follow a plan; results are by module, else success. Return the modules that something was done for."""
    done = []
    while step := run.next_step():
        done.append(str(step.module))
        run.record(results.get(step.module, DONE))
    return " ".join(done)


def test_a_refused_dependency_ends_the_plan() -> None:
    run = Progress(load("top"))
    assert follow(run, mid=refused(errno.ENOEXEC)) == "low mid"
    failure = run.journal.failure
    assert failure and (failure.step.module, failure.errno) == ("mid", errno.ENOEXEC)
    assert run.next_step() is None


def test_a_refused_softdep_does_not() -> None:
    run = Progress(load("loop", "softdep loop pre: mid post: low"))
    assert follow(run, mid=refused(errno.EIO), low=refused(errno.EIO)) == "low mid loop low"
    assert run.journal.failure is None
    assert [entry.errno for entry in run.journal.entries] == [errno.EIO, errno.EIO, 0, errno.EIO]


def test_already_there_is_success_unless_it_must_be_the_first_time() -> None:
    exists = refused(errno.EEXIST)
    run = Progress(load("msdos"))
    assert follow(run, fat=exists, msdos=exists) == "fat msdos"
    assert run.journal.failure is None
    run = Progress(load("msdos", first_time=True))
    follow(run, fat=exists, msdos=exists)
    assert run.journal.failure and run.journal.failure.step.module == "msdos"


def test_first_time_fails_for_what_is_loaded() -> None:
    plan = load("fat", state=loaded(fat=0), first_time=True)
    assert isinstance(plan.steps[0], Loaded)
    (entry,) = foresee(plan)
    assert entry.errno == errno.EEXIST
    run = Progress(plan, loaded(fat=0))
    assert run.next_step() is None
    assert run.journal.failure == entry
    assert follow(Progress(load("fat", state=loaded(fat=0)))) == ""


def test_what_a_command_loaded_is_not_loaded_again() -> None:
    run = Progress(load("top", "install low modprobe mid"))
    step = run.next_step()
    assert isinstance(step, Command)
    run.record(Ran(0), loaded(low=1, mid=0))
    assert follow(run) == "top"
    assert run.journal.entries[1].result == Skipped("already loaded")
    run = Progress(load("fat", "softdep fat pre: loop\ninstall loop modprobe fat", first_time=True))
    assert run.next_step()
    run.record(Ran(0), loaded(fat=0))
    assert run.next_step() is None
    assert run.journal.failure and run.journal.failure.errno == errno.EEXIST


def test_a_command_fails_by_its_status() -> None:
    for status, number in ((1, errno.EINVAL), (0, 0), (-9, 0)):
        run = Progress(load("fat", "install fat x"))
        assert follow(run, fat=Ran(status)) == "fat"
        assert (run.journal.failure.errno if run.journal.failure else 0) == number


def test_a_module_without_a_file_fails_when_its_turn_comes() -> None:
    run = Progress(load("x", "alias x nosuch"))
    assert run.next_step() is None
    assert run.journal.failure and run.journal.failure.errno == errno.ENOENT


def test_a_result_must_have_been_asked_for() -> None:
    with pytest.raises(ValueError, match="no step"):
        Progress(Plan()).record(DONE)


def unload_plan(name: str, state: KernelState, config: str = "", **choices: bool) -> Plan:
    here = world(config)
    return plan_unload(resolve(name, here)[0], RemoveRequest(name, **choices), here, state)


def test_removal_goes_by_the_counts_of_the_moment() -> None:
    before = loaded(top=0, mid=1, low=2)
    run = Progress(unload_plan("top", before), before)
    assert (step := run.next_step()) and step.module == "top"
    run.record(DONE, loaded(mid=0, low=1))
    assert (step := run.next_step()) and step.module == "mid"
    run.record(DONE, loaded(low=0))
    # Like kmod: low was looked at before mid went.
    assert run.next_step() is None
    assert run.journal.failure is None


def test_a_module_in_use_is_refused_as_foreseen() -> None:
    state = loaded(fat=1)
    plan = unload_plan("fat", state)
    (entry,) = foresee(plan)
    run = Progress(plan, state)
    assert run.next_step() is None
    assert run.journal.failure == entry
    assert entry.errno == errno.EBUSY


def test_what_follows_a_failed_softdep_is_left() -> None:
    config = "softdep loop post: msdos\nsoftdep msdos pre: low"
    state = loaded(loop=0, msdos=1, fat=1, low=0)
    plan = unload_plan("loop", state, config)
    assert [(e.step.module, e.errno) for e in foresee(plan)] == [
        ("msdos", errno.EBUSY), ("fat", 0), ("low", 0), ("loop", 0)
    ]  # fmt: skip
    assert follow(Progress(plan, state)) == "loop"


def test_commands_and_what_they_bring_are_left_too_after_a_failed_softdep() -> None:
    config = "softdep loop post: msdos\nsoftdep msdos pre: fs-x\nremove fs-x bye\nsoftdep fs-x post: low"
    state = loaded(loop=0, msdos=1, low=0)
    plan = unload_plan("loop", state, config)
    assert [s.module for s in plan.steps] == ["msdos", "low", "fs_x", "loop"]
    assert [e.step.module for e in foresee(plan) if isinstance(e.result, Done)] == ["loop"]
    assert follow(Progress(plan, state)) == "loop"
    free = loaded(loop=0, msdos=0, low=0)
    assert follow(Progress(unload_plan("loop", free, config), free)) == "msdos low fs_x loop"


def test_removing_what_is_not_there() -> None:
    plan = unload_plan("fat", KernelState(), first_time=True)
    assert [entry.errno for entry in foresee(plan)] == [errno.ENOENT]
    assert [entry.errno for entry in foresee(unload_plan("fat", KernelState()))] == [0]
    builtin = Plan((NotLoaded(*BASE, builtin=True),))
    assert [entry.errno for entry in foresee(builtin)] == [errno.ENOENT]
    gone = Progress(Plan((Remove(*BASE, "idle", 0),), first_time=True), KernelState())
    assert gone.next_step() is None and gone.journal.failure


# Laws, on drawn worlds: eight modules, each needing some of those before it, and softdeps among them all.

NAMES = [f"m{number}" for number in range(8)]


@st.composite
def worlds(draw: st.DrawFn) -> World:
    needs: dict[str, list[str]] = {}
    for at, name in enumerate(NAMES):
        direct = draw(st.lists(st.sampled_from(NAMES[:at]), max_size=2)) if at else []
        needs[name] = [m for m in reversed(NAMES[:at]) if m in direct or any(m in needs[d] for d in direct)]
    some = st.lists(st.sampled_from(NAMES), max_size=2).map(" ".join)
    config = "".join(
        f"softdep {draw(st.sampled_from(NAMES))} pre: {draw(some)} post: {draw(some)}\n"
        for _ in range(draw(st.integers(0, 3)))
    )
    return world(config, FakeIndex({name: " ".join(needs[name]) for name in NAMES}))


def needs_of(here: World, name: str) -> set[str]:
    return {str(need.module) for need in here.needs(resolve(name, here)[0])}


states = st.sets(st.sampled_from(NAMES)).map(lambda names: loaded(**dict.fromkeys(sorted(names), 0)))


@given(worlds(), st.sampled_from(NAMES), states)
def test_each_module_comes_after_what_it_needs(here: World, name: str, state: KernelState) -> None:
    there = {str(module.name) for module in state.modules}
    for step in plan_load(resolve(name, here)[0], Request(name), here, state).steps:
        if isinstance(step, Insert):
            assert needs_of(here, step.module) <= there
        there.add(step.module)


@given(worlds(), st.sampled_from(NAMES))
def test_nothing_is_done_when_all_is_loaded(here: World, name: str) -> None:
    everything = loaded(**dict.fromkeys(NAMES, 0))
    steps = plan_load(resolve(name, here)[0], Request(name), here, everything).steps
    assert steps and all(isinstance(step, Loaded) for step in steps)


results = st.sampled_from([DONE, refused(errno.EEXIST), refused(errno.ENOENT), refused(errno.EINVAL), Ran(0), Ran(1)])


@given(worlds(), st.sampled_from(NAMES), states, st.lists(results), st.booleans())
def test_every_run_ends_and_loads_nothing_twice_and_replays(
    here: World, name: str, state: KernelState, outcomes: list[Result], first_time: bool
) -> None:
    plan = plan_load(resolve(name, here)[0], Request(name, first_time=first_time), here, state)
    run = Progress(plan, state)
    succeeded: set[str] = set()
    for _ in plan.steps:
        step = run.next_step()
        if step is None:
            break
        assert run.next_step() is step
        assert step.module not in succeeded
        result = outcomes.pop() if outcomes else DONE
        run.record(result)
        if result == DONE:
            succeeded.add(step.module)
    assert run.next_step() is None
    assert replay(plan, run.journal).journal == run.journal
    if run.journal.failure:
        assert run.journal.failure.step.required
        assert run.journal.entries[-1] == run.journal.failure
    else:
        assert [entry.step for entry in run.journal.entries] == list(plan.steps)


class CountingKernel:
    """A kernel that holds modules by use counts, as the real one does."""

    def __init__(self, here: World) -> None:
        self.here = here
        self.order: list[str] = []

    def users(self, name: str) -> tuple[ModuleName, ...]:
        return tuple(ModuleName(m) for m in reversed(self.order) if name in needs_of(self.here, m))

    def state(self) -> KernelState:
        return KernelState(
            tuple(LoadedModule(ModuleName(n), 1, len(self.users(n)), self.users(n)) for n in reversed(self.order))
        )

    def follow(self, plan: Plan) -> Progress:
        run = Progress(plan, self.state())
        while step := run.next_step():
            if isinstance(step, Insert):
                assert needs_of(self.here, step.module) <= set(self.order)
                assert step.module not in self.order
                self.order.append(step.module)
                run.record(DONE)
            else:
                assert not self.users(step.module)
                self.order.remove(step.module)
                run.record(Done("delete_module"), self.state())
        return run


@given(worlds(), st.sampled_from(NAMES), st.sampled_from(NAMES), st.booleans())
def test_removal_never_takes_what_is_needed(here: World, name: str, other: str, holders: bool) -> None:
    kernel = CountingKernel(here)
    for wanted in (name, other):
        target = resolve(wanted, here)[0]
        kernel.follow(plan_load(target, Request(wanted), here, kernel.state()))
        assert needs_of(here, wanted) | {wanted} <= set(kernel.order)
    before = list(kernel.order)
    in_use = bool(kernel.users(name))
    plan = plan_unload(resolve(name, here)[0], RemoveRequest(name, holders=holders), here, kernel.state())
    run = kernel.follow(plan)
    if run.journal.failure is None:
        assert name not in kernel.order
    else:
        assert in_use
    assert kernel.order == [module for module in before if module in kernel.order]


@given(worlds(), st.sampled_from(NAMES))
def test_a_removal_takes_the_module_first_then_all_it_brought(here: World, name: str) -> None:
    plain = World(here.directory, here._index, here.settings._replace(softdeps=()), here.exists)
    kernel = CountingKernel(plain)
    loading = plan_load(resolve(name, plain)[0], Request(name), plain, KernelState())
    kernel.follow(loading)
    removing = plan_unload(resolve(name, plain)[0], RemoveRequest(name), plain, kernel.state())
    assert removing.steps[0].module == loading.steps[-1].module == name
    assert [step.module for step in removing.steps[1:]] == [step.module for step in loading.steps[:-1]]
    kernel.follow(removing)
    assert name not in kernel.order
