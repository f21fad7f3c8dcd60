"""Words that rules share: names and paths as a shell takes them, long lists made short."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from lkm.diagnose.evidence import Evidence

_PLAIN = "/-_.+,:@%"


def typed(word: str) -> str:
    """Return a word as it has to be typed in a shell.

    >>> typed("/lib/modules/6.1/msdos.ko"), typed("my module.ko"), typed("it's")
    ('/lib/modules/6.1/msdos.ko', "'my module.ko'", "'it'\\\\''s'")
    """
    bare = "".join([char for char in word if char not in _PLAIN])
    plain = bool(word) and (not bare or (bare.isascii() and bare.isalnum()))
    return word if plain else "'" + word.replace("'", "'\\''") + "'"


def name_of(evidence: Evidence) -> str:
    """Return the module's name: the one in the file, which is what the kernel goes by."""
    facts = evidence.file.facts if evidence.file else None
    return (facts.name if facts else "") or evidence.name


def build_of(evidence: Evidence) -> str:
    """Return the directory of the kernel's headers, "" where its release is not known."""
    release = evidence.kernel.release if evidence.kernel else ""
    return f"/lib/modules/{release}/build" if release else ""


def some(words: Sequence[str], most: int = 4) -> str:
    """Return a list's first words, and how many more there are.

    >>> some(["a", "b", "c"], 2)
    'a, b and 1 more'
    """
    rest = len(words) - most
    return ", ".join(words[:most]) + (f" and {rest} more" if rest > 0 else "")


def count(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun.

    >>> count(1, "user"), count(3, "user"), count(2, "copy", "copies")
    ('1 user', '3 users', '2 copies')
    """
    return f"{number} {one}" if number == 1 else f"{number} {many or one + 's'}"
