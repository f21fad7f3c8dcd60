"""A changed index is the same bytes as one that is made anew, whatever the keys and the changes are."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from lkm.index.trie import Trie
from lkm.index.triemerge import TrieEditor, pack_fields
from lkm.index.triewriter import value_block, write_trie

# Few characters, so that keys share their starts; from both ends, so that tables of children have gaps.
keys = st.text("\x01ab~", max_size=6).map(str.encode)
blocks = st.lists(st.tuples(st.integers(0, 9), st.sampled_from([b"", b"m", b"n" * 300])), min_size=1, max_size=3)
tries = st.dictionaries(keys, blocks.map(value_block), max_size=12)
changes = st.lists(st.tuples(keys, st.none() | blocks.map(value_block)), max_size=12)


def to(block: bytes) -> Callable[[bytes], bytes]:
    return lambda _old: block


@given(tries, st.lists(changes, max_size=3))
def test_changes_give_what_a_new_file_has(trie: dict[bytes, bytes], rounds: list[list[tuple[bytes, bytes]]]) -> None:
    places: list[int] = []
    data, fields = write_trie(trie, fields=places), pack_fields(places)
    for changes_of_round in rounds:
        editor = TrieEditor(data, fields)
        for key, block in changes_of_round:
            editor.change(key, to(block or b""))
            trie.pop(key, None)
            if block:
                trie[key] = block
        data, fields = editor.finish()
        places = []
        assert data == write_trie(trie, fields=places)
        assert fields == pack_fields(places)


@given(tries, keys)
def test_a_change_is_told_what_was_there(trie: dict[bytes, bytes], key: bytes) -> None:
    places: list[int] = []
    data = write_trie(trie, fields=places)
    editor = TrieEditor(data, pack_fields(places))
    seen: list[bytes] = []

    def look(block: bytes) -> bytes:
        seen.append(block)
        return block

    editor.change(key, look)
    assert seen == [trie.get(key, b"")]
    assert editor.finish() == (data, pack_fields(places))


def test_keys_that_start_one_another_thousands_deep() -> None:
    trie = {b"a" * length: value_block([(0, b"m")]) for length in range(1, 3000)}
    places: list[int] = []
    editor = TrieEditor(write_trie(trie, fields=places), pack_fields(places))
    editor.change(b"a" * 2998, to(b""))
    data, _ = editor.finish()
    assert [len(key) for key, _ in Trie(data).items()] == [*range(1, 2998), 2999]


def test_places_far_apart() -> None:
    assert pack_fields([]) == b""
    assert pack_fields([0, 1, 256, 512, 1022]) == bytes([0, 0, 254, 255, 0, 255, 254])
