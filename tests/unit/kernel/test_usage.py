"""What shows that modules are in use, from drawn-up /proc and /sys trees; rtnetlink is that of this machine."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lkm.kernel import usage
from lkm.kernel.linux import LinuxKernel
from lkm.kernel.usage import Usage, instance
from lkm.names import ModuleName
from lkm.state.nouns import LoadedModule
from lkm.state.usage import Link


@pytest.fixture
def sys(tmp_path: Path) -> Path:
    """Return a /sys with a driver e1000 of eth0, and modules fat and dummy."""
    for name in ("module/fat", "module/dummy", "module/e1000/drivers", "bus/pci/drivers/e1000", "devices/pci0"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "module/e1000/drivers/pci:e1000").symlink_to(tmp_path / "bus/pci/drivers/e1000")
    (tmp_path / "bus/pci/drivers/e1000/module").symlink_to(tmp_path / "module/e1000")
    (tmp_path / "bus/pci/drivers/e1000/bind").touch()
    (tmp_path / "bus/pci/drivers/e1000/0000:00:03.0").symlink_to(tmp_path / "devices/pci0")
    (tmp_path / "devices/pci0/driver").symlink_to(tmp_path / "bus/pci/drivers/e1000")
    for name, flags in (("eth0", "0x1003\n"), ("lo", "0x9\n")):
        (tmp_path / "class/net" / name).mkdir(parents=True)
        (tmp_path / "class/net" / name / "flags").write_text(flags)
    (tmp_path / "class/net/eth0/device").symlink_to(tmp_path / "devices/pci0")
    return tmp_path


def loaded(name: str, refcount: int = 0, state: str = "Live") -> LoadedModule:
    return LoadedModule(ModuleName(name), 4096, refcount, (), state)


def test_interfaces_and_devices_of_drivers_are_found(sys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    links = (Link("d0", "dummy", True), Link("d1", "dummy", False), Link("v", "my-kind", True), Link("lo", "", True))
    monkeypatch.setattr(Usage, "links", lambda self: links)
    owners = {"rtnl-link-dummy": ("dummy",)}
    look = Usage(lambda alias: owners.get(alias, ()), "/proc", str(sys))
    e1000, fat, dummy, kind = look.samples([loaded("e1000"), loaded("fat", 2), loaded("dummy"), loaded("my_kind")])
    assert (e1000.interfaces, e1000.devices) == (("eth0",), ("0000:00:03.0",))
    assert (fat.count, fat.interfaces, fat.devices, fat.live) == (2, (), (), True)
    assert dummy.interfaces == ("d0",)
    assert kind.interfaces == ("v",)


def test_an_interface_that_is_down_is_no_use_but_its_device_is(sys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Usage, "links", lambda self: ())
    (sys / "class/net/eth0/flags").write_text("0x1002\n")
    (sample,) = Usage(lambda _: (), "/proc", str(sys)).samples([loaded("e1000", 0, "Loading")])
    assert (sample.interfaces, sample.devices, sample.live) == ((), ("0000:00:03.0",), False)


def test_a_module_that_was_loaded_anew_is_another_instance(sys: Path) -> None:
    before = instance("fat", str(sys))
    (sys / "module/old").mkdir()
    os.rename(sys / "module/fat", sys / "module/was")
    (sys / "module/fat").mkdir()
    assert 0 != before != instance("fat", str(sys))
    assert instance("nosuch", str(sys)) == 0


def test_this_machines_interfaces_are_told() -> None:
    assert "lo" in {link.name for link in usage._ask()}


def test_namespaces_of_processes_and_mounted_ones_are_each_found_once(tmp_path: Path) -> None:
    own, other, mounted = tmp_path / "own", tmp_path / "other", tmp_path / "mounted"
    for file in (own, other, mounted):
        file.touch()
    for pid, space in (("thread-self", own), ("1", own), ("7", other), ("9", other)):
        (tmp_path / f"proc/{pid}/ns").mkdir(parents=True)
        (tmp_path / f"proc/{pid}/ns/net").symlink_to(space)
    (tmp_path / "proc/self").mkdir()
    (tmp_path / "proc/self/mountinfo").write_text(f"36 35 0:4 net:[1] {mounted} rw - nsfs nsfs rw\n")
    found = Usage(lambda _: (), str(tmp_path / "proc"))._namespaces()
    assert sorted(found) == [str(mounted), str(tmp_path / "proc/7/ns/net")]


def test_without_proc_and_sys_nothing_is_found_and_nothing_fails(tmp_path: Path) -> None:
    look = Usage(lambda _: (), str(tmp_path), str(tmp_path))
    assert look.samples(()) == ()
    (sample,) = look.samples([loaded("fat")])
    assert (sample.instance, sample.interfaces, sample.devices) == (0, (), ())


def test_the_kernel_tells_its_boot_and_its_age(tmp_path: Path) -> None:
    (tmp_path / "sys/kernel/random").mkdir(parents=True)
    (tmp_path / "sys/kernel/random/boot_id").write_text("8b4d\n")
    (tmp_path / "modules").write_text("fat 1 0 - Live 0x0\nloop 1 0 - Live 0x0\n")
    kernel = LinuxKernel(str(tmp_path), str(tmp_path))
    assert kernel.boot() == "8b4d"
    assert kernel.seconds() > 0
    assert [sample.module for sample in kernel.samples(("fat",), lambda _: ())] == ["fat"]
