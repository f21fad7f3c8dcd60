"""The binary indexes: what is written is read back, and the wildcard search finds what fnmatch finds."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lkm.errors import FormatError
from lkm.index.trie import MAX_KEY, Trie, _Budget, _Node
from lkm.index.triewriter import value_block, write_trie
from lkm.wildcard import matches

# Few characters, so that keys share prefixes and patterns match; the wildcards are among them.
KEYS = st.text("ab:_*?[]!-\\", max_size=8).map(str.encode)
VALUES = st.lists(st.tuples(st.integers(0, 5), st.text("xy", max_size=3).map(str.encode)), min_size=1, max_size=3)
INDEXES = st.dictionaries(KEYS, VALUES, max_size=20)


def trie_of(index: dict[bytes, list[tuple[int, bytes]]]) -> Trie:
    return Trie(write_trie({key: value_block(values) for key, values in index.items()}))


@given(INDEXES)
def test_all_that_is_written_is_read_back_sorted(index: dict[bytes, list[tuple[int, bytes]]]) -> None:
    want = [(key, value) for key, values in sorted(index.items()) for _, value in values]
    assert list(trie_of(index).items()) == want


@given(INDEXES, KEYS)
def test_search_gives_the_first_value_of_a_literal_key(
    index: dict[bytes, list[tuple[int, bytes]]], other: bytes
) -> None:
    trie = trie_of(index)
    for key in (*index, other):
        assert trie.search(key) == (index[key][0][1] if key in index else None)


def head_of(key: bytes) -> bytes:
    """Return what stands before a key's first wildcard: the search takes it literally, backslashes too."""
    return key[: min((key.index(byte) for byte in b"*?[" if byte in key), default=len(key))]


def order_of_walk(key: bytes) -> tuple[int, int, bytes]:
    """Sort keys as kmod's search comes by them: those with the earliest wildcard first, "*" before "?" before "["."""
    at = len(head_of(key))
    return at, b"*?[".find(key[at : at + 1]) if at < len(key) else 3, key[at:]


@given(INDEXES, st.text("ab:_x]-\\", max_size=8).map(str.encode))
@example({b"": [(0, b"x")], b"*": [(0, b"")]}, b"")
@example({b"a*[": [(0, b"x")], b"a*b[!a]": [(0, b"y")], b"a?\\b*": [(0, b"z")]}, b"a:bb")
@example({b"*a*a*a": [(0, b"x")], b"*a*a*b": [(0, b"y")], b"*a*a*": [(0, b"z")]}, b"aaab")
def test_wild_search_finds_what_a_look_at_every_pattern_finds(
    index: dict[bytes, list[tuple[int, bytes]]], name: bytes
) -> None:
    want = []
    for key in sorted(index, key=order_of_walk):
        head = head_of(key)
        if name.startswith(head) and matches(key[len(head) :].decode(), name[len(head) :].decode()):
            want += index[key]
    want.reverse()
    want.sort(key=lambda pair: pair[0])
    assert trie_of(index).search_wild(name) == [value for _, value in want]


def test_a_search_leaves_what_cannot_match_early(monkeypatch: pytest.MonkeyPatch) -> None:
    # As the device tree aliases of an arm64 kernel: all alike in their first wildcards.
    index = {}
    for number in range(3000):
        chip = b"of:N*T*Cvendor%d,chip%d" % (number % 70, number)
        index[chip] = index[chip + b"C*"] = value_block([(number, b"m%d" % number)])
    trie = Trie(write_trie(index))
    read = []
    original = Trie._node

    def node(self: Trie, address: int, budget: _Budget) -> _Node:
        read.append(address)
        return original(self, address, budget)

    monkeypatch.setattr(Trie, "_node", node)
    assert trie.search_wild(b"of:NserialT(null)Cvendor21,chip2121Cother,chip7") == [b"m2121"]
    assert len(read) < 60


def test_equal_priorities_come_last_found_first() -> None:
    index = {b"q": [(0, b"z"), (0, b"b"), (0, b"a")], b"q*": [(0, b"z")], b"?": [(7, b"late")]}
    assert trie_of(index).search_wild(b"q") == [b"a", b"b", b"z", b"z", b"late"]


def test_an_index_without_keys_is_what_kmod_writes() -> None:
    data = write_trie({})
    assert data.hex() == "b007f457000200010000000c"
    assert list(Trie(data).items()) == []
    assert Trie(data).search(b"x") is None
    assert Trie(data).search_wild(b"x") == []


def test_the_empty_key_is_the_root() -> None:
    assert list(trie_of({b"": [(0, b"a")], b"b": [(1, b"c")]}).items()) == [(b"", b"a"), (b"b", b"c")]


def test_keys_of_eight_bits_are_refused() -> None:
    with pytest.raises(FormatError, match="7-bit"):
        write_trie({b"x\xe9": value_block([(0, b"a")])})
    with pytest.raises(FormatError, match="7-bit"):
        write_trie({b"x\0y": value_block([(0, b"a")])})


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "too short"),
        (b"\xb0\x07\xf4\x57\0\2\0\1", "too short"),
        (b"\xb0\x07\xf4\x58\0\2\0\1\0\0\0\x0c", "magic 0xb007f458"),
        (b"\xb0\x07\xf4\x57\0\3\0\1\0\0\0\x0c", "index version 3.1"),
    ],
)
def test_a_file_that_is_no_index_is_told(data: bytes, what: str) -> None:
    with pytest.raises(FormatError, match=what):
        Trie(data, "x.bin")


def test_a_circle_of_nodes_ends() -> None:
    # The root's only child, by '*', is the root itself.
    data = bytes.fromhex("b007f457 00020001 2000000c") + b"**" + bytes.fromhex("2000000c")
    with pytest.raises(FormatError, match="circle"):
        list(Trie(data).items())
    with pytest.raises(FormatError, match="circle"):
        Trie(data).search_wild(b"x" * 100)
    with pytest.raises(FormatError, match="circle"):
        Trie(data).search(b"*" * 100)


def test_a_key_without_end_is_refused() -> None:
    long = {b"a" * (MAX_KEY + 1): value_block([(0, b"v")])}
    with pytest.raises(FormatError, match="longer than"):
        list(Trie(write_trie(long)).items())


@pytest.mark.parametrize(
    ("tail", "what"),
    [
        ("8000000c 6161", "prefix without end"),
        ("2000000c 61", "node ends after the file"),
        ("2000000c 6162 00000000", "do not fit"),
        ("2000000c 6261 00000000", "do not fit"),
        ("4000000c 00", "node ends after the file"),
        ("4000000c 00000001 0000", "value ends after the file"),
        ("4000000c 00000001 00000000 61", "value without end"),
        ("4000ffff", "node ends after the file"),
    ],
)
def test_a_node_that_is_cut_off_is_told(tail: str, what: str) -> None:
    trie = Trie(bytes.fromhex("b007f457 00020001" + tail), "x.bin")
    with pytest.raises(FormatError, match=what) as caught:
        list(trie.items())
    assert caught.value.where == "x.bin"
    assert caught.value.offset >= 0
