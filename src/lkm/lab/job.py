"""The files that tell a guest what to run: shell text, in bytes, because arguments and paths need not be UTF-8."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

#: The guest's scripts (package data).
SCRIPTS = Path(__file__).with_name("guest")

_PATH = b"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def quote(word: bytes) -> bytes:
    """Return the word as the shell reads it back, byte by byte. No NUL can be in it.

    >>> quote(b"it's")
    b"'it'\\\\''s'"
    """
    return b"'" + word.replace(b"'", b"'\\''") + b"'"


def command_text(command: Sequence[str | bytes], cwd: bytes, environment: dict[str, str]) -> bytes:
    """Return the script that becomes the command, in the host's working directory, this ``lkm`` first on its PATH."""
    words = [os.fsencode(word) for word in command]
    exports = {b"PATH": os.fsencode(own_directory()) + b":" + _PATH, b"HOME": b"/root", b"TERM": b"linux"}
    for name in ("LANG", "LC_ALL", "LC_CTYPE"):
        if name in environment:
            exports[os.fsencode(name)] = os.fsencode(environment[name])
    lines = [b"export " + name + b"=" + quote(value) for name, value in exports.items()]
    lines += [b"cd " + quote(cwd) + b" || exit 125", b"exec " + b" ".join(quote(word) for word in words)]
    return b"\n".join(lines) + b"\n"


def settings_text(settings: dict[str, str | bytes]) -> bytes:
    """Return the variables of the guest's own scripts.

    >>> settings_text({"LAB_RW": "/my dir"})
    b"LAB_RW='/my dir'\\n"
    """
    return b"".join(os.fsencode(name) + b"=" + quote(os.fsencode(value)) + b"\n" for name, value in settings.items())


def own_directory() -> str:
    """Return the directory of the ``lkm`` that is running, else of this Python, where pip puts ``lkm``."""
    program = os.path.abspath(sys.argv[0]) if sys.argv and "/" in sys.argv[0] else ""
    if os.path.basename(program) != "lkm":
        program = os.path.abspath(sys.executable)
    return os.path.dirname(program)
