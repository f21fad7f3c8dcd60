r"""Putting safe changes into a file's text; all other lines stay as they are.

>>> fixed("a\nb\nc\n", [Edit("x", 2, 2, ("# why", "B")), Edit("x", 2, 3), Edit("x", 3, 3)])
'a\n# why\nB\n'
"""

from __future__ import annotations

from lkm.lint.nouns import Edit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def fixed(text: str, edits: Iterable[Edit]) -> str:
    """Return the text with the edits made; of two that share a line the first counts (the other is found again)."""
    rows = text.split("\n")
    taken: set[int] = set()
    chosen = []
    for edit in edits:
        lines = set(range(edit.first, edit.last + 1))
        if not lines & taken:
            taken |= lines
            chosen.append(edit)
    for edit in sorted(chosen, key=lambda edit: -edit.first):
        rows[edit.first - 1 : edit.last] = edit.rows
    return "\n".join(rows)
