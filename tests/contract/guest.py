"""Runs in the guest: plays scripts on the real kernel.

usage: guest.py FILE DIRECTORY, where FILE has a list of scripts in JSON. Answers go to stdout, a line of JSON each.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import sys
from collections.abc import Callable

from lkm.kernel import syscalls
from lkm.kernel.log import Log
from tests.contract.play import DEVICES, MOUNTS, descriptor, play

_KMSG = "/dev/kmsg"


class Real:
    """The kernel that this runs on."""

    def __init__(self) -> None:
        for path, text in (("modprobe", "\n"), ("printk_devkmsg", "on\n")):
            with open(f"/proc/sys/kernel/{path}", "w") as file:
                file.write(text)
        self.log = Log(_KMSG, at_end=True)
        self.kmsg = os.open(_KMSG, os.O_WRONLY)
        self.marks = 0
        self.opened: dict[str, list[int]] = {}
        self.base = frozenset([row[0] for row in self.modules()])
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.libc.mount(b"none", b"/sys/kernel/security", b"securityfs", 0, None)
        for name, (kind, major, minor) in DEVICES.items():
            mode = 0o600 | (0o020000 if kind == "c" else 0o060000)
            os.mknod(f"/run/{name}", mode, os.makedev(major, minor))
        for name in MOUNTS:
            os.mkdir(f"/run/{name}")

    def load(self, path: str, text: str, flags: int, init: int) -> int:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            return syscalls.finit_module(fd, text.encode("utf-8", "surrogateescape"), flags)
        finally:
            os.close(fd)

    def init(self, path: str, text: str) -> int:
        if path == "-":
            return syscalls._call(0, 0, 1000, text.encode())
        with open(path, "rb") as file:
            return syscalls.init_module(file.read(), text.encode())

    def odd(self, kind: str) -> int:
        fds = descriptor(kind, "/run/odd")
        try:
            return syscalls.finit_module(fds[0], b"", 0)
        finally:
            for fd in fds:
                if fd >= 0:
                    os.close(fd)

    def unload(self, name: str, force: bool) -> int:
        return syscalls.delete_module(name.encode(), os.O_NONBLOCK | (os.O_TRUNC if force else 0))

    def write(self, path: str, text: str) -> int:
        try:
            fd = os.open(path, os.O_WRONLY)
        except OSError as error:
            return error.errno or 0
        try:
            os.write(fd, text.encode())
        except OSError as error:
            return error.errno or 0
        finally:
            os.close(fd)
        return 0

    def use(self, thing: str) -> int:
        if thing in MOUNTS:
            target = f"/run/{thing}".encode()
            return ctypes.get_errno() if self.libc.mount(b"none", target, thing.encode(), 0, None) else 0
        try:
            self.opened.setdefault(thing, []).append(os.open(f"/run/{thing}", os.O_RDONLY | os.O_CLOEXEC))
        except OSError as error:
            return error.errno or 0
        return 0

    def release(self, thing: str) -> int:
        if thing in MOUNTS:
            return ctypes.get_errno() if self.libc.umount(f"/run/{thing}".encode()) else 0
        if not self.opened.get(thing):
            return 22  # as umount(2) of what is no mount point
        os.close(self.opened[thing].pop())
        return 0

    def nobody(self, make: Callable[[], int]) -> int:
        child = os.fork()
        if not child:
            with contextlib.suppress(BaseException):
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
                os._exit(make())
            os._exit(255)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    def said(self) -> list[str]:
        """Return what the kernel itself has said, at level 5 or more serious; a mark ends a record that was cut."""
        self.marks += 1
        mark = f"mark {self.marks}"
        os.write(self.kmsg, f"<14>{mark}\n".encode())
        found: list[str] = []
        while True:
            for record in self.log.take():
                if record.facility == 0 and record.level <= 5:
                    found.append(f"<{record.level}>{record.text}")
                if record.text == mark:
                    return found

    def modules(self) -> list[list[str]]:
        with open("/proc/modules") as file:
            rows = [line.split() for line in file]
        return [[*row[:5], row[6] if len(row) > 6 else ""] for row in rows]


def main() -> None:
    with open(sys.argv[1]) as file:
        scripts = json.load(file)
    with open("/run/odd", "wb") as odd:
        odd.write(b"x" * 100)
    side = Real()
    for script in scripts:
        print(json.dumps(play(side, sys.argv[2], script)), flush=True)


if __name__ == "__main__":
    main()
