"""The search for users on a /proc and a /sys of files. What the real ones give: tests/lab/test_users.py."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from lkm.kernel.users import Users
from lkm.state.users import User

PROTOCOLS = "protocol size sockets module cl\nDDP 1 3 appletalk n\nUDP 1 9 kernel n\n"
ALIASES = {"char-major-1-3": ("nulls",), "fs-msdos": ("dos",)}


class Place:
    """A /proc and a /sys."""

    def __init__(self, base: Path) -> None:
        self.proc, self.sys = base / "proc", base / "sys"
        self.put("proc/devices", "Character devices:\n  1 mem\nBlock devices:\n 7 loop\n253 device-mapper\n")
        self.put("proc/self/mountinfo", "")
        self.base = base

    def put(self, path: str, text: str) -> Path:
        file = self.sys.parent / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def link(self, path: str, target: str) -> None:
        link = self.sys.parent / path
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(target)

    def process(self, pid: int, comm: str, *opened: str) -> None:
        self.put(f"proc/{pid}/comm", f"{comm}\n")
        (self.proc / f"{pid}/fd").mkdir()
        for number, path in enumerate(opened):
            self.link(f"proc/{pid}/fd/{number}", path)

    def device(self, number: str, place: str, module: str = "", above: str = "") -> None:
        """Put a device into /sys, whose driver's module is given, and that of the device above it."""
        node = self.sys / "devices" / place
        node.mkdir(parents=True)
        if number:
            self.put(f"sys/devices/{place}/dev", number)
            self.link(f"sys/dev/block/{number}", str(node))
        for directory, name in ((node / "device", module), (node.parent, above)):
            if name:
                (self.sys / "module" / name).mkdir(parents=True, exist_ok=True)
                (directory / "driver").mkdir(parents=True)
                (directory / "driver/module").symlink_to(self.sys / "module" / name)

    def __call__(self, *names: str) -> dict[str, tuple[User, ...]]:
        found = Users(names, lambda alias: ALIASES.get(alias, ()), str(self.proc), str(self.sys)).search()
        assert found.complete
        return dict(found.pairs)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_open_devices_by_alias_and_by_the_name_of_the_major(place: Place) -> None:
    place.process(20, "b", "/dev/null", "/etc/passwd", "/dev/null", "/nowhere")
    place.process(7, "a", "/dev/null")
    expected = (User("device", "/dev/null", "", 7, "a"), User("device", "/dev/null", "", 20, "b", 2))
    assert place("nulls", "other") == {"nulls": expected}
    assert place("mem") == {"mem": expected}


def test_what_we_have_open_ourselves_is_no_obstacle(place: Place) -> None:
    place.process(os.getpid(), "me", "/dev/null")
    assert place("nulls") == {}


def test_sockets_by_the_protocol_that_the_kernel_tells(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.put("proc/net/protocols", PROTOCOLS)
    with socket.socket(socket.AF_UNIX) as one, socket.socket(socket.AF_UNIX) as two:
        place.process(9, "talk", *[f"/proc/self/fd/{s.fileno()}" for s in (one, two)])
        answers = [b"DDP\0", b"UDP\0"]
        monkeypatch.setattr(os, "getxattr", lambda path, name: answers.pop(0), raising=False)
        others = User("socket", "DDP", count=2)  # the kernel counts three
        assert place("appletalk") == {"appletalk": (User("socket", "DDP", "", 9, "talk"), others)}
        assert answers == []


def test_devices_that_are_only_mapped_count_where_nothing_else_is_found(place: Place) -> None:
    place.process(9, "maps")
    place.put(
        "proc/9/maps", "7f00-7f01 rw-s 0 00:05 3                  /dev/null\n7f01-7f02 rw-s 0 0:5 4 /dev/gone\n"
    )
    place.link("proc/9/root", "/")
    assert place("nulls") == {"nulls": (User("mapping", "/dev/null", "", 9, "maps"),)}
    place.process(7, "opens", "/dev/null")
    assert place("nulls", "other") == {"nulls": (User("device", "/dev/null", "", 7, "opens"),)}


def test_a_mount_uses_its_type_and_the_devices_below_it(place: Place) -> None:
    place.device("253:0", "virtual/block/dm-0")
    place.device("8:1", "pci/ata/sda/sda1", above="sd_mod")
    place.put("sys/devices/virtual/block/dm-0/slaves/sda1/dev", "8:1\n")
    place.put("proc/self/mountinfo", "1 2 253:0 / /mnt rw - msdos /dev/dm-0 rw\n")
    mount = User("mount", "/mnt", "msdos /dev/dm-0")
    names = ("dos", "msdos", "dm_mod", "sd_mod")
    assert place(*names, "ahci") == dict.fromkeys(names, (mount,))


def test_mounts_of_other_namespaces_are_told_with_who_sees_them(place: Place) -> None:
    ours = "1 2 0:9 / /a rw - tmpfs x rw\n"
    place.put("proc/self/mountinfo", ours)
    for pid in (5, 6):
        place.process(pid, "box")
        place.put(f"proc/{pid}/mountinfo", f"{ours}1 2 0:10 / /b rw - tmpfs y rw\n")
        place.put(f"proc/{pid}/ns/mnt", "")
    assert place("tmpfs") == {
        "tmpfs": (User("mount", "/a", "tmpfs x"), User("mount", "/b", "tmpfs y", 5, "box")),
    }


def test_interfaces_loops_swap_and_algorithms(place: Place) -> None:
    place.device("", "pci/0/net/eth0", above="")
    (place.sys / "module/e1000").mkdir(parents=True)
    place.link("sys/devices/pci/0/driver/module", str(place.sys / "module/e1000"))
    place.link("sys/class/net/eth0", str(place.sys / "devices/pci/0/net/eth0"))
    place.put("sys/devices/pci/0/net/eth0/flags", "0x1003\n")
    place.put("sys/class/net/tap0/tun_flags", "0x1802\n")
    place.put("sys/class/net/tap1/tun_flags", "0x1002\n")
    place.put("sys/block/loop3/loop/backing_file", "/img\n")
    place.put("proc/crypto", "name : a\ndriver : a-c\nmodule : a_mod\nrefcnt : 2\n")
    assert place("e1000", "tun", "loop", "a_mod") == {
        "e1000": (User("interface", "eth0", "up"),),
        "tun": (User("interface", "tap0", "down"),),
        "loop": (User("loop", "/dev/loop3", "/img"),),
        "a_mod": (User("algorithm", "a-c"),),
    }


def test_a_process_that_may_not_be_looked_into_is_told_of(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.process(5, "secret")
    real = os.listdir

    def refuse(path: str) -> list[str]:
        if path.endswith("/5/fd"):
            raise PermissionError(13, "no")
        return real(path)

    monkeypatch.setattr(os, "listdir", refuse)
    assert not Users(("x",), lambda _: (), str(place.proc), str(place.sys)).search().complete
