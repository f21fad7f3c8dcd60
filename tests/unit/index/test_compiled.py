"""The compiled search gives what the walk of the trie gives, in its order."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lkm.index import lookup
from lkm.index.compiled import Compiled
from lkm.index.lookup import ModuleIndex
from lkm.index.triewriter import value_block, write_trie
from tests.unit.index.test_trie import INDEXES, trie_of

TEXTS = st.text("ab:_*?[]!-\\", max_size=10).map(str.encode)
PARTS = st.sampled_from(["usb:v", "1", "2", "p", "*", "d", "*", "ic", "08", "in", "?", "[12]", "\\"])
PATTERNS = st.lists(PARTS, max_size=9).map("".join).map(str.encode)
NAMES = st.lists(st.sampled_from(["usb:v", "1", "2", "p", "d", "ic", "08", "in", "\\"]), max_size=14)


@given(INDEXES, st.lists(TEXTS, max_size=8))
@example({b"a*b*": [(1, b"x")], b"a*bb*": [(1, b"y")], b"*": [(1, b"z")], b"abb": [(1, b"w")]}, [b"abb", b"ab\n"])
def test_as_the_trie(index: dict[bytes, list[tuple[int, bytes]]], texts: list[bytes]) -> None:
    trie = trie_of(index)
    compiled = Compiled(trie)
    for text in (*texts, *index):
        assert compiled.search_wild(text) == trie.search_wild(text)


@given(
    st.dictionaries(PATTERNS, st.lists(st.tuples(st.integers(0, 2), st.binary(max_size=0)), min_size=1, max_size=2)),
    st.lists(NAMES.map("".join).map(str.encode), min_size=1),
)
def test_as_the_trie_for_names_of_devices(index: dict[bytes, list[tuple[int, bytes]]], names: list[bytes]) -> None:
    # One value for each key and priority, so that the order shows.
    named = {
        key: [(priority, b"%d-%d" % (number, at)) for at, (priority, _) in enumerate(values)]
        for number, (key, values) in enumerate(index.items())
    }
    trie = trie_of(named)
    compiled = Compiled(trie)
    for name in names:
        assert compiled.search_wild(name) == trie.search_wild(name)


def test_a_text_that_would_be_tried_again_and_again_is_passed_once() -> None:
    trie = trie_of({b"x" + b"*ab" * 30: [(0, b"m")], b"x" + b"*a" * 30 + b"*c": [(0, b"n")]})
    assert Compiled(trie).search_wild(b"x" + b"ab" * 2000 + b"c") == [b"n"]


def test_an_index_that_is_asked_often_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookup, "MANY", 3)
    data = write_trie({b"pci:v*": value_block([(0, b"one")]), b"pci:*": value_block([(1, b"two")])})
    index = ModuleIndex("/d", lambda name: data if name == "modules.alias.bin" else None)
    for asked in range(6):
        assert index.aliases("pci:v1") == ("one", "two")
        assert index.aliases("usb:v1") == ()
        assert bool(index._searches) == (asked >= 1)
    assert index.symbol_owners("symbol:x") == ()


def test_nothing_to_compile() -> None:
    index = ModuleIndex("/d", lambda _: None)
    index.compile()
    assert index.aliases("pci:v1") == ()
