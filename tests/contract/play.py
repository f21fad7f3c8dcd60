"""Scripts of calls on a kernel, and their answers: the same for the real kernel (in a guest) and for a simulated one.

A call is a list: its verb, then its operands.

- ``load FILE TEXT FLAGS [INIT]``: finit_module(2); INIT is the errno that the module's init will return.
- ``init FILE TEXT``: init_module(2). FILE ``-``: at an address where nothing is.
- ``odd KIND``: finit_module of a descriptor that is no module: none, directory, wronly, pipe, null, rdwr.
- ``unload NAME FORCE``, ``write PATH TEXT``.
- ``use THING``, ``release THING``: a device opened and closed, a file system mounted and unmounted.
- ``nobody CALL...``: the call by somebody without CAP_SYS_MODULE.
- ``clean``: what is in use is released, and what can be removed goes.

An answer has the errno, what the kernel's loader said meanwhile (``<3>text``), and the lines of /proc/modules without
addresses, those of the guest's own modules left out.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from typing import Any, Protocol

Call = list[Any]
Answer = list[Any]
#: Devices: (kind, major, minor); file systems.
DEVICES = {"gt_dev": ("c", 10, 241), "fuse": ("c", 10, 229)}
MOUNTS = ("binfmt_misc",)


class Side(Protocol):
    """A kernel that scripts are played on. All answer an errno; ``said`` what came since it was last asked.

    ``base``: modules that the guest itself needs.
    """

    base: frozenset[str]

    def load(self, path: str, text: str, flags: int, init: int) -> int: ...
    def init(self, path: str, text: str) -> int: ...
    def odd(self, kind: str) -> int: ...
    def unload(self, name: str, force: bool) -> int: ...
    def write(self, path: str, text: str) -> int: ...
    def use(self, thing: str) -> int: ...
    def release(self, thing: str) -> int: ...
    def nobody(self, make: Callable[[], int]) -> int: ...
    def said(self) -> list[str]: ...
    def modules(self) -> list[list[str]]: ...


def play(side: Side, directory: str, script: list[Call]) -> list[Answer]:
    """Make the calls; FILE operands are names in the directory, or paths."""
    answers = []
    for call in script:
        side.said()
        number = perform(side, directory, call)
        answers.append([number, side.said(), [row for row in side.modules() if row[0] not in side.base]])
    return answers


def perform(side: Side, directory: str, call: Call) -> int:
    verb, *words = call
    if verb == "load":
        file, text, flags, *init = words
        return side.load(os.path.join(directory, file), text, flags, *(init or [0]))
    if verb == "init":
        return side.init(words[0] if words[0] == "-" else os.path.join(directory, words[0]), words[1])
    if verb == "nobody":
        return side.nobody(lambda: perform(side, directory, words[0]))
    if verb == "clean":
        return clean(side)
    method: Callable[..., int] = getattr(side, verb)
    return method(*words)


def clean(side: Side) -> int:
    """Release and remove whatever goes; answer EBUSY where something stays."""
    for thing in (*DEVICES, *MOUNTS):
        while not side.release(thing):
            pass
    while rows := [row for row in side.modules() if row[0] not in side.base]:
        left = [row[0] for row in rows if side.unload(row[0], False)]
        if len(left) == len(rows):
            return errno.EBUSY
    return 0


def descriptor(kind: str, example: str) -> list[int]:
    """Open a descriptor of an odd kind; the first is it, the others are to be closed too."""
    if kind == "none":
        return [-1]
    if kind == "pipe":
        return list(os.pipe())
    path = {"directory": "/", "null": "/dev/null"}.get(kind, example)
    access = {"wronly": os.O_WRONLY, "rdwr": os.O_RDWR}.get(kind, os.O_RDONLY)
    return [os.open(path, access | os.O_CLOEXEC)]
