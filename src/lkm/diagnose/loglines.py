"""What the kernel's log says of a load: its lines as facts (kernel/module/*.c, kernel/params.c print them)."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def unknown_symbols(log: Iterable[str], error: int = 2) -> list[str]:
    """Return the symbols that were called unknown with this error number, sorted (``simplify_symbols``).

    >>> unknown_symbols(["msdos: Unknown symbol fat_b (err -2)", "x: Unknown symbol fat_a (err -2)", "hello"])
    ['fat_a', 'fat_b']
    """
    found = set()
    for line in log:
        _, mark, rest = line.partition(": Unknown symbol ")
        symbol, mark, number = rest.partition(" (err -") if mark else ("", "", "")
        if mark and number == f"{error})":
            found.add(symbol)
    return sorted(found)
