from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lkm.autoload.autoclean import WORDS, Opinion
from lkm.autoload.nouns import ALLOW, DENY, KERNEL, Entry, Outcome, Request, Verdict
from lkm.autoload.outlook import Outlook
from lkm.names import ModuleName
from lkm.report.watch import (
    EVENTS,
    FEW,
    ORDERS,
    SAMPLES,
    TITLES,
    VIEWS,
    Event,
    Row,
    Watch,
    bars,
    chosen,
    countdown,
    folded,
    follow,
    table,
    viewed,
)
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


def test_requests_come_before_what_they_load_and_are_told_from_it() -> None:
    watch = follow(Watch(), KernelState(), 0.0)
    minix = KernelState((LoadedModule(ModuleName("minix"), 9, 0),))
    loaded = Entry(Request("fs-minix", KERNEL, 0.5), Verdict(ALLOW), Outcome(0, "done", ("minix",), "", 0.02))
    denied = Entry(Request("tun", KERNEL, 0.7), Verdict(DENY, "no"))
    failed = loaded._replace(outcome=Outcome(3, "not-found", (), "no such"))
    watch = follow(watch, minix, 1.0, (), (loaded, denied, failed), {"minix": "5s"}, ("odd",))
    assert (
        watch.news
        == watch.events
        == (
            Event(0.5, "request", "fs-minix", "kernel: loaded minix (20 ms)"),
            Event(0.7, "refused", "tun", "kernel: deny: no"),
            Event(0.5, "refused", "fs-minix", "kernel: not-found: no such (0 ms)"),
            Event(1.0, "loaded", "minix", "9 bytes"),
            Event(1.0, "note", "", "odd"),
        )
    )
    assert watch.rows[0].goes == "5s"
    assert follow(watch, minix, 2.0).news == ()
    assert [event.kind for event in viewed(watch.events, "requests")] == ["request", "refused", "refused", "note"]
    assert [event.kind for event in viewed(watch.events, "modules")] == ["loaded", "note"]


KINDS = st.sampled_from(["request", "refused", "loaded", "removed", "use", "state", "kernel", "note"])
SOME = st.lists(st.builds(Event, st.just(1.0), KINDS, NAMES, st.text(max_size=5)), max_size=200)


@given(SOME)
def test_a_look_brings_few_lines_and_none_of_a_kind_is_lost_in_silence(events: list[Event]) -> None:
    found = folded(events)
    assert set(viewed(events, "all")) == set(events)
    for kind in {event.kind for event in events}:
        all_, shown = [[event for event in some if event.kind == kind] for some in (events, found)]
        if len(all_) <= FEW or kind == "note":
            assert shown == all_
        elif kind == "kernel":
            assert shown[0].text.startswith(f"{len(all_) - FEW} lines") and shown[1:] == all_[-FEW:]
        else:
            assert [event.name for event in shown] == [str(len(all_))]
    few = [event for event in events if sum(other.kind == event.kind for other in events) <= FEW]
    assert [event for event in found if event in few] == few
    assert {event.kind for event in events} <= {kind for kinds in VIEWS.values() for kind in kinds}


ROWS = st.lists(
    st.builds(
        Row,
        st.builds(
            LoadedModule,
            st.text("abc_", min_size=1, max_size=50).map(ModuleName),
            st.integers(0, 10**7),
            st.integers(-1, 9999),
            st.lists(NAMES.map(ModuleName), max_size=5).map(tuple),
            state=st.sampled_from(["Live", "Loading", "Unloading"]),
            taint=st.sampled_from(["", "OE", "POEX"]),
        ),
        st.lists(st.integers(-1, 9), min_size=1, max_size=SAMPLES).map(tuple),
        st.just(0.0),
        st.just(0.0),
        st.sampled_from(["", "59m59s", "(>59m59s)", "in use"]),
    ),
    max_size=9,
)


@given(ROWS, st.integers(80, 300), st.floats(0, 1e7))
def test_a_table_is_never_wider_than_the_screen(rows: list[Row], width: int, now: float) -> None:
    titles, lines = table(rows, now, width)
    widths = [max(len(text) for text in column) for column in zip(titles, *lines, strict=True)]
    assert sum(widths) + 2 * len(widths) + 2 <= width
    assert [title for title in TITLES if title in titles] == list(titles)
    assert {"module", "use", "over time", "used by"} <= set(titles)
    if width >= 130:
        wanted = {"goes in": [row.goes for row in rows], "taint": [row.module.taint for row in rows]}
        assert all((title in titles) == any(cells) for title, cells in wanted.items())
    for row, line in zip(rows, lines, strict=True):
        cells = dict(zip(titles, line, strict=True))
        assert cells["over time"].endswith(bars(row.counts[-9:]))


@given(st.sampled_from(sorted(WORDS)), st.none() | st.floats(0, 1e6), st.booleans(), st.booleans())
def test_a_countdown_is_short_and_in_brackets_where_nothing_is_removed(
    word: str, at: float | None, sure: bool, active: bool
) -> None:
    text = countdown(Outlook(Opinion("fat", word), at, sure), 0.0, active=active)
    assert len(text) <= 9
    assert (text[:1] == "(") == (at is not None and not active)
