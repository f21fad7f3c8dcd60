"""Each change to the modules of a 2.4 world is kept where its tree has /var/log/ksymoops."""

from __future__ import annotations

from pathlib import Path

import pytest

from lkm.cli.main import main


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    assert run("sim new w --dialect 2.4") == 0
    monkeypatch.setenv("LKM_KERNEL", "sim:w")
    place = tmp_path / "w.root/var/log/ksymoops"
    place.mkdir(parents=True)
    return place


def run(command: str) -> int:
    return main(["lkm", *command.split()])


def test_the_log_tells_who_changed_what(place: Path) -> None:
    assert run("modprobe msdos") == 0
    assert run("sim clock +1m") == 0
    assert run("rmmod fat") == 1
    assert run("insmod -p serial") == 0
    assert run("sim open /dev/lp0") == 0
    assert run("modprobe -n ne") == 0
    assert run("modprobe -c") == 0
    assert (place / "20010408.log").read_text() == (
        "20010408 000000 start modprobe msdos safemode=0\n20010408 000000 probe ended\n"
        "20010408 000100 start rmmod fat safemode=0\n20010408 000100 rmmod returned 1\n"
        "20010408 000100 start insmod -p serial safemode=0\n20010408 000100 insmod returned 0\n"
        "20010408 000100 start /sbin/modprobe -s -k -- char-major-6 safemode=1\n20010408 000100 probe ended\n"
    )


def test_copies_before_and_after(place: Path) -> None:
    run("modprobe -k msdos")
    names = sorted(path.name for path in place.glob("*.modules"))
    assert names == ["20010408000000-2.modules", "20010408000000-3.modules", "20010408000000.modules"]
    assert (place / names[2]).read_text() == ""
    assert (place / names[1]).read_text().startswith("msdos                   5632   0 (autoclean) (unused)\nfat")
    assert "\t[fat]\n" in (place / "20010408000000-2.ksyms").read_text()
    run("sim mount msdos")
    run("sim umount msdos")
    run("sim clock +1m")
    run("rmmod -a")  # it only tags
    assert list(place.glob("20010408000100*.modules")) == []
    run("rmmod -a")
    copies = {path.name: path.read_text() for path in place.glob("20010408000100*.modules")}
    assert copies["20010408000100-2.modules"] == ""
    assert copies["20010408000100.modules"].startswith("msdos ")
    assert len(copies) == 2
