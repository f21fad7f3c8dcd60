"""depmod on trees of Linux 2.4, and the tree that a new world gets."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from lkm.cli.main import main
from lkm.cli.sim_new24 import PLACES
from tests.support.modules24 import build

RELEASE = "2.4.2-2"
BASE = f"/lib/modules/{RELEASE}"


class Desk:
    """A world with the shipped tree; ``err`` and ``out`` are what the last tool said."""

    def __init__(self, root: Path, capfd: pytest.CaptureFixture[str]) -> None:
        self.root = root
        self.modules = root / BASE[1:]
        self.capfd = capfd
        self.out = self.err = ""

    def __call__(self, command: str) -> int:
        status = main(["lkm", *command.split()])
        self.out, self.err = self.capfd.readouterr()
        return status


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Desk:
    monkeypatch.chdir(tmp_path)
    desk = Desk(tmp_path / "w.root", capfd)
    assert desk("sim new w --dialect 2.4") == 0
    assert f"modules: {tmp_path}/w.root/lib/modules/{RELEASE}\n" in desk.out
    monkeypatch.setenv("LKM_KERNEL", "sim:w")
    return desk


def test_a_new_world_has_the_shipped_tree(desk: Desk) -> None:
    dep = (desk.modules / "modules.dep").read_text()
    assert f"{BASE}/kernel/fs/msdos/msdos.o:\t{BASE}/kernel/fs/fat/fat.o\n\n{BASE}/kernel/fs/nfsd" in dep
    assert f"{BASE}/kernel/fs/fat/fat.o:\n\n" in dep
    assert len(dep.split("\n\n")) == len(PLACES) + 1
    assert (desk.modules / "modules.pcimap").read_text().startswith("# pci module         vendor     device     subv")
    assert (desk.modules / "modules.pcimap").read_text().count("\n3c59x                0x000010b7 0x0000") == 3
    assert len(list(desk.modules.glob("modules.*"))) == 8
    assert "alias eth0 3c59x\n" in (desk.root / "etc/modules.conf").read_text()
    assert (desk.root / f"usr/src/linux-{RELEASE}/drivers/usb/usbcore.o").is_file()


def test_an_old_tree_keeps_its_files(desk: Desk) -> None:
    (desk.root / "etc/modules.conf").write_text("alias mine ne\n")
    assert desk("sim new w --dialect 2.4 --force") == 0
    assert (desk.root / "etc/modules.conf").read_text() == "alias mine ne\n"
    assert desk("sim new w3 --dialect 2.4 --release 2.4.9") == 0
    assert not Path("w3.root").exists()


def test_unresolved_symbols(desk: Desk) -> None:
    assert [desk("depmod -a -e -u"), desk.err] == [0, ""]
    source = '#include "module24.h"\nCALL(printk)\nCALL(no_such_thing)\nCALL(fat_put_super)\n'
    (desk.modules / "misc/odd.o").write_bytes(build("odd", source=source))
    assert desk("depmod -a") == 0
    assert desk.err == f"depmod: *** Unresolved symbols in {BASE}/misc/odd.o\n"
    assert desk("depmod -a -e -u") == 1
    text = f"depmod: *** Unresolved symbols in {BASE}/misc/odd.o\ndepmod: \tno_such_thing\n  why: "
    assert desk.err.startswith(text)
    assert [desk("depmod -q"), desk.err] == [0, ""]
    assert f"\n{BASE}/misc/odd.o:\t{BASE}/kernel/fs/fat/fat.o\n" in (desk.modules / "modules.dep").read_text()


def test_without_a_world_a_release_of_2_4_tells(desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("LKM_KERNEL")
    (desk.modules / "modules.dep").unlink()
    assert [desk(f"depmod -b {desk.root} {RELEASE}"), desk.err] == [0, ""]
    assert (desk.modules / "modules.dep").stat().st_size > 800
    assert desk(f"depmod -e -b {desk.root} {RELEASE}") == 0
    assert desk.err == "depmod: -e needs -F FILE: the kernel's symbols are not known\n"
    (tmp_path / "System.map").write_text("c0100000 T printk\nc0100010 R __ksymtab_printk\n")
    assert desk(f"depmod -e -F System.map -b {desk.root} {RELEASE}") == 0
    assert "depmod: \tregister_filesystem\n" in desk.err
    assert "printk" not in desk.err
    assert desk(f"depmod -b /nowhere {RELEASE}") == 1
    assert desk.err.startswith(f"depmod: /nowhere: there are no modules for {RELEASE}\n  a 2.4 kernel's modules are")


def test_quick_show_and_files(desk: Desk) -> None:
    dep = desk.modules / "modules.dep"
    before = dep.read_bytes()
    os.utime(dep, (2e9, 2e9))
    assert desk("depmod -A") == 0
    assert dep.stat().st_mtime == 2e9
    os.utime(desk.modules / "kernel/fs/fat/fat.o", (2e9 + 9, 2e9 + 9))
    assert desk("depmod -A") == 0
    assert dep.stat().st_mtime != 2e9
    assert dep.read_bytes() == before
    assert desk("depmod -n") == 0
    assert desk.out.startswith(before.decode())
    shutil.copy(desk.modules / "kernel/fs/fat/fat.o", "fat.o")
    shutil.copy(desk.modules / "kernel/fs/msdos/msdos.o", "msdos.o")
    assert desk("depmod fat.o msdos.o") == 0
    assert desk.out.startswith("fat.o:\n\nmsdos.o:\tfat.o\n\n# module ")


def test_the_configuration_counts(desk: Desk) -> None:
    (desk.root / "etc/modules.conf").write_text(
        "keep\npath[misc]=/opt/modules\ndepfile=/var/dep\noptoins x y=1\nadd prune kernel\n"
    )
    (desk.root / "opt/modules").mkdir(parents=True)
    shutil.copy(desk.modules / "kernel/fs/fat/fat.o", desk.root / "opt/modules")
    (desk.modules / "bad.o").write_bytes(b"not ELF at all, but long enough")
    assert desk("depmod") == 0
    assert desk.err == (
        "/etc/modules.conf:4: unknown directive 'optoins'\n  optoins x y=1\n  ^ did you mean 'options'?\n"
        f"depmod: {BASE}/bad.o is not an ELF file\n"
    )
    assert (desk.root / "var/dep").read_text() == "/opt/modules/fat.o:\n\n"
