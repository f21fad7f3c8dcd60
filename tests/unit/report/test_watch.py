from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lkm.names import ModuleName
from lkm.report.watch import EVENTS, ORDERS, SAMPLES, Watch, bars, chosen, follow
from lkm.state.nouns import KernelState, LoadedModule, LogRecord

NAMES = st.sampled_from(["fat", "msdos", "vfat", "dummy", "loop"])
STATES = st.dictionaries(NAMES, st.integers(-1, 5), max_size=5).map(
    lambda counts: KernelState(tuple(LoadedModule(ModuleName(n), 4096, c) for n, c in sorted(counts.items())))
)


@given(st.lists(STATES, min_size=1, max_size=40))
def test_what_came_and_went_accounts_for_what_is_there(states: list[KernelState]) -> None:
    watch = Watch()
    for now, state in enumerate(states):
        watch = follow(watch, state, float(now))
        assert [row.module for row in watch.rows] == list(state.modules)
        assert all(1 <= len(row.counts) <= SAMPLES and row.counts[-1] == row.module.refcount for row in watch.rows)
        assert all(row.seen <= row.used <= watch.at for row in watch.rows)
    there = {module.name for module in states[0].modules}
    for event in watch.events:
        if event.kind == "loaded":
            assert event.name not in there
            there.add(ModuleName(event.name))
        elif event.kind == "removed":
            there.remove(ModuleName(event.name))
    assert there == {row.module.name for row in watch.rows}


@given(STATES, st.sampled_from(sorted(ORDERS)))
def test_rows_are_sorted_and_none_is_lost(state: KernelState, order: str) -> None:
    watch = follow(Watch(), state, 0.0)
    assert sorted(row.module.name for row in chosen(watch, order)) == sorted(m.name for m in state.modules)
    assert [row.module.name for row in chosen(watch, "name")] == sorted(m.name for m in state.modules)


def test_a_filter_keeps_what_is_held_by_the_name_too() -> None:
    fat = LoadedModule(ModuleName("fat"), 1, 1, (ModuleName("msdos"),))
    watch = follow(Watch(), KernelState((fat, LoadedModule(ModuleName("loop"), 9, 0))), 0.0)
    assert [row.module.name for row in chosen(watch, "name", "msd")] == ["fat"]
    assert [row.module.name for row in chosen(watch, "size")] == ["loop", "fat"]


def test_the_kernels_words_and_states_are_events_and_old_ones_go() -> None:
    going = LoadedModule(ModuleName("x"), 1, -1, state="Unloading")
    watch = follow(Watch(), KernelState((going._replace(state="Live", refcount=0),)), 0.0)
    watch = follow(watch, KernelState((going,)), 1.0, [LogRecord(6, 1, 0, "x: bye")])
    assert [(event.kind, event.text) for event in watch.events] == [
        ("use", "0 → -1"),
        ("state", "Live → Unloading"),
        ("kernel", "x: bye"),
    ]
    for now in range(EVENTS + 5):
        watch = follow(watch, KernelState(), float(now), [LogRecord(6, 1, 0, "more")])
    assert len(watch.events) == EVENTS


@given(st.lists(st.integers(-1, 10**6)))
def test_bars_are_as_many_as_counts(counts: list[int]) -> None:
    assert len(bars(counts)) == len(counts)
    assert [bar == " " for bar in bars(counts)] == [count <= 0 for count in counts]
