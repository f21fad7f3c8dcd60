"""What a mistyped directive was most likely meant to be."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the known word with the fewest single-letter edits to this one, or "" when all are far from it.

    >>> nearest("optoins", ("alias", "options")), nearest("xyzzy", ("alias", "options"))
    ('options', '')
    """
    word = word.lower()
    close = [k for k in known if abs(len(k) - len(word)) <= _reach(k)]
    distance, best = min([(_distance(word, k), k) for k in close], default=(1, ""))
    return best if distance <= _reach(best) else ""


def _reach(word: str) -> int:
    """Return how many edits away from a word a slip of it may be."""
    return max(1, len(word) // 3)


def hint_for(keyword: str, known: Iterable[str]) -> str:
    """Return the cure for a line that starts with an unknown directive."""
    if keyword[:1] == "#":
        return "a comment must start in the first column"
    if keyword == "\r":
        return "the file has DOS line ends; remove the carriage returns"
    near = nearest(keyword, known)
    return f"did you mean '{near}'?" if near else "directives are: " + ", ".join(known)


def _distance(one: str, other: str) -> int:
    """Return the number of insertions, deletions and changes, two swapped neighbours counting as two."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        before, row = row, [i]
        for j, b in enumerate(other, 1):
            row.append(min(before[j] + 1, row[-1] + 1, before[j - 1] + (a != b)))
    return row[-1]
