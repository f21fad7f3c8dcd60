"""Looking at files of /proc and /sys that may be gone, or not be there, or not be for us: then there is nothing."""

from __future__ import annotations

import os


def names(directory: str) -> list[str]:
    """Return the names in a directory, sorted."""
    try:
        return sorted(os.listdir(directory))
    except OSError:
        return []


def link_name(path: str) -> str:
    """Return the last name of what a link of /sys leads to."""
    try:
        return os.readlink(path).rpartition("/")[2]
    except OSError:
        return ""


def text(path: str) -> str:
    """Return the text of a file, read in large parts, as /proc makes each part anew."""
    try:
        with open(path, "rb", buffering=0) as file:
            parts = []
            while part := file.read(1 << 20):
                parts.append(part)
    except OSError:
        return ""
    return b"".join(parts).decode("utf-8", "surrogateescape")


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
