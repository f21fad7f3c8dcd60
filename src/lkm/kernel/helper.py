"""The program that the kernel runs when it wants a module: /proc/sys/kernel/modprobe, and what calls it.

kernel/module/kmod.c (before 6.4 kernel/kmod.c), ``call_modprobe``: argv is the path, ``-q``, ``--`` and the name; the
environment is three variables. The path has a place of 256 bytes (``KMOD_PATH_LEN``); what is longer is cut, and
nobody told. An empty one switches autoloading off. With CONFIG_STATIC_USERMODEHELPER the kernel runs the path that it
was built with instead, whatever is written (kernel/umh.c).
"""

from __future__ import annotations

import errno
import os

from lkm.errors import MachineError, UsageError

#: Longest path, in bytes.
MAX_PATH = 255
#: What stands between the helper's name and the module's: today, and in 2.4 (kernel/kmod.c).
CALLS = (["-q", "--"], ["-s", "-k", "--"])
#: The whole environment of a helper.
ENVIRONMENT = {"HOME": "/", "TERM": "linux", "PATH": "/sbin:/usr/sbin:/bin:/usr/bin"}
#: What Python puts there itself (PEP 538), as the locale is C.
_ADDED = "LC_CTYPE"


def is_call(words: list[str], environment: dict[str, str]) -> bool:
    """Tell whether these arguments (without argv[0]) and this environment are those of a call by the kernel.

    >>> is_call(["-q", "--", "fs-minix"], ENVIRONMENT | {"LC_CTYPE": "C.UTF-8"})
    True
    >>> is_call(["-q", "--", "fs-minix"], ENVIRONMENT | {"USER": "me"}), is_call(["-q", "fs-minix"], ENVIRONMENT)
    (False, False)
    """
    if words[:-1] not in CALLS:
        return False
    return {key: value for key, value in environment.items() if key != _ADDED} == ENVIRONMENT


def why_unsafe(name: str) -> str:
    """Return why a name must not be passed on by a helper that runs as root, "" for an honest one.

    What stands in it may be any user's choice (the name of a network interface, of an algorithm), so it must not be
    an option, a parameter or a pattern; modutils 2.4 called this its safe mode.

    >>> why_unsafe("crypto-xts(aes)"), why_unsafe("-r"), why_unsafe("a=1")
    ('', "it begins with '-'", "it has a '='")
    """
    if not name:
        return "it is empty"
    if name.startswith("-"):
        return "it begins with '-'"
    for char in "=*?[]\\":
        if char in name:
            return f"it has a '{char}'"
    return "" if name.isprintable() and " " not in name else "it has a character that cannot be printed"


class HelperSetting:
    """The setting itself. ``proc`` is where /proc is (another place: for tests)."""

    def __init__(self, proc: str = "/proc") -> None:
        self.path = f"{proc}/sys/kernel/modprobe"

    def read(self) -> str:
        """Return the path that is set, "" for none. Raises MachineError, ENOENT where there are no modules."""
        try:
            with open(self.path, "rb") as file:
                return file.read().decode("utf-8", "surrogateescape").removesuffix("\n")
        except FileNotFoundError:
            hint = "this kernel was built without modules, or /proc is not mounted"
            raise MachineError("there is no such setting", self.path, errno.ENOENT, hint) from None
        except OSError as error:
            raise MachineError(error.strerror or str(error), self.path, error.errno or 0) from None

    def write(self, value: str) -> None:
        """Set the path. Raises UsageError for one that the kernel would cut, MachineError when it did not take it."""
        data = value.encode("utf-8", "surrogateescape")
        if len(data) > MAX_PATH:
            what = f"the path has {len(data)} bytes, and the kernel keeps {MAX_PATH}"
            raise UsageError(what, value, "choose a shorter one with --path")
        try:
            fd = os.open(self.path, os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC)
            try:
                os.write(fd, data + b"\n")
            finally:
                os.close(fd)
        except OSError as error:
            hint = "run it as root" if error.errno in (errno.EACCES, errno.EPERM) else ""
            raise MachineError(error.strerror or str(error), self.path, error.errno or 0, hint) from None
        if (kept := self.read()) != value:
            raise MachineError(f"the kernel keeps '{kept}', not '{value}'", self.path, errno.EINVAL)
