"""Which modules are in use by signs that the kernel does not count: interfaces that are up, devices of their drivers.

A network driver has a use count of 0 while its interface works: the device core asks it to let go when it is removed.
So is a virtual interface's (drivers/net/dummy.c). An interface of a device leads to its driver's module in /sys; that
of a kind to the module with the alias ``rtnl-link-KIND``; kinds are asked for in all network namespaces, as /sys
shows one only. Devices bound to drivers are those that /sys/module/NAME/drivers leads to.
"""

from __future__ import annotations

import os

from lkm.kernel import texts
from lkm.state.usage import GET_LINKS, Sample, ends_links, parse_links
from lkm.state.users import parse_mountinfo

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from lkm.state.nouns import LoadedModule
    from lkm.state.usage import Link

_UP = 1  # IFF_UP
_CLONE_NEWNET = 0x40000000
_ROUTE = 0  # NETLINK_ROUTE
_ANSWER = 1 << 16


class Usage:
    """One look. ``owners`` gives the modules that have an alias."""

    def __init__(self, owners: Callable[[str], Sequence[str]], proc: str = "/proc", sys: str = "/sys") -> None:
        self._owners = owners
        self._proc = proc
        self._sys = sys

    def samples(self, modules: Iterable[LoadedModule]) -> tuple[Sample, ...]:
        """Return a sample of each of these modules, in their order."""
        modules = tuple(modules)
        interfaces = self._interfaces() if modules else {}
        return tuple(
            [
                Sample(
                    module.name,
                    instance(module.name, self._sys),
                    module.refcount,
                    tuple(module.holders),
                    tuple(sorted(interfaces.get(module.name, ()))),
                    tuple(sorted(self._devices(module.name))),
                    module.state == "Live",
                    module.permanent,
                )
                for module in modules
            ]
        )

    def _devices(self, module: str) -> set[str]:
        """Return the devices that the drivers of a module are bound to."""
        drivers = f"{self._sys}/module/{module}/drivers"
        found = set()
        for driver in texts.names(drivers):
            entries = texts.names(f"{drivers}/{driver}")
            links = [name for name in entries if os.path.islink(f"{drivers}/{driver}/{name}")]
            found.update([name for name in links if name != "module"])
        return found

    def _interfaces(self) -> dict[str, set[str]]:
        """Return module → its interfaces that are up."""
        found: dict[str, set[str]] = {}
        for name in texts.names(f"{self._sys}/class/net"):
            node = f"{self._sys}/class/net/{name}"
            module = f"{node}/device/driver/module"
            if os.path.islink(module) and texts.number(texts.text(f"{node}/flags")) & _UP:
                found.setdefault(os.path.basename(os.path.realpath(module)), set()).add(name)
        for link in self.links():
            if link.kind and link.up:
                for owner in self._owners(f"rtnl-link-{link.kind}") or (link.kind.replace("-", "_"),):
                    found.setdefault(owner, set()).add(link.name)
        return found

    def links(self) -> tuple[Link, ...]:
        """Return the interfaces of all network namespaces that can be found and entered, our own first."""
        found = list(_ask())
        spaces = self._namespaces()
        if spaces:
            own = os.open(f"{self._proc}/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
            try:
                for path in spaces:
                    found += _ask_in(path, own)
            finally:
                os.close(own)
        return tuple(found)

    def _namespaces(self) -> tuple[str, ...]:
        """Return a path of each other network namespace: of a process, or mounted, as ``ip netns add`` does it."""
        found: dict[int, str] = {}
        paths = [
            f"{self._proc}/{pid}/ns/net" for pid in sorted(filter(str.isdigit, texts.names(self._proc)), key=int)
        ]
        paths += [m.path for m in parse_mountinfo(texts.text(f"{self._proc}/self/mountinfo")) if m.kind == "nsfs"]
        for path in paths:
            found.setdefault(texts.inode(path), path)
        own = texts.inode(f"{self._proc}/thread-self/ns/net")
        for number in (0, own):  # 0: the process is gone, or not for us to look at
            found.pop(number, None)
        return tuple([found[number] for number in sorted(found)]) if own else ()


def instance(module: str, sys: str = "/sys") -> int:
    """Return what tells a loaded module from one of the same name that is loaded after it; 0 where that is unknown.

    It is the inode of its directory in /sys, whose numbers are handed out in a circle (fs/kernfs/dir.c:
    ``idr_alloc_cyclic``).
    """
    return texts.inode(f"{sys}/module/{module}")


def _ask() -> tuple[Link, ...]:
    """Return the interfaces of the network namespace that this thread is in; none where that cannot be told."""
    import socket

    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _ROUTE) as connection:
            connection.settimeout(5)
            connection.send(GET_LINKS)
            found: list[Link] = []
            while True:
                part = connection.recv(_ANSWER)
                found += parse_links(part)
                if ends_links(part):
                    return tuple(found)
    except OSError:
        return ()


def _ask_in(path: str, own: int) -> tuple[Link, ...]:
    """Return the interfaces of another namespace; raises OSError when there is no way back to our ``own``."""
    try:
        space = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return ()
    try:
        if not _enter(space):
            return ()
        try:
            return _ask()
        finally:
            if not _enter(own):
                raise OSError("cannot return to the own network namespace")
    finally:
        os.close(space)


def _enter(space: int) -> bool:
    """Let this thread enter a network namespace; tell whether it could (other kinds cannot be entered so)."""
    import ctypes

    return bool(ctypes.CDLL(None, use_errno=True).setns(space, _CLONE_NEWNET) == 0)
