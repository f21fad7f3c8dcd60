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


def bad_parameters(log: Iterable[str]) -> list[tuple[str, str, str]]:
    """Return (parameter, value, "invalid" or "too large") of the values that were refused (``parse_args``).

    >>> bad_parameters(["dummy: `abc' invalid for parameter `numdummies'"])
    [('numdummies', 'abc', 'invalid')]
    """
    found = []
    for line in log:
        for how in ("invalid", "too large"):
            left, mark, right = line.partition(f"' {how} for parameter `")
            if mark:
                found.append((right.rstrip("'"), left.partition("`")[2], how))
    return found


def between(log: Iterable[str], before: str, after: str) -> list[str]:
    """Return what stands between two texts, of each line that has both.

    >>> between(["Module x is blacklisted", "other"], "Module ", " is blacklisted")
    ['x']
    """
    found = []
    for line in log:
        _, start, rest = line.partition(before)
        inside, end, _ = rest.partition(after) if after else (rest, "x", "")
        if start and end:
            found.append(inside)
    return found
