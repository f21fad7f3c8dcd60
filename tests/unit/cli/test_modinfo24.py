"""modinfo on a world that speaks 2.4: what insmod sees in a file (the HOWTO's 5.1 asks for it)."""

from __future__ import annotations

from pathlib import Path

import pytest

from lkm.cli.main import main

PLACE = "w.root/lib/modules/2.4.2-2/kernel"


@pytest.fixture(autouse=True)
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["lkm", "sim", "new", "w", "--dialect", "2.4"]) == 0
    monkeypatch.setenv("LKM_KERNEL", "sim:w")
    capfd.readouterr()


def test_all_fields(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["lkm", "modinfo", "ne"]) == 0
    assert capfd.readouterr().out == (
        f"filename:    {tmp_path}/{PLACE}/drivers/net/ne.o\n"
        'description: "NE1000/NE2000 ISA Ethernet"\n'
        "author:      <none>\n"
        'license:     "GPL"\n'
        'parm:        io int array (min = 1, max = 4), description "I/O base address(es), required"\n'
        'parm:        irq int array (min = 1, max = 4), description "IRQ number(s)"\n'
        "parm:        bad int array (min = 1, max = 4)\n"
    )


def test_single_fields_and_formats(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["lkm", "modinfo", "-d", "-a", f"{PLACE}/drivers/net/3c59x.o"]) == 0
    out = capfd.readouterr().out
    assert out == '"3Com 3c59x/3c9xx ethernet driver"\n"Donald Becker <becker@scyld.com>"\n'
    assert main(["lkm", "modinfo", "-f", "%{kernel_version}\\t100%% %{nothing} %x\\n", "ne", "fat"]) == 0
    assert capfd.readouterr().out == "2.4.2-2\t100% <none> %x\n" * 2
    assert main(["lkm", "modinfo", "-p", "mydriver"]) == 0
    assert capfd.readouterr().out == "level short\nmode byte\nname char (max 15)\nlabel string\n"


def test_what_is_no_module_and_what_is_not_there(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["lkm", "modinfo", "-n", "w.root/usr/src/linux-2.4.2-2/drivers/usb/usbcore.o"]) == 0
    assert capfd.readouterr().err.startswith("  why: there is no kernel_version= in its .modinfo")
    Path("bad.o").write_text("not a module at all, but a text")
    assert main(["lkm", "modinfo", "nosuch", "bad.o", "fat"]) == 1
    out, err = capfd.readouterr()
    assert err.startswith(
        "modinfo: nosuch: no module by that name found\n  why: there is no such file, nor nosuch.o "
    )
    assert "modinfo: bad.o: at byte 0: not an ELF file" in err
    assert out.startswith("filename: ")
    assert main(["lkm", "modinfo"]) == 1
