from __future__ import annotations

from hashlib import md5
from pathlib import Path

import pytest

from lkm.system.conffiles import unchanged


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for leaf in ("etc/modprobe.d", "usr/lib/modprobe.d", "var/lib/dpkg"):
        (tmp_path / leaf).mkdir(parents=True)
    return tmp_path


def test_what_a_package_brought_and_nobody_changed(root: Path) -> None:
    names = ("mdadm", "changed", "mine")
    paths = [root / f"etc/modprobe.d/{name}.conf" for name in names] + [root / "usr/lib/modprobe.d/p.conf"]
    for path in paths:
        path.write_text("options md_mod start_ro=1\n")
    digest = md5(b"options md_mod start_ro=1\n").hexdigest()
    (root / "var/lib/dpkg/status").write_text(
        "Package: mdadm\nStatus: install ok installed\nConffiles:\n"
        f" /etc/modprobe.d/mdadm.conf {digest} obsolete\n /etc/modprobe.d/changed.conf {digest[::-1]}\n"
        f"Description: x\n /etc/modprobe.d/mine.conf {digest}\n\nPackage: other\n"
    )
    assert unchanged(str(root), list(map(str, paths))) == {str(paths[0])}
    paths[0].unlink()
    assert unchanged(str(root), list(map(str, paths))) == set()


def test_a_root_without_dpkg(root: Path) -> None:
    (root / "etc/modprobe.d/x.conf").write_text("")
    assert unchanged(str(root), [f"{root}/etc/modprobe.d/x.conf"]) == set()
    (root / "var/lib/dpkg/status").write_bytes(b"\xff\xfe Conffiles:\nConffiles:\n \n x\n")
    assert unchanged(str(root), [f"{root}/etc/modprobe.d/x.conf"]) == set()
