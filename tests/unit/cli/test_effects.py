"""``lkm effects`` on simulated kernels, of today and 2.4. On real ones: tests/lab/test_effects.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from lkm.cli import depmod, sim
from lkm.cli.main import main
from tests.support.elfwriter import build_module
from tests.support.kernels import LKM


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "lib/modules/1.0"
    place.mkdir(parents=True)
    for name, exports, needs in (("fat", ["fat_scan"], []), ("msdos", [], ["fat_scan", "register_filesystem"])):
        info = [("license", "GPL"), ("vermagic", "1.0 "), ("intree", "Y"), ("alias", f"fs-{name}")]
        (place / f"{name}.ko").write_bytes(build_module(name, modinfo=info, exports=exports, needs=needs))
    assert depmod.main(["depmod", "-b", str(tmp_path), "1.0"]) == 0
    assert sim.main(["sim", "new", f"{tmp_path}/w", "--tree", str(tmp_path)]) == 0
    monkeypatch.setenv("LKM_KERNEL", f"sim:{tmp_path}/w")
    return tmp_path


def test_what_a_command_did(world: Path, capfd: pytest.CaptureFixture[str]) -> None:
    capfd.readouterr()
    assert main(["lkm", "effects", "--", LKM, "modprobe", "-C", "/dev/null", "msdos"]) == 0
    out = capfd.readouterr().out.splitlines()
    assert [line.partition(" bytes): ")[2] for line in out[:2]] == [
        "a library of 1 symbol for other modules, used by msdos",
        "serves file system msdos",
    ]
    assert out[2] == "  + file system        msdos (nodev)" and out[3].endswith("bytes more than before")
    assert main(["lkm", "effects", "-b", "--", "sh", "-c", f"{LKM} rmmod msdos; exit 4"]) == 4
    assert capfd.readouterr().out == "  msdos: out, and with it file system msdos\n"
    assert main(["lkm", "effects", "--", "sh", "-c", "kill -9 $$"]) == 137
    assert capfd.readouterr().out.startswith("nothing changed")


def test_a_module_that_is_refused(world: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = world / "lib/modules/1.0/msdos.ko"
    assert main(["lkm", "effects", "--", LKM, "insmod", str(file)]) == 1
    out = capfd.readouterr().out
    assert out.endswith("the kernel said:\n  msdos: Unknown symbol fat_scan (err -2)\n")


def test_no_command_and_a_wrong_one(world: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["lkm", "effects"]) == 2 and main(["lkm", "effects", "--", "/nowhere/x"]) == 2
    assert "/nowhere/x: cannot run it: No such file" in capfd.readouterr().err
    assert main(["lkm", "effects", "--help"]) == 0


def test_a_linux_2_4(world: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    assert sim.main(["sim", "new", f"{world}/old", "--dialect", "2.4"]) == 0
    monkeypatch.setenv("LKM_KERNEL", f"sim:{world}/old")
    assert sim.main(["sim", "mount", "msdos"]) == 0
    capfd.readouterr()
    assert main(["lkm", "effects", "-b", "--", LKM, "modprobe", "ppp_generic"]) == 0
    assert "serves" in capfd.readouterr().out
