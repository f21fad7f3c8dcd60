"""Who keeps the use count of modules up, as far as /proc and /sys let it be found. Read only after a refusal.

The kernel counts, and does not note who. So it is looked for where a use is visible: devices that processes have open
(fs/char_dev.c ``cdev_get``, block/bdev.c ``blkdev_get_no_open``), mounts (fs/filesystems.c ``get_filesystem``) and
swap with the block devices below them, sockets (net/core/sock.c ``sk_prot_alloc``), algorithms (crypto/api.c
``crypto_mod_get``). Which module a device belongs to is not written anywhere either: its aliases
(``char-major-10-200``), the drivers of the devices that it stands on, and the name of its major number tell.
"""

from __future__ import annotations

import errno
import os
import stat

from lkm.kernel import texts
from lkm.names import fold
from lkm.state.users import (
    User,
    Uses,
    parse_crypto,
    parse_devices,
    parse_maps,
    parse_mountinfo,
    parse_protocols,
    parse_swaps,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from lkm.state.users import Mount

#: Names of majors in /proc/devices whose module is called otherwise.
_MAJORS = {
    "device-mapper": "dm_mod",
    "mdp": "md_mod",
    "md": "md_mod",
    "sd": "sd_mod",
    "sr": "sr_mod",
    "ppp": "ppp_generic",
}
_UP = 1  # IFF_UP
_PERSISTENT = 0x0800  # IFF_PERSIST of /sys/class/net/X/tun_flags: the interface itself counts as a user
_PROTOCOL = "system.sockprotoname"  # an attribute of every socket file (net/socket.c: ``sockfs_xattr_get``)


class Users:
    """One search for the users of some modules. ``owners`` gives the modules that have an alias.

    ``own``: what this process has open counts too; it does not for a tool, as it ends with that.
    """

    def __init__(
        self,
        names: Collection[str],
        owners: Callable[[str], Sequence[str]],
        proc: str = "/proc",
        sys: str = "/sys",
        *,
        own: bool = False,
    ) -> None:
        self._own = own
        self.found: dict[str, list[User]] = {name: [] for name in names}
        self._blind = False
        self._owners = owners
        self._proc = proc
        self._sys = sys
        self._majors = parse_devices(texts.text(f"{proc}/devices"))
        sockets = parse_protocols(texts.text(f"{proc}/net/protocols"))
        self._protocols = {protocol: module for protocol, (module, _) in sockets.items() if module in self.found}
        self._sockets = {protocol: sockets[protocol][1] for protocol in self._protocols}  # that no process shows
        self._devices: dict[tuple[str, int, int], frozenset[str]] = {}
        self._mounts: set[Mount] = set()

    def search(self) -> Uses:
        """Return what was found, by module: mounts and swap, then processes in order, then the rest."""
        self._mounted(texts.text(f"{self._proc}/self/mountinfo"), 0, "")
        for path in parse_swaps(texts.text(f"{self._proc}/swaps")):
            self._use(self._of_file(path), User("swap", path))
        seen = {texts.inode(f"{self._proc}/self/ns/mnt")}
        pids = sorted([int(name) for name in texts.names(self._proc) if name.isdigit()])
        pids = [pid for pid in pids if self._own or pid != os.getpid()]
        for pid in pids:
            self._process(pid, seen)
        for protocol, count in self._sockets.items():
            if count > 0:
                self._use((self._protocols[protocol],), User("socket", protocol, count=count))
        self._interfaces()
        self._loops()
        if not all(self.found.values()):  # else it is not worth the time
            for pid in pids:
                self._mapped(pid)
        for module, driver, count in parse_crypto(texts.text(f"{self._proc}/crypto")):
            self._use((fold(module),), User("algorithm", driver, count=count))
        return Uses(tuple([(name, tuple(users)) for name, users in self.found.items() if users]), not self._blind)

    def _use(self, modules: Collection[str], user: User) -> None:
        for module in modules:
            if module in self.found:
                self.found[module].append(user)

    def _mounted(self, text: str, pid: int, comm: str) -> None:
        for mount in parse_mountinfo(text):
            if mount in self._mounts:
                continue
            self._mounts.add(mount)
            kind = mount.kind.partition(".")[0]  # fuse.sshfs: a subtype
            major, _, minor = mount.device.partition(":")
            modules = {kind.replace("-", "_"), *self._owners(f"fs-{kind}")}
            if major.isdigit() and minor.isdigit() and major != "0":
                modules |= self._of_device("block", int(major), int(minor))
            elif mount.source.startswith("/dev/"):  # btrfs and the like have a device number of their own
                modules |= self._of_file(mount.source)
            self._use(modules, User("mount", mount.path, f"{mount.kind} {mount.source}", pid, comm))

    def _process(self, pid: int, seen: set[int]) -> None:
        """Look at what a process has open, and at mounts of a namespace that was not ``seen``."""
        base = f"{self._proc}/{pid}"
        uses: dict[tuple[str, str], set[str]] = {}
        times: dict[tuple[str, str], int] = {}
        try:
            descriptors = sorted(os.listdir(f"{base}/fd"), key=lambda name: (len(name), name))
        except OSError as error:
            self._blind = self._blind or error.errno in (errno.EACCES, errno.EPERM)
            return
        for descriptor in descriptors:
            for kind, what, modules in self._descriptor(f"{base}/fd/{descriptor}"):
                times[kind, what] = times.get((kind, what), 0) + 1
                uses.setdefault((kind, what), set()).update(modules)
        namespace = texts.inode(f"{base}/ns/mnt")
        comm = texts.text(f"{base}/comm").rstrip("\n") if uses or namespace not in seen else ""
        for (kind, what), modules in uses.items():
            self._use(modules, User(kind, what, "", pid, comm, times[kind, what]))
        if namespace not in seen:
            seen.add(namespace)
            self._mounted(texts.text(f"{base}/mountinfo"), pid, comm)

    def _mapped(self, pid: int) -> None:
        """Look at the devices that a process has mapped, and does not have open any more."""
        base = f"{self._proc}/{pid}"
        for path in parse_maps(texts.text(f"{base}/maps")):
            try:
                status = os.stat(f"{base}/root{path}")
            except OSError:
                continue
            for kind, is_kind in (("char", stat.S_ISCHR), ("block", stat.S_ISBLK)):
                if is_kind(status.st_mode):
                    modules = self._of_device(kind, os.major(status.st_rdev), os.minor(status.st_rdev))
                    idle = [name for name in modules if not self.found.get(name, True)]
                    self._use(idle, User("mapping", path, "", pid, texts.text(f"{base}/comm").rstrip("\n")))

    def _descriptor(self, path: str) -> Iterator[tuple[str, str, Collection[str]]]:
        try:
            status = os.stat(path)
            if stat.S_ISSOCK(status.st_mode) and self._protocols:
                protocol = os.getxattr(path, _PROTOCOL).rstrip(b"\0").decode("utf-8", "surrogateescape")
                if protocol in self._protocols:
                    self._sockets[protocol] -= 1
                    yield "socket", protocol, (self._protocols[protocol],)
            elif stat.S_ISCHR(status.st_mode) or stat.S_ISBLK(status.st_mode):
                kind = "char" if stat.S_ISCHR(status.st_mode) else "block"
                modules = self._of_device(kind, os.major(status.st_rdev), os.minor(status.st_rdev))
                if not modules.isdisjoint(self.found):
                    yield "device", os.readlink(path), modules
        except OSError:
            return

    def _of_file(self, path: str) -> frozenset[str]:
        """Return the modules that a block device's file, or the file system that a file is on, belongs to."""
        try:
            status = os.stat(path)
        except OSError:
            return frozenset()
        number = status.st_rdev if stat.S_ISBLK(status.st_mode) else status.st_dev
        return self._of_device("block", os.major(number), os.minor(number))

    def _of_device(self, kind: str, major: int, minor: int) -> frozenset[str]:
        """Return the modules that a device may belong to, and those of the devices that it stands on."""
        key = (kind, major, minor)
        if key not in self._devices:
            self._devices[key] = frozenset()  # a circle of slaves ends here
            found = set(self._owners(f"{kind}-major-{major}-{minor}"))
            if name := self._majors.get((kind, major), ""):
                found.add(_MAJORS.get(name, name.replace("-", "_")))
            node = os.path.realpath(f"{self._sys}/dev/{kind}/{major}:{minor}")
            found |= self._drivers(node)
            if kind == "block":
                whole = node if os.path.isdir(f"{node}/slaves") else os.path.dirname(node)
                for slave in texts.names(f"{whole}/slaves"):
                    lower = texts.text(f"{whole}/slaves/{slave}/dev").strip().partition(":")
                    if lower[0].isdigit() and lower[2].isdigit():
                        found |= self._of_device("block", int(lower[0]), int(lower[2]))
            self._devices[key] = frozenset(found)
        return self._devices[key]

    def _drivers(self, node: str) -> set[str]:
        """Return the modules of the drivers of a device in /sys and of all devices that it is part of."""
        found: set[str] = set()
        top = f"{os.path.realpath(self._sys)}/devices/"
        while node.startswith(top):
            for link in ("driver/module", "device/driver/module"):
                if os.path.islink(f"{node}/{link}"):
                    found.add(os.path.basename(os.path.realpath(f"{node}/{link}")))
            node = os.path.dirname(node)
        return found

    def _interfaces(self) -> None:
        for name in texts.names(f"{self._sys}/class/net"):
            node = f"{self._sys}/class/net/{name}"
            modules = self._drivers(os.path.realpath(node))
            if texts.number(texts.text(f"{node}/tun_flags")) & _PERSISTENT:
                modules.add("tun")
            up = texts.number(texts.text(f"{node}/flags")) & _UP
            self._use(modules, User("interface", name, "up" if up else "down"))

    def _loops(self) -> None:
        if "loop" in self.found:
            for name in texts.names(f"{self._sys}/block"):
                if file := texts.text(f"{self._sys}/block/{name}/loop/backing_file").rstrip("\n"):
                    self._use(("loop",), User("loop", f"/dev/{name}", file))
