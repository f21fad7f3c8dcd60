from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lkm.autoload.marks import Lost, Mark, Marks, dump, load, mark_for, observe, reconcile
from lkm.autoload.nouns import KERNEL, Request
from lkm.errors import FormatError
from lkm.state.usage import Sample

FAT = mark_for("fat", 7, Request("fs-vfat", KERNEL, 0.0, uid=0), 10.0)


def test_a_mark_says_what_it_was_loaded_for() -> None:
    assert (FAT.alias, FAT.requester, FAT.uid, FAT.loaded, FAT.last_use) == ("fs-vfat", KERNEL, 0, 10.0, 10.0)
    assert not FAT.used_once


def test_a_use_and_its_end_are_seen_and_dated() -> None:
    used = observe(FAT, Sample("fat", 7, 1), 20.0)
    assert (used.used_once, used.visited, used.in_use, used.last_use) == (True, True, True, 20.0)
    cleared = observe(used, Sample("fat", 7, 1), 30.0)._replace(visited=False)
    ended = observe(cleared, Sample("fat", 7, 0), 40.0)
    assert (ended.visited, ended.in_use, ended.last_use) == (True, False, 40.0)
    assert observe(ended, Sample("fat", 7, 0), 50.0).last_use == 40.0


def test_an_interface_that_is_up_or_a_device_is_a_use() -> None:
    assert observe(FAT, Sample("fat", 7, interfaces=("eth0",)), 20.0).used_once
    assert observe(FAT, Sample("fat", 7, devices=("0000:00:03.0",)), 20.0).used_once


def test_modules_that_come_on_top_are_a_use_once_but_no_visit() -> None:
    held = observe(FAT, Sample("fat", 7, 1, ("vfat",)), 20.0)
    assert (held.used_once, held.visited, held.last_use) == (True, False, 20.0)


def test_the_use_count_of_a_module_that_is_being_loaded_is_no_use() -> None:
    assert not observe(FAT, Sample("fat", 7, 1, live=False), 20.0).used_once


def test_what_went_or_was_replaced_or_was_of_another_boot_is_lost() -> None:
    marks = Marks("b1", (FAT, FAT._replace(module="loop", instance=8), FAT._replace(module="tun", instance=0)))
    samples = (Sample("fat", 9), Sample("tun", 3), Sample("other", 4))
    kept, lost = reconcile(marks, "b1", samples)
    assert [mark.module for mark in kept.marks] == ["tun"]
    assert lost == (Lost(marks.marks[0], "replaced"), Lost(marks.marks[1], "gone"))
    assert reconcile(marks, "b2", samples) == (Marks("b2"), tuple([Lost(mark, "rebooted") for mark in marks.marks]))


def test_pins_end_with_the_module_that_they_pinned() -> None:
    marks = Marks("b", (FAT,), ("fat", "nfsd"))
    assert reconcile(marks, "b", (Sample("fat", 7),))[0].pins == ("fat", "nfsd")
    assert reconcile(marks, "b", ())[0].pins == ("nfsd",)


NAME = st.text(max_size=5)
MARKS = st.builds(
    Mark,
    NAME,
    st.integers(0, 2**32),
    st.floats(0, 1e9),
    st.floats(0, 1e9),
    NAME,
    NAME,
    st.integers(-1, 9),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.lists(NAME).map(tuple),
)


@given(st.lists(MARKS), st.lists(NAME), st.floats(0, 1e9), st.floats(0, 1e6))
def test_what_is_written_is_read_again(marks: list[Mark], pins: list[str], swept: float, every: float) -> None:
    whole = Marks("b", (), tuple(pins), swept, every).put(marks)
    assert load(dump(whole)) == whole


@given(st.text() | st.from_regex(r'\{"version": 1, "boot": 1, "modules": \[.{0,20}', fullmatch=True))
def test_what_is_no_state_is_refused_in_one_way(text: str) -> None:
    with pytest.raises(FormatError):
        load(text, "f")


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        '{"version": 2}',
        '{"version": 1, "boot": "b", "modules": [{"module": "m"}], "pins": []}',
        '{"version": 1, "boot": "b", "modules": [], "pins": [1]}',
        dump(Marks("b", (FAT,))).replace("10.0", '"x"'),
        dump(Marks("b", (FAT,))).replace("10.0", "1e999"),
        dump(Marks("b", (FAT,))).replace('"every": 0.0', '"every": NaN'),
        dump(Marks("b", (FAT,))).replace('"fat"', "3"),
    ],
)
def test_what_is_almost_a_state_is_refused(text: str) -> None:
    with pytest.raises(FormatError, match="state"):
        load(text, "f")
