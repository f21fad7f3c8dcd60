"""Reading a snapshot of the running kernel: texts of /proc, and what /sys lists.

A look takes some 10 to 50 ms, most of it for the numbers of device nodes. What a driver does later, in a thread of
its own (probing, firmware), is seen by a later look only.
"""

from __future__ import annotations

import os

from lkm.kernel.devices import bound, drivers
from lkm.kernel.genetlink import generic_families
from lkm.kernel.texts import link_name, names, text
from lkm.state.procfiles import FILES, XTABLES, interfaces, xtables
from lkm.state.snapshot import Snapshot, Thing, snapshot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lkm.state.nouns import KernelState

#: Directories of /proc whose names are looked at; those of processes are numbers.
_PROC = ("", "bus", "driver", "fs", "net", "sys", "sys/dev", "sys/fs", "sys/kernel", "sys/net", "sys/vm")
_SYS = ("fs", "kernel", "firmware")


class Look:
    """One look at a kernel. ``parameters`` gives those of a module, with their values.

    ``known`` keeps the paths of device nodes from one look to the next: their uevent files take most of the time.
    ``families`` gives the families of generic Netlink, which no file lists.
    """

    def __init__(
        self,
        state: KernelState,
        parameters: Callable[[str], tuple[tuple[str, str], ...]],
        proc: str = "/proc",
        sys: str = "/sys",
        dev: str = "/dev",
        known: dict[tuple[str, str, str], str] | None = None,
        families: Callable[[], tuple[str, ...]] = generic_families,
    ) -> None:
        self._state = state
        self._parameters = parameters
        self._proc = proc
        self._sys = sys
        self._dev = dev
        self._known = {} if known is None else known
        self._families = families

    def snapshot(self) -> Snapshot:
        """Return what the kernel shows now."""
        return snapshot(self._things(), self._state)

    def _things(self) -> Iterator[Thing]:
        for file, read in FILES.items():
            yield from read(text(f"{self._proc}/{file}"))
        yield from self._xtables()
        for name in self._families():
            yield Thing("genl", name)
        for name in interfaces(text(f"{self._proc}/net/dev")):
            yield Thing("netdev", name, "", link_name(f"{self._sys}/class/net/{name}/device/driver/module"))
        yield from self._buses()
        yield from self._nodes()
        for module in self._state.modules:
            for name, value in self._parameters(module.name):
                yield Thing("parameter", f"{module.name}.{name}", value, module.name)
        for directory in _PROC:
            for name in names(f"{self._proc}/{directory}"):
                if not name.isdigit():
                    yield Thing("proc", "/".join(filter(None, ("/proc", directory, name))))
        for directory in _SYS:
            for name in names(f"{self._sys}/{directory}"):
                yield Thing("sys", f"/sys/{directory}/{name}")

    def _buses(self) -> Iterator[Thing]:
        for bus in names(f"{self._sys}/bus"):
            yield Thing("bus", bus)
        known = drivers(self._sys)
        for driver in known:
            yield Thing("driver", f"{driver.bus}/{driver.name}", "", driver.module)
        for bus, name, driver_name, module in bound(known, self._sys):
            yield Thing("device", f"{bus}/{name}", driver_name, module)

    def _xtables(self) -> Iterator[Thing]:
        """Yield what iptables has. The lists come with ip_tables, what is in them may be older: names tell whose."""
        loaded = {str(module.name) for module in self._state.modules}
        for file, (kind, family) in XTABLES.items():
            for thing in xtables(text(f"{self._proc}/{file}"), kind, family):
                starts = (f"{family}table_",) if kind == "xt-table" else ("xt_", "ipt_", "ip6t_", "arpt_")
                name = thing.name.partition(" ")[2]
                owners = [start + each for start in starts for each in (name, name.lower())]
                yield thing._replace(owner=next((owner for owner in owners if owner in loaded), ""))

    def _nodes(self) -> Iterator[Thing]:
        """Yield nodes, and the devices of classes that have none; network interfaces are told already."""
        seen = set()
        for kind in ("char", "block"):
            for number in names(f"{self._sys}/dev/{kind}"):
                path = f"{self._sys}/dev/{kind}/{number}"
                try:
                    link = os.readlink(path)
                except OSError:
                    continue  # it went in between
                seen.add(_tail(link))
                key = (kind, number, link)
                if key not in self._known:
                    self._known[key] = _devname(text(f"{path}/uevent"))
                name = self._known[key]
                there = os.path.exists(f"{self._dev}/{name}") if name else False
                mark = "" if there else ", which is not there"
                yield Thing("node", f"/dev/{name or number}", f"{kind} {number}{mark}")
        for group in names(f"{self._sys}/class"):
            yield Thing("class", group)
            for name in names(f"{self._sys}/class/{group}") if group != "net" else ():
                if f"{group}/{name}" not in seen:
                    yield Thing("object", f"{group}/{name}")


def _devname(uevent: str) -> str:
    """Return DEVNAME of a uevent file: the node's path in /dev."""
    rows = [line.partition("=") for line in uevent.split("\n")]
    return next((value for key, _, value in rows if key == "DEVNAME"), "")


def _tail(link: str) -> str:
    """Return class and name, the last two parts of a link of /sys/dev."""
    return "/".join(link.rsplit("/", 2)[-2:])
