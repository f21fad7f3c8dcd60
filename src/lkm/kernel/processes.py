"""Processes as /proc shows them: what one is called, and who started it."""

from __future__ import annotations

#: So far up is looked: nobody nests commands deeper.
_MOST = 32


def comm(pid: int, proc: str = "/proc") -> str:
    """Return a process's name, or "" when it is gone or unknown."""
    return _text(f"{proc}/{pid}/comm").rstrip("\n") if pid > 0 else ""


def ancestors(pid: int, proc: str = "/proc") -> tuple[int, ...]:
    """Return a process, its parent, and so on up; what can't be known any more is left out."""
    found: list[int] = []
    while pid > 0 and len(found) < _MOST:
        found.append(pid)
        # Field 4 of proc(5)'s stat; the name before it may hold anything, ")" too.
        fields = _text(f"{proc}/{pid}/stat").rpartition(")")[2].split()
        pid = int(fields[1]) if len(fields) > 1 else 0
    return tuple(found)


def _text(path: str) -> str:
    try:
        with open(path, "rb") as file:
            return file.read().decode("utf-8", "surrogateescape")
    except OSError:
        return ""
