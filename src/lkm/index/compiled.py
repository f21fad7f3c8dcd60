"""Many lookups in one binary index: its wildcard keys sorted by the text before their first wildcard.

A walk of the trie costs some 35 µs in Python. Here a text's beginnings are looked up in a dictionary, and only
patterns with such a beginning are compared. A pattern is its literal start, ``pci:v00008086d000015B8sv``, and a rest,
``*sd*bc*sc*i*``. Where many patterns have one start (``usb:v*p*d*dc*dsc*dp*ic08isc06ip50in*``) they are found in turn
by the longest piece of their rest.

The answers are those of :meth:`lkm.index.trie.Trie.search_wild`, in its order: by priority, of equals the last that
its walk comes to. Which of two keys it comes to first does not depend on the text, so one walk over all keys tells.
"""

from __future__ import annotations

import re

from lkm.wildcard import matches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from lkm.index.trie import Trie

    Matcher = Callable[[bytes, int], object]
    #: What is found: its place in the answer, and the value.
    Hit = tuple[tuple[int, int], bytes]
    #: (the rest, what is found, a piece that a text must have)
    Pattern = tuple[bytes, Hit, bytes]

#: Groups larger than this are looked up by piece.
_FEW = 4
#: Texts are told apart by so many bytes first: ``pci:``, ``usb:``.
_CLASS = 4
_WILDCARDS = (b"*", b"?", b"[")


class _Crowd:
    """Patterns with one start: ``others`` are compared one by one, the rest found by their longest piece."""

    __slots__ = ("lengths", "others", "table")

    def __init__(self, patterns: list[Pattern]) -> None:
        self.others: list[Pattern] = []
        self.table: dict[bytes, list[Pattern]] = {}
        self.lengths: list[tuple[bytes, tuple[int, ...]]] = []
        if len(patterns) <= _FEW:
            self.others = patterns
            return
        lengths: dict[bytes, set[int]] = {}
        for pattern in patterns:
            piece = pattern[2]
            if piece:
                self.table.setdefault(piece, []).append(pattern)
                lengths.setdefault(piece[:1], set()).add(len(piece))
            else:
                self.others.append(pattern)
        self.lengths = [(first, tuple(sorted(found))) for first, found in lengths.items()]

    def candidates(self, key: bytes, start: int) -> list[Pattern]:
        """Return the patterns that may match: found by a piece in the text after its first ``start`` bytes."""
        found = self.others.copy()
        table = self.table
        pieces = set()
        for first, lengths in self.lengths:
            at = key.find(first, start)
            while at >= 0:
                for length in lengths:
                    piece = key[at : at + length]
                    if piece in table:
                        pieces.add(piece)
                at = key.find(first, at + 1)
        for piece in pieces:
            found += table[piece]
        return found


class _Plan:
    """Which lengths of starts to try for texts of one class.

    ``coarse`` are those up to ``most``, the commonest length; longer ones are tried only where the text's first
    ``most`` bytes begin a longer start (``finer``).
    """

    __slots__ = ("_counts", "coarse", "finer", "most")

    def __init__(self, everywhere: list[int]) -> None:
        self._counts: dict[int, int] = dict.fromkeys(everywhere, 0)
        self.coarse = everywhere
        self.finer: dict[bytes, list[int]] = {}
        self.most = 0

    def add(self, length: int) -> None:
        """Count a start's length; all are counted before any is refined."""
        self._counts[length] = self._counts.get(length, 0) + 1

    def refine(self, start: bytes) -> None:
        """Note a start."""
        if not self.most:
            self.most = max(self._counts, key=lambda length: self._counts[length])
            self.coarse = sorted([length for length in self._counts if length <= self.most])
        if len(start) > self.most:
            lengths = self.finer.setdefault(start[: self.most], self.coarse.copy())
            if len(start) not in lengths:
                lengths.append(len(start))


class Compiled:
    """All keys of an index, made for thousands of lookups. Making it reads the whole index; may raise FormatError."""

    def __init__(self, trie: Trie) -> None:
        self._trie = trie
        self._exact: dict[bytes, list[Hit]] = {}
        groups: dict[bytes, list[Pattern]] = {}
        for rank, (key, priority, value) in enumerate(trie.found_order()):
            hit = ((priority, -rank), value)
            start = literal_start(key)
            if start == key:
                self._exact.setdefault(key, []).append(hit)
            else:
                rest = key[len(start) :]
                groups.setdefault(start, []).append((rest, hit, _piece(rest)))
        self._groups = {start: _Crowd(patterns) for start, patterns in groups.items()}
        self._everywhere = sorted({len(start) for start in groups if len(start) < _CLASS})
        self._plans: dict[bytes, _Plan] = {}
        for start in groups:
            if len(start) >= _CLASS:
                self._plans.setdefault(start[:_CLASS], _Plan(self._everywhere)).add(len(start))
        for start in groups:
            if len(start) >= _CLASS:
                self._plans[start[:_CLASS]].refine(start)
        self._matchers: dict[bytes, Matcher] = {}

    def search_wild(self, key: bytes) -> list[bytes]:
        """Return the values of all keys that match as patterns, as the trie's method of that name does."""
        if b"*" in key or b"?" in key or b"[" in key:
            return self._trie.search_wild(key)  # a pattern is found literally too
        found = list(self._exact.get(key, ()))
        groups = self._groups
        plan = self._plans.get(key[:_CLASS])
        lengths = plan.finer.get(key[: plan.most], plan.coarse) if plan else self._everywhere
        for length in lengths:
            group = groups.get(key[:length])
            if group is None or length > len(key):
                continue
            for rest, hit, piece in group.candidates(key, length) if group.table else group.others:
                if piece not in key:
                    continue
                matcher = self._matchers.get(rest)
                if matcher is None:
                    matcher = self._matchers[rest] = _matcher(rest)
                if matcher(key, length):
                    found.append(hit)
        if len(found) > 1:
            found.sort()
        return [value for _, value in found]


def literal_start(key: bytes) -> bytes:
    """Return the part of a pattern before its first wildcard; as in the trie, a backslash there means itself.

    >>> literal_start(b"usb:v*p*"), literal_start(b"a[1]"), literal_start(b"fs-msdos")
    (b'usb:v', b'a', b'fs-msdos')
    """
    ends = [at for at in map(key.find, _WILDCARDS) if at >= 0]
    return key[: min(ends)] if ends else key


def _only_stars(rest: bytes) -> bool:
    return not (b"?" in rest or b"[" in rest or b"\\" in rest)


def _piece(rest: bytes) -> bytes:
    return max(rest.split(b"*"), key=len) if _only_stars(rest) else b""


def _matcher(rest: bytes) -> Matcher:
    """Return what tells of a text and a place in it whether the text from there matches ``rest``.

    After a ``*`` the first place where a piece can stand is always the best, so the groups are atomic: a text of any
    length is passed once.
    """
    if not _only_stars(rest):
        pattern = rest.decode("latin-1")
        return lambda key, at: matches(pattern, key[at:].decode("latin-1"))
    *middle, last = rest.split(b"*")[1:]
    groups = [b"(?>.*?%s)" % re.escape(piece) for piece in middle]
    return re.compile(b"".join(groups) + b".*" + re.escape(last), re.DOTALL).fullmatch
