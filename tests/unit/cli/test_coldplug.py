"""``lkm coldplug`` on a simulated kernel, with a /sys in files. On a real one: tests/lab/test_daemon.py."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from lkm.cli.main import main
from tests.support import schema
from tests.support.daemon import LKM, sim_world

DEVICES = ("pci:v00000001d1", "pci:v00000001d2", "pci:unknown", "fs-other", "fs-msdos")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, value in sim_world(tmp_path).items():
        monkeypatch.setenv(name, value)
    for number, alias in enumerate(DEVICES):
        (tmp_path / f"sys/devices/{number}").mkdir(parents=True)
        (tmp_path / f"sys/devices/{number}/modalias").write_text(f"{alias}\n")
    (tmp_path / "x.conf").write_text("blacklist msdos\n")
    return tmp_path


def call(place: Path, *words: str) -> int:
    return main(["lkm", "coldplug", "--sys", f"{place}/sys", "-C", f"{place}/x.conf", *words])


def test_a_dry_run_loads_nothing(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert call(place, "-n") == 0
    assert capfd.readouterr().out == (
        "msdos: blacklisted, for fs-msdos\n"
        "other: would be loaded for fs-other\n"
        "vfat: would be loaded for pci:v00000001d1 and 1 more\n"
    )
    out = subprocess.run([LKM, "sim", "proc", "modules"], capture_output=True, check=True).stdout
    assert out == b""


def test_what_devices_need_is_loaded_once(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert call(place) == 1
    out, err = capfd.readouterr()
    assert out == (
        "msdos: blacklisted, for fs-msdos\n"
        "other: not loaded (version) for fs-other\n"
        "vfat: loaded for pci:v00000001d1 and 1 more (loaded fat vfat)\n"
    )
    assert err.startswith("lkm coldplug: ERROR: other, for fs-other: could not insert 'other'")
    assert call(place, "-n", "-q") == 0 and capfd.readouterr().out == ""
    assert call(place, "-n", "--json") == 0
    answer = schema.check(capfd.readouterr().out)
    assert answer["modaliases"] == 5
    assert [(each["modules"], each["loaded"]) for each in answer["found"]] == [
        (["msdos"], False),
        (["other"], False),
        (["vfat"], True),
    ]
    assert answer["found"][2]["aliases"] == ["pci:v00000001d1", "pci:v00000001d2"]
    assert call(place, "--json") == 1
    assert [
        each["outcome"] and each["outcome"]["cause"] for each in schema.check(capfd.readouterr().out)["found"]
    ] == [
        None,
        "version",
        None,
    ]


def test_a_simulated_kernel_has_no_devices_of_its_own(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["lkm", "coldplug"]) == 0
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["x"], "'x' is not understood"),
        (["-j", "0"], "--jobs is a number from 1 to 64"),
        (["--nosuch"], "unrecognized option"),
        (["-d", "/nowhere"], "/nowhere/lib/modules/1.0: there is no such module directory"),
    ],
)
def test_what_makes_no_sense(place: Path, words: list[str], said: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert call(place, *words) == 2
    assert said in capfd.readouterr().err
