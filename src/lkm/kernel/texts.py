"""Looking at files of /proc and /sys that may be gone, or not be there, or not be for us: then there is nothing."""

from __future__ import annotations

import os


def names(directory: str) -> list[str]:
    """Return the names in a directory."""
    try:
        return os.listdir(directory)
    except OSError:
        return []


def text(path: str) -> str:
    """Return the text of a file."""
    try:
        with open(path, "rb") as file:
            return file.read().decode("utf-8", "surrogateescape")
    except OSError:
        return ""


def inode(path: str) -> int:
    """Return the number of a file or directory, 0 for none."""
    try:
        return os.stat(path).st_ino
    except OSError:
        return 0


def number(text: str) -> int:
    """Return the number that a text is, 0 for none.

    >>> number("0x1003\\n"), number("12"), number("")
    (4099, 12, 0)
    """
    try:
        return int(text, 0)
    except ValueError:
        return 0
