"""The cache's file: what is written is read back; every cut and every changed byte is noticed."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lkm.index.cache import MAGIC, STAMP, Cache, Column, Derived, dump, load, pack, unpack

names = st.lists(st.binary(max_size=6).map(lambda b: b.replace(b"\0", b"_")), max_size=4)
files = st.lists(st.tuples(names, names, names, names), max_size=4)


@given(files, st.binary(max_size=9), st.binary(max_size=9), st.data())
def test_what_is_written_is_read_back(
    rows: list[tuple[list[bytes], ...]], context: bytes, outputs: bytes, data: st.DataObject
) -> None:
    facts = [Column.of([pack(row[part]) for row in rows]) for part in range(4)]
    count = len(rows)
    paths = pack([b"k/%d.ko" % i for i in range(count)])
    direct = [tuple(data.draw(st.lists(st.integers(0, count - 1), max_size=3))) for _ in rows]
    derived = Derived(direct, tuple(range(count)), (b"\1", b"", b"\2\3"))
    cache = Cache(
        context, bytes(STAMP.size * count), paths, (facts[0], facts[1], facts[2], facts[3]), outputs, derived
    )
    assert load(b"".join(dump(cache))) == cache
    assert [tuple(unpack(part) for part in parts) for parts in zip(*facts, strict=True)] == rows


FACTS = (Column.of([b"alias=x\0"]), Column.of([b"f\0"]), Column.of([b""]), Column.of([b""]))
DERIVED = Derived([(0,)], (8,), (b"\1\2", b"\3", b""))
DATA = b"".join(dump(Cache(b"c", bytes(STAMP.size), b"a.ko\0", FACTS, b"modules.dep 1 2\n", DERIVED)))


def test_every_cut_and_every_changed_byte_is_noticed() -> None:
    assert load(DATA)
    for at in range(len(DATA)):
        assert load(DATA[:at]) is None
        assert load(DATA[:at] + bytes([DATA[at] ^ 1]) + DATA[at + 1 :]) is None
    assert load(DATA + b"\0") is None


@given(st.binary(max_size=200), st.lists(st.integers(0, 60) | st.just(2**32 - 1), min_size=16, max_size=16))
def test_hostile_numbers_under_a_right_sum_do_no_harm(body: bytes, numbers: list[int]) -> None:
    from zlib import crc32

    body = struct.pack("<16I", *numbers) + body
    cache = load(MAGIC + struct.pack("<I", crc32(body)) + body)
    assert cache is None or len(cache.facts[0]) == numbers[0]


@pytest.mark.parametrize("lengths", [(9, 2, 0, 0), (2**32 - 1, 2**32 - 1, 0, 0), (0, 0, 0, 0)])
def test_parts_that_do_not_add_up_are_refused(lengths: tuple[int, ...]) -> None:
    from zlib import crc32

    body = DATA[20:].replace(struct.pack("<4I", 8, 2, 0, 0), struct.pack("<4I", *lengths))
    assert load(MAGIC + struct.pack("<I", crc32(body)) + body) is None


@pytest.mark.parametrize("edge", [1, 2**32 - 1])
def test_a_need_of_no_module_is_no_ground_for_changes(edge: int) -> None:
    from zlib import crc32

    direct = struct.pack("<3I", 1, 0, 8)
    assert DATA.count(direct) == 1
    body = DATA[20:].replace(direct, struct.pack("<3I", 1, edge, 8))
    cache = load(MAGIC + struct.pack("<I", crc32(body)) + body)
    assert cache
    assert (cache.facts, cache.derived) == (FACTS, None)
