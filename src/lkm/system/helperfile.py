"""The file that the kernel runs as its helper, and the memory of what it ran before.

It is a program of a few lines, made when it is installed: it starts this very Python, closed to all that is not
named in it (``-I``: no variables, no directory of the user; ``-S``: no site-packages' start-up files), with the
places of this package and of those that it needs. Its name is ``modprobe``, which makes lkm be that.
"""

from __future__ import annotations

import errno
import os
import sys

from lkm.errors import MachineError, UsageError
from lkm.record import Record
from lkm.system.files import machine_error, make_directory, read_text
from lkm.system.fileset import replace_file, write_set

DIRECTORY = "/var/lib/lkm"
#: Where the helper is made, unless told otherwise.
PLACE = f"{DIRECTORY}/helper/modprobe"
#: Where the setting is remembered that was found.
MEMORY = f"{DIRECTORY}/helper/before"
#: Read at each boot, after which the setting is the kernel's own again (sysctl.d(5)).
SYSCTL = "/etc/sysctl.d/60-lkm-helper.conf"
MARK = "# The kernel's helper, made by `lkm helper install`."
#: Longest first line of a script (linux/binfmts.h: BINPRM_BUF_SIZE, with the end).
_MAX_SHEBANG = 255


class Found(Record):
    """What is at a path: ``there`` (a file), ``runs`` (may be run), ``ours``, and ``python``, where ours is started.

    ``open_to`` is what others than root may change of what then runs: the file, its Python, the package, or a
    directory above one of these; "" for nothing.
    """

    path: str
    there: bool = False
    runs: bool = False
    ours: bool = False
    python: str = ""
    open_to: str = ""


def script(executable: str, places: list[str]) -> str:
    """Return the text of the helper. Raises UsageError when the path of Python is too long for a first line."""
    first = f"#!{executable} -IS"
    if len(os.fsencode(first)) > _MAX_SHEBANG or " " in executable:
        raise UsageError("the path of Python cannot be named in a script's first line", executable)
    return f"{first}\n{MARK}\nimport sys\n\nsys.path += {places!r}\nfrom lkm.cli.main import run\n\nrun()\n"


def places() -> list[str]:
    """Return the directories that this package and those that it may need are imported from."""
    own = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    return [own, *[p for p in sys.path if p.endswith(("site-packages", "dist-packages")) and p != own]]


def make(path: str) -> None:
    """Make the helper at a path, whose last part must be ``modprobe``. Raises UsageError and MachineError."""
    if os.path.basename(path) != "modprobe" or not os.path.isabs(path):
        hint = "its name chooses the tool, and the kernel runs it in /"
        raise UsageError("the helper's path must be absolute and end in /modprobe", path, hint)
    found = look(path)
    if found.there and not found.ours:
        raise MachineError("is there, and not made by lkm helper; it is left alone", path, errno.EEXIST)
    text = script(sys.executable, places())
    make_directory(os.path.dirname(path))
    replace_file(path, text.encode("utf-8", "surrogateescape"), 0o755)


def look(path: str) -> Found:
    """Return what is at a path."""
    if not os.path.isfile(path):
        return Found(path)
    runs = os.access(path, os.X_OK)
    try:
        with open(path, "rb") as file:
            lines = file.read(4096).decode("utf-8", "replace").split("\n")
    except OSError:
        lines = []
    marked = len(lines) > 2 and lines[1] == MARK
    python = lines[0][2:].removesuffix(" -IS") if marked else ""
    linked = os.path.basename(os.path.realpath(path)) == "lkm"
    parts = [path, python, *_named(lines)] if marked else [path]
    open_to = next(filter(None, map(_open_to, filter(os.path.exists, parts))), "")
    return Found(path, True, runs, marked or linked, python, open_to)


def _named(lines: list[str]) -> list[str]:
    """Return the places that the text of a helper adds to sys.path."""
    import ast

    text = next((line.partition("+=")[2] for line in lines if line.startswith("sys.path +=")), "[]")
    try:
        found = ast.literal_eval(text.strip())
    except (ValueError, SyntaxError):
        return []
    return [place for place in found if isinstance(place, str)] if isinstance(found, list) else []


def _open_to(path: str) -> str:
    """Return the first part of a path, from below, that others than root may write to or replace."""
    part = os.path.realpath(path)
    while True:
        seen = os.stat(part)
        sticky = os.path.isdir(part) and seen.st_mode & 0o1000
        if seen.st_uid != 0 or (seen.st_mode & 0o022 and not sticky):
            return part
        if part == "/":
            return ""
        part = os.path.dirname(part)


def remember(setting: str, memory: str = MEMORY) -> None:
    """Keep a setting, unless one is kept already: the first that was found is the one to put back."""
    if not os.path.exists(memory):
        make_directory(os.path.dirname(memory))
        write_set(
            os.path.dirname(memory), {os.path.basename(memory): f"{setting}\n".encode("utf-8", "surrogateescape")}
        )


def remembered(memory: str = MEMORY) -> str | None:
    """Return the setting that was kept, None where none was."""
    if not os.path.exists(memory):
        return None
    return read_text(memory).removesuffix("\n")


def at_boot(path: str, file: str = SYSCTL) -> None:
    """Have a helper set at each boot."""
    make_directory(os.path.dirname(file))
    text = f"# Made by `lkm helper install --boot`; `lkm helper remove` takes it away.\nkernel.modprobe = {path}\n"
    write_set(os.path.dirname(file), {os.path.basename(file): text.encode()})


def remove(path: str) -> None:
    """Remove a file that may be there. Raises MachineError."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        return
    except OSError as error:
        raise machine_error(error, path) from error
