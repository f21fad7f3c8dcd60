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
    close = [k for k in known if abs(len(k) - len(word)) <= _reach(k) and _alike(word, k)]
    found = [(_distance(word, k, _reach(k)), k) for k in close]
    return min([(distance, k) for distance, k in found if distance <= _reach(k)], default=(0, ""))[1]


def _reach(word: str) -> int:
    """Return how many edits away from a word a slip of it may be."""
    return max(1, len(word) // 3)


def _alike(word: str, other: str) -> bool:
    """Tell whether words have so many letters in common, in any order, that one may be a slip of the other.

    An edit brings in or takes away one letter of each word at most, and a swap none. This costs much less than the
    distance, and rules out nearly all names of a tree.
    """
    longer = max(len(word), len(other))
    left = other
    common = 0
    for letter in word:
        if letter in left:
            left = left.replace(letter, "", 1)
            common += 1
    return longer - common <= _reach(other)


def hint_for(keyword: str, known: Iterable[str]) -> str:
    """Return the cure for a line that starts with an unknown directive."""
    if keyword[:1] == "#":
        return "a comment must start in the first column"
    if keyword == "\r":
        return "the file has DOS line ends; remove the carriage returns"
    near = nearest(keyword, known)
    return f"did you mean '{near}'?" if near else "directives are: " + ", ".join(known)


def _distance(one: str, other: str, most: int) -> int:
    """Return the number of insertions, deletions, changes and swaps of neighbours that make one word the other.

    Where that is more than ``most``, any number that is more.
    """
    last: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        last, before, row = row, last, [i]
        for j, b in enumerate(other, 1):
            steps = min(last[j] + 1, row[-1] + 1, last[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and b == one[i - 2]:
                steps = min(steps, before[j - 2] + 1)
            row.append(steps)
        if min(row) > most and min(last) > most:  # a swap looks back two rows; from here it only grows
            break
    else:
        return row[-1]
    return most + 1
