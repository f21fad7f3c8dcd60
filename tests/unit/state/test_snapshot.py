from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lkm.state.snapshot import KINDS, Change, Snapshot, Thing, apply, diff, natural, snapshot

TEXT = st.text("ab1 /", max_size=3)
THINGS = st.lists(st.builds(Thing, st.sampled_from([*KINDS, "other"]), TEXT, TEXT, TEXT), max_size=12)
SNAPSHOTS = st.builds(snapshot, THINGS)


@given(SNAPSHOTS)
def test_nothing_differs_from_itself(one: Snapshot) -> None:
    assert diff(one, one) == ()
    assert apply(one, ()) == one.things


@given(SNAPSHOTS, SNAPSHOTS)
def test_a_difference_leads_from_one_to_the_other_and_back(one: Snapshot, other: Snapshot) -> None:
    changes = diff(one, other)
    assert apply(one, changes) == other.things
    back = diff(other, one)
    assert {(c.before, c.after) for c in changes} == {(c.after, c.before) for c in back}
    assert apply(other, back) == one.things
    assert len({(c.kind, c.name) for c in changes}) == len(changes)


@given(SNAPSHOTS, SNAPSHOTS, SNAPSHOTS)
def test_differences_add_up(one: Snapshot, two: Snapshot, three: Snapshot) -> None:
    between = Snapshot(things=apply(one, diff(one, two)))
    assert apply(between, diff(two, three)) == apply(one, diff(one, three))


@given(THINGS)
def test_a_snapshot_has_no_order_of_its_own_and_each_thing_once(things: list[Thing]) -> None:
    unique = list({(thing.kind, thing.name): thing for thing in reversed(things)}.values())
    assert snapshot(things) == snapshot(unique) == snapshot(reversed(unique))


def test_the_first_of_two_counts() -> None:
    assert snapshot([Thing("char", "1 a", "x"), Thing("char", "1 a", "y")]).things == (Thing("char", "1 a", "x"),)


def test_the_order_of_reports() -> None:
    things = [
        Thing("parameter", "a"),
        Thing("node", "/dev/loop10"),
        Thing("node", "/dev/loop9"),
        Thing("driver", "z"),
    ]
    assert [change.name for change in diff(Snapshot(), snapshot(things))] == ["z", "/dev/loop9", "/dev/loop10", "a"]


@given(st.lists(st.text("a1²٣-", max_size=5)))
def test_any_names_can_be_sorted(names: list[str]) -> None:
    assert sorted(natural(name) for name in names) == sorted(natural(name) for name in reversed(names))


def test_what_a_change_is() -> None:
    old, new = Thing("device", "pci/0"), Thing("device", "pci/0", "e100", "e100")
    assert [Change(None, new).sign, Change(old, None).sign, Change(old, new).sign] == ["+", "-", "~"]
    assert (Change(old, None).thing, Change(old, new).thing) == (old, new)
