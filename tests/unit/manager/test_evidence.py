"""The collector on a machine made of files: what is looked at, when, and what follows from it."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import pytest

from lkm.cli.depmod import main as depmod
from lkm.config.settings import assemble
from lkm.diagnose.engine import diagnose
from lkm.diagnose.evidence import GOOD, Attempt, Evidence
from lkm.kernel.interface import Refused
from lkm.kernel.linux import LinuxKernel
from lkm.kernel.surroundings import Surroundings
from lkm.manager import evidence
from lkm.manager.evidence import Scene
from lkm.manager.kernelside import of_image
from lkm.modfile.nouns import Export
from lkm.names import ModuleName
from lkm.state.devices import Device
from lkm.state.nouns import LogRecord
from tests.support.elfwriter import build_module
from tests.support.kernelwriter import build_kernel

INFO = [("license", "Proprietary"), ("vermagic", "1.0 ")]
FILES = {
    "proc/modules": "fat 100 0 - Live 0x0\n",
    "proc/cmdline": "quiet module_blacklist=odd,other\n",
    "proc/self/status": "CapEff:\t0000000000000000\nSeccomp:\t2\n",
    "proc/self/uid_map": "0 0 4294967295\n",
    "proc/kallsyms": "0 t hidden\n0 r __ksymtab_secret\n0 r __ksymtab_open\n0 t fat_scan\t[fat]\n",
    "sys/module/module/parameters/sig_enforce": "Y\n",
    "sys/kernel/security/lockdown": "none [integrity] confidentiality\n",
    "sys/bus/pci/devices/0/modalias": "pci:v1\n",
    "kmsg": "",
}


class Machine(LinuxKernel):
    """A kernel that shows itself in files below a directory, and counts how often its image is read."""

    def __init__(self, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(f"{place}/proc", f"{place}/sys", f"{place}/kmsg")
        self.place = place
        self.images = 0
        for name, text in FILES.items():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_text(text)
        self.directory = place / "lib/modules/1.0"
        self.directory.mkdir(parents=True)
        (self.directory / "mod.ko").write_bytes(build_module("mod", modinfo=INFO, needs=["secret", "open"]))
        assert depmod(["depmod", "-b", str(place), "1.0"]) == 0
        look = partial(Surroundings, f"{place}/proc", f"{place}/sys", str(place), f"{place}/kmsg")
        monkeypatch.setattr(evidence, "Surroundings", look)
        monkeypatch.setattr(evidence, "of_image", self._image)

    def _image(self, path: str) -> object:
        self.images += 1
        return of_image(path)

    def root(self) -> str:
        return str(self.place)

    def release(self) -> str:
        return "1.0"

    def with_image(self) -> None:
        (self.place / "boot").mkdir()
        (self.place / "boot/vmlinuz-1.0").write_bytes(build_kernel([Export("open", crc=1)]))

    def of(self, errno: str, *log: str, call: str = "finit_module") -> Evidence:
        scene = Scene(
            self, str(self.directory), settings=assemble([("x.conf", "options mod a=1\noptions fat b=2")], "")
        )
        return scene.evidence(Attempt(call, errno, log), path=f"{self.directory}/mod.ko")


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


def test_all_that_a_machine_tells(machine: Machine) -> None:
    found = machine.of("EPERM")
    side = found.kernel
    assert side and (side.lockdown, side.sig_enforce, side.capable) == ("integrity", True, False)
    assert side.blacklist == ("odd", "other") and [module.name for module in side.loaded or ()] == ["fat"]
    assert (found.caller.uid, found.caller.seccomp, found.caller.user_namespace) == (os.geteuid(), 2, False)
    assert found.devices == (Device("pci", "0", "pci:v1", path=f"{machine.place}/sys/bus/pci/devices/0"),)
    assert found.settings and [option.text for option in found.settings.options] == ["a=1"]
    assert (found.name, found.index_faults, found.installed) == ("mod", (), ())


def test_what_a_name_says_is_asked_of_removals_too(machine: Machine) -> None:
    found = Scene(machine, str(machine.directory)).evidence(Attempt("delete_module"), name="fat")
    assert (found.name, found.file, found.devices, found.settings) == ("fat", None, None, None)


def test_symbols_that_the_kernel_has_and_calls_unknown_are_for_gpl_modules(machine: Machine) -> None:
    found = machine.of("ENOENT", "mod: Unknown symbol secret (err -2)")
    assert found.kernel and found.kernel.exports == {"open": Export("open"), "secret": Export("secret", True)}
    assert found.kernel.symbols == frozenset({"hidden", "__ksymtab_secret", "__ksymtab_open"})
    assert diagnose(found)[0].code == "gpl-only"


def test_the_image_is_read_where_it_can_tell_more_than_the_log_and_once(machine: Machine) -> None:
    machine.with_image()
    for errno, log in (
        ("ENOEXEC", "mod: version magic '1' should be '2'"),
        ("ENOENT", "mod: Unknown symbol a (err -2)"),
    ):
        assert machine.of(errno, log).file
    assert machine.of("EACCES", call="open").kernel and machine.images == 0
    assert machine.of("EINVAL", "mod: disagrees about version of symbol open").kernel and machine.images == 1
    scene = Scene(machine, str(machine.directory))
    for _ in range(3):  # as the modules of a log
        found = scene.evidence(Attempt(), path=f"{machine.directory}/mod.ko")
        assert found.kernel and found.kernel.exports == {"open": Export("open", crc=1)}
        assert found.file and found.file.signature and found.file.signature != GOOD
    assert machine.images == 2


def test_an_image_that_cannot_be_read_is_none(machine: Machine) -> None:
    machine.with_image()
    (machine.place / "boot/vmlinuz-1.0").write_bytes(b"junk")
    found = machine.of("EKEYREJECTED")
    assert found.kernel and found.kernel.origin == "this kernel" and machine.images == 1


def test_attempts(machine: Machine) -> None:
    log = (LogRecord(4, 1, 1, "x: y"),)
    scene = Scene(machine, str(machine.directory))
    assert scene.refused(Refused("finit_module", 2, log), "a=1") == Attempt(
        "finit_module", "ENOENT", ("x: y",), "a=1", complete=True
    )
    assert scene.refused(Refused("open", 13)) == Attempt("open", "EACCES")
    (machine.place / "kmsg").unlink()
    assert not Scene(machine, str(machine.directory)).refused(Refused("init_module", 9999)).complete


def test_indexes_and_other_kernels_are_looked_at_for_a_name_that_is_not_found(machine: Machine) -> None:
    other = machine.place / "lib/modules/6.2"
    other.mkdir()
    (machine.directory / "new.ko").write_bytes(build_module("new"))
    found = Scene(machine, str(machine.directory)).lookup("new")
    assert [fault.text for fault in found.index_faults] == [f"does not list {machine.directory}/new.ko"]
    assert [each.release for each in found.installed] == ["6.2"] and found.kernel and found.kernel.release == "1.0"
    gone = Scene(machine, "/nowhere/lib/modules/9.9").lookup("new")
    assert gone.tree is None and gone.kernel and gone.kernel.release == "9.9"


def test_a_module_that_asks_for_firmware_that_is_not_there(machine: Machine) -> None:
    (machine.place / "lib/firmware").mkdir()
    data = build_module("mod", modinfo=[*INFO, ("firmware", "a.bin")])
    (machine.directory / "mod.ko").write_bytes(data)
    assert machine.of("ENOENT").no_firmware == ("a.bin",)
    assert ModuleName(machine.of("ENODEV").name) == "mod"
