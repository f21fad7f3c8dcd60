from __future__ import annotations

from pathlib import Path

from lkm.cli import depmod
from lkm.diagnose.evidence import Installed
from lkm.system.installed import installed
from tests.support.elfwriter import build_module


def test_other_kernels_their_vermagic_and_their_file_of_the_module(tmp_path: Path) -> None:
    base = tmp_path / "lib/modules"
    for release, name, vermagic in (("1.0", "fat", "1.0 SMP "), ("6.2", "fat", "6.2 "), ("6.3", "vfat", "6.3 ")):
        (base / release).mkdir(parents=True)
        (base / release / f"{name}.ko").write_bytes(build_module(name, modinfo=[("vermagic", vermagic)]))
        assert depmod.main(["depmod", "-b", str(tmp_path), release]) == 0
    (base / "6.4").mkdir()
    (base / "README").write_text("")
    assert installed(f"{base}/1.0", "fat") == (
        Installed("6.2", f"{base}/6.2", "6.2 ", f"{base}/6.2/fat.ko"),
        Installed("6.3", f"{base}/6.3", "6.3 "),
        Installed("6.4", f"{base}/6.4"),
    )
    assert installed("/nowhere/1.0", "fat") == ()


def test_a_damaged_module_tells_nothing(tmp_path: Path) -> None:
    (tmp_path / "lib/modules/6.2").mkdir(parents=True)
    (tmp_path / "lib/modules/6.2/fat.ko").write_bytes(build_module("fat"))
    assert depmod.main(["depmod", "-b", str(tmp_path), "6.2"]) == 0
    (tmp_path / "lib/modules/6.2/fat.ko").write_bytes(b"junk")
    assert [each.vermagic for each in installed(f"{tmp_path}/lib/modules/1.0", "fat")] == [""]
