"""The tools on a world that speaks 2.4: the HOWTO's examples, 2.4's words, our explanations."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from lkm.cli.main import main
from lkm.kernel.sim.kernel24 import Kernel24, create_world
from tests.support.modules24 import SHIPPED, build


class Desk:
    """A directory with module files, a world, and the tools; ``err`` and ``out`` are what the last one said."""

    def __init__(self, capfd: pytest.CaptureFixture[str]) -> None:
        self.capfd = capfd
        self.out = self.err = ""

    def __call__(self, command: str) -> int:
        status = main(["lkm", *command.split()])
        self.out, self.err = self.capfd.readouterr()
        return status


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Desk:
    for file in SHIPPED.glob("*.o"):
        shutil.copy(file, tmp_path)
    monkeypatch.chdir(tmp_path)
    create_world("w", str(tmp_path / "root")).close()
    monkeypatch.setenv("LKM_KERNEL", "sim:w")
    return Desk(capfd)


def test_the_howtos_first_example(desk: Desk) -> None:
    assert desk("insmod msdos.o") == 1
    assert desk.err == (
        "msdos.o: unresolved symbol fat_date_unix2dos\n"
        "msdos.o: unresolved symbol fat_add_cluster1\n"
        "msdos.o: unresolved symbol fat_put_super\n"
        "  fat_date_unix2dos, fat_add_cluster1, fat_put_super: exported by fat.o, which is not loaded.\n"
        "  Load it first: insmod fat.o (modprobe of this module's name loads fat by itself)\n"
    )
    assert [desk("insmod fat.o"), desk.err, desk("insmod msdos.o"), desk.err] == [0, "", 0, ""]
    assert desk("lsmod") == 0
    assert desk.out == (
        "Module                  Size  Used by    Not tainted\n"
        "msdos                   5632   0 (unused)\n"
        "fat                    30400   0 [msdos]\n"
    )
    assert desk("ksyms -h") == 0
    assert f"c8800060  {'fat_date_unix2dos':<32}  [fat]\n" in desk.out
    assert "printk" not in desk.out
    assert desk("ksyms -a -m") == 0
    assert desk.out.startswith("Address   Symbol                            Defined by\n")
    assert f"c8800000  {'(30k)':<32}  [fat]\n" in desk.out
    assert "  printk\n" in desk.out


def test_usbcore_is_no_module(desk: Desk) -> None:
    assert desk("insmod usbcore.o") == 1
    first, why, *_ = desk.err.splitlines()
    assert first == "usbcore.o: couldn't find the kernel version this module was compiled for"
    assert why.startswith("  why: there is no kernel_version=")
    assert "-DMODULE" in desk.err


def test_ne_and_its_parameters(desk: Desk) -> None:
    desk("insmod 8390.o")
    assert desk("insmod ne.o") == 1
    assert desk.err.startswith("ne.o: init_module: No such device or address\nHint: insmod errors can be caused by")
    assert "  the kernel log says: ne: You must supply" in desk.err
    assert desk("insmod ne.o io=1,2,3,4,5") == 1
    assert desk.err.startswith("ne.o: too many values for io (max 4)\n  why: it takes: io=1-4i (I/O base address(es)")
    assert desk("insmod ne.o speed=1") == 1
    assert desk.err.startswith("ne.o: invalid parameter parm_speed\n")
    assert desk("insmod ne.o io=0x300 irq=11") == 0
    assert Kernel24("w").parameters("ne") == (("io", "0x300"), ("irq", "11"))
    assert desk("insmod ne.o io=0x300") == 1
    assert desk.err.startswith("ne.o: a module named ne already exists\n")
    assert desk("insmod -L ne.o") == 0
    assert desk("insmod -o ne2 ne.o io=0x320") == 0
    assert desk("rmmod ne ne2.o 8390") == 0


@pytest.mark.parametrize("fault", ["hang", "oops"])
def test_a_start_that_does_not_return(desk: Desk, fault: str) -> None:
    assert desk(f"sim fault serial {fault}") == 0
    assert desk("insmod serial.o") == 1
    assert desk.err.startswith("serial.o: init_module does not return\n  why: ")
    assert desk("lsmod") == 0
    assert desk.out.endswith("serial                 24484 (initializing)\n")


def test_faults_of_a_loaded_module(desk: Desk) -> None:
    desk("insmod -Y mydriver.o")
    assert [desk("sim fault mydriver deleted"), desk("lsmod")] == [0, 0]
    assert desk.out.endswith("mydriver                8154   0 (deleted)\n")


def test_another_release(desk: Desk) -> None:
    Path("old.o").write_bytes(build("mydriver", '-DRELEASE="2.2.19"'))
    assert desk("insmod old.o") == 1
    assert desk.err.startswith(
        "old.o: kernel-module version mismatch\n\told.o was compiled for kernel version 2.2.19\n"
        "\twhile this kernel is version 2.4.2-2.\n  why: "
    )
    assert desk("insmod -f old.o") == 0
    assert desk.err.startswith("Warning: kernel-module version mismatch\n")
    assert desk("lsmod") == 0
    assert desk.out.startswith("Module                  Size  Used by    Tainted: PF \n")


def test_numbers_alone_can_be_compared(desk: Desk) -> None:
    Path("near.o").write_bytes(build("fat", '-DRELEASE="2.4.2-9"'))
    assert desk("insmod near.o") == 1
    assert desk("insmod -N near.o") == 0


def test_symbol_versions(desk: Desk) -> None:
    head = '#include "module24.h"\nLICENSE("GPL")\nINFO("using_checksums=1")\n'
    Path("low.o").write_bytes(build("low", source=head + 'void f(void) {}\nEXPORT_AS(f, "f_R00000001")\n'))
    Path("high.o").write_bytes(build("high", source=head + "EXPORT_NO_SYMBOLS\nCALL(f_R00000009)\n"))
    create_world("v", symbols=("Using_Versions", "printk_R00000002")).close()
    os.environ["LKM_KERNEL"] = "sim:v"
    assert desk("insmod low.o") == 0
    assert desk("insmod high.o") == 1
    assert desk.err.startswith(
        "high.o: unresolved symbol f_R00000009\n"
        "  f_R00000009: here it is f_R00000001; it was changed since this module was compiled.\n"
    )
    assert desk("insmod -f high.o") == 0


def test_licenses(desk: Desk) -> None:
    assert desk("insmod bsd_comp.o") == 0
    assert desk.err.startswith(
        "Warning: loading bsd_comp.o will taint the kernel: non-GPL license - BSD without advertisement clause\n"
    )
    assert desk("insmod mydriver.o") == 0
    assert desk.err.startswith("Warning: loading mydriver.o will taint the kernel: no license\n")
    assert desk("lsmod") == 0
    assert "Tainted: P  \n" in desk.out
    source = '#include "module24.h"\nLICENSE("Proprietary")\nEXPORT_NO_SYMBOLS\nCALL(secret)\n'
    Path("closed.o").write_bytes(build("closed", source=source))
    create_world("g", symbols=("GPLONLY_secret",)).close()
    os.environ["LKM_KERNEL"] = "sim:g"
    assert desk("insmod closed.o") == 1
    assert "Hint: You are trying to load a module without a GPL compatible license\n" in desk.err


def test_probe_loads_nothing(desk: Desk) -> None:
    assert [desk("insmod -p fat.o"), desk.err, desk("insmod -p msdos.o"), desk.err] == [0, "", 1, ""]
    assert desk("insmod -n -m serial.o") == 0
    assert desk.out.startswith("Sections:       Size\n.text ")
    assert Kernel24("w").modules24() == ()


def test_a_bare_name_is_searched_in_the_tree(desk: Desk, tmp_path: Path) -> None:
    place = tmp_path / "root/lib/modules/2.4.2-2/kernel/fs"
    place.mkdir(parents=True)
    shutil.move("fat.o", place / "fat.o")
    assert desk("insmod fat") == 0
    assert desk.err == f"Using {place}/fat.o\n"
    assert desk("insmod nothing") == 1
    assert desk.err.startswith("insmod: nothing: no module by that name found\n")


def test_what_is_exported(desk: Desk) -> None:
    assert desk("insmod -Y -x mydriver.o") == 0
    assert desk("ksyms -h") == 0
    assert desk.out == ""
    assert desk("insmod -o second mydriver.o") == 0
    assert desk("ksyms -h") == 0
    assert desk.out.splitlines()[0].split()[1:] == ["mydriver_state", "[second]"]
    assert "__insmod_second_O" in desk.out
    assert "init_module" not in desk.out


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("insmod -S fat.o", "insmod: -S is not in the simulated kernel\n"),
        ("insmod", "usage: insmod [options] FILE|NAME [NAME=VALUE...]\n"),
        ("insmod w", "insmod: w: at byte 0: not an ELF file: it starts with 53 51 4c 69 instead of 7f 45 4c 46\n"),
    ],
)
def test_what_is_not_there(desk: Desk, command: str, said: str) -> None:
    assert desk(command) == 1
    assert desk.err == said
