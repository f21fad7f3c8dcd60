"""A look at a /proc and a /sys of files. What the real ones give: tests/lab/test_effects.py."""

from __future__ import annotations

from pathlib import Path

from lkm.kernel.effects import Look
from lkm.names import ModuleName
from lkm.state.nouns import KernelState, LoadedModule
from lkm.state.snapshot import Snapshot, Thing


def look(
    base: Path, known: dict[tuple[str, str, str], str] | None = None, families: tuple[str, ...] = ()
) -> Snapshot:
    state = KernelState((LoadedModule(ModuleName("tun"), 10, 0), LoadedModule(ModuleName("xt_tun"), 9, 0)))
    proc, sys, dev = [f"{base}/{name}" for name in ("proc", "sys", "dev")]
    return Look(state, lambda name: (("p", f"{name} x"),), proc, sys, dev, known, lambda: families).snapshot()


def fill(base: Path) -> None:
    for path, text in (
        ("proc/devices", "Character devices:\n 10 misc\n"),
        ("proc/net/dev", "a\nb\n eth0: 0\n lo: 0\n"),
        ("proc/net/ip6_tables_targets", "REJECT\nTUN\n"),
        ("proc/1/comm", "init\n"),
        ("sys/devices/virtual/misc/tun/uevent", "MAJOR=10\nDEVNAME=net/tun\n"),
        ("sys/devices/virtual/mem/null/uevent", "DEVNAME=null\n"),
        ("sys/devices/virtual/hwmon/hwmon0/name", "x\n"),
        ("dev/null", ""),
        ("sys/bus/pci/drivers/e100/bind", ""),
        ("sys/module/e100/x", ""),
        ("sys/devices/pci0/3.0/x", ""),
        ("sys/fs/fuse/x", ""),
    ):
        (base / path).parent.mkdir(parents=True, exist_ok=True)
        (base / path).write_text(text)
    for link, target in (
        ("sys/dev/char/10:200", "../../devices/virtual/misc/tun"),
        ("sys/dev/char/1:3", "../../devices/virtual/mem/null"),
        ("sys/class/misc/tun", "../../devices/virtual/misc/tun"),
        ("sys/class/hwmon/hwmon0", "../../devices/virtual/hwmon/hwmon0"),
        ("sys/class/net/eth0/device", "../../../devices/pci0/3.0"),
        ("sys/devices/pci0/3.0/driver", "../../../bus/pci/drivers/e100"),
        ("sys/bus/pci/drivers/e100/module", "../../../../module/e100"),
        ("sys/bus/pci/devices/3.0", "../../../devices/pci0/3.0"),
    ):
        (base / link).parent.mkdir(parents=True, exist_ok=True)
        (base / link).symlink_to(target)


def test_what_a_look_sees(tmp_path: Path) -> None:
    fill(tmp_path)
    found = look(tmp_path, families=("nlctrl",))
    assert found.state.find("tun")
    for thing in (
        Thing("char", "10 misc"),
        Thing("netdev", "eth0", "", "e100"),
        Thing("netdev", "lo"),
        Thing("node", "/dev/net/tun", "char 10:200, which is not there"),
        Thing("node", "/dev/null", "char 1:3"),
        Thing("object", "hwmon/hwmon0"),
        Thing("class", "misc"),
        Thing("bus", "pci"),
        Thing("driver", "pci/e100", "", "e100"),
        Thing("device", "pci/3.0", "e100", "e100"),
        Thing("parameter", "tun.p", "tun x", "tun"),
        Thing("proc", "/proc/net/dev"),
        Thing("sys", "/sys/fs/fuse"),
        Thing("genl", "nlctrl"),
        Thing("xt-target", "ip6 REJECT"),
        Thing("xt-target", "ip6 TUN", "", "xt_tun"),
    ):
        assert thing in found.things, thing
    assert not {"misc/tun", "net/eth0", "/proc/1"} & {thing.name for thing in found.things}


def test_a_node_is_read_once_while_it_is_the_same(tmp_path: Path) -> None:
    fill(tmp_path)
    known: dict[tuple[str, str, str], str] = {}
    assert look(tmp_path, known) == look(tmp_path, known)
    (tmp_path / "sys/devices/virtual/misc/tun/uevent").write_text("DEVNAME=other\n")
    assert Thing("node", "/dev/net/tun", "char 10:200, which is not there") in look(tmp_path, known).things
    link = tmp_path / "sys/dev/char/10:200"
    link.unlink()
    (tmp_path / "sys/devices/virtual/misc/tap").mkdir()
    (tmp_path / "sys/devices/virtual/misc/tap/uevent").write_text("DEVNAME=tap\n")
    link.symlink_to("../../devices/virtual/misc/tap")
    assert Thing("node", "/dev/tap", "char 10:200, which is not there") in look(tmp_path, known).things


def test_nothing_can_be_read(tmp_path: Path) -> None:
    assert [thing.kind for thing in look(tmp_path / "nowhere").things] == ["parameter"] * 2
