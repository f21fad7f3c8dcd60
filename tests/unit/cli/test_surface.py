"""``lkm surface`` on trees that are not this machine's: whose configuration counts, and what is written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from lkm.cli import depmod
from lkm.cli.main import main
from tests.support import schema
from tests.support.elfwriter import build_module

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(root: Path, capfd: pytest.CaptureFixture[str]) -> Run:
    place = root / "lib/modules/1.0"
    place.mkdir(parents=True)
    tree = {
        "minix": "fs-minix",
        "rds": "net-pf-21",
        "tun": "char-major-10-200",
        "slip": "tty-ldisc-1",
        "nic": "pci:*",
    }
    for name, alias in tree.items():
        info = [("license", "GPL"), ("vermagic", "1.0 "), ("alias", alias)]
        (place / f"{name}.ko").write_bytes(build_module(name, modinfo=info))
    assert depmod.main(["depmod", "-b", str(root), "1.0"]) == 0
    capfd.readouterr()

    def call(*words: str) -> tuple[int, str, str]:
        status = main(["lkm", "surface", "-d", str(root), "-S", "1.0", *words])
        out, err = capfd.readouterr()
        return status, out.replace(str(root), ""), err.replace(str(root), "")

    return call


def modules(answer: tuple[int, str, str]) -> list[str]:
    assert answer[0] == 0, answer
    return [line.split()[0] for line in answer[1].splitlines() if line[0] != " "][:-2]


def test_what_is_open(run: Run) -> None:
    status, out, err = run()
    assert (status, err) == (0, "")
    assert out == (
        "minix\n  fs-minix: user namespace: mount(2); the type is looked up before it is refused\n"
        "rds\n  net-pf-21: any user: socket(2) of a family\n"
        "slip\n  tty-ldisc-1: line discipline: ioctl(2) TIOCSETD on a terminal\n"
        "tun\n  char-major-10-200: device node: open(2) of a device file /dev/net/tun\n"
        "5 modules for 1.0: 4 can be loaded by users without rights: 1 by any user, 1 by one with a user namespace, "
        "1 by one who opens a device file, 1 by one with a terminal\n"
        "0 more are closed; 4 that can be loaded are not needed here\n"
    )


def test_the_roots_own_configuration_counts(run: Run, root: Path) -> None:
    (root / "etc/modprobe.d/x.conf").write_text("blacklist rds\n")
    (root / "etc/fstab").write_text("# disks\n/dev/sda1 / minix,ext4 defaults 0 1\n")
    (root / "etc/modules").write_text("slip\n")
    (root / "boot").mkdir()
    (root / "boot/config-1.0").write_text("CONFIG_USER_NS=y\n# CONFIG_LDISC_AUTOLOAD is not set\n")
    assert modules(run()) == ["minix", "tun"]
    assert modules(run("--spare")) == ["tun"]
    assert modules(run("--closed")) == ["rds", "slip"]
    assert modules(run("--all")) == ["minix", "rds", "slip", "tun"]
    assert "minix (/etc/fstab:2 wants it)\n" in run("minix")[1]
    assert "closed: blacklisted: /etc/modprobe.d/x.conf:1\n" in run("rds")[1]
    assert "closed: this kernel was built without CONFIG_LDISC_AUTOLOAD\n" in run("slip")[1]


@pytest.mark.parametrize(
    ("form", "line"),
    [
        ("forbid", "forbid rds because it is not needed here, and open to any user by net-pf-21"),
        ("policy", "deny from kernel module rds because it is open to any user by net-pf-21"),
        ("install", "install rds /bin/false"),
    ],
)
def test_what_is_written_closes_it(form: str, line: str, run: Run, root: Path) -> None:
    file = root / ("etc/lkm/autoload.d" if form == "policy" else "etc/modprobe.d") / "surface.conf"
    file.parent.mkdir(parents=True, exist_ok=True)
    assert run("--write", str(file), "--form", form)[1].endswith("/surface.conf: closes 4 modules\n")
    assert line in file.read_text().splitlines()
    assert modules(run()) == []
    assert ("closed: policy: /etc/lkm/autoload.d/surface.conf:3" in run("minix")[1]) == (form == "policy")


def test_as_an_object(run: Run, capfd: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run("--json", "tun")
    answer = schema.check(out)
    (reach,) = answer["reached"]
    assert (status, answer["modules"], reach["module"], reach["open"], reach["spare"]) == (0, 5, "tun", True, True)
    assert reach["ways"][0]["node"] == "/dev/net/tun" and reach["ways"][0]["certainty"] == "certain"
    assert json.loads(run("--json", "nic")[1])["reached"] == []


def test_what_makes_no_sense(run: Run) -> None:
    assert run("--form", "x")[2] == "lkm surface: ERROR: unknown form 'x'\n  known are: forbid, policy, install\n"
    assert run("nosuch")[0] == 2
    assert "no modules for 2.0 in /lib/modules/2.0" in run("-S", "2.0")[2]
