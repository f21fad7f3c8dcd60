"""A kernel of 2.4 that asks for modules: automatic loading by its own modprobe, as in the HOWTO's section 5.4.1."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lkm.cli.main import main
from lkm.kernel.sim import requests
from lkm.kernel.sim.kernel24 import Kernel24

LKM = f"{Path(sys.executable).parent}/lkm"
ASKED = "request_module: /sbin/modprobe -s -k -- "

Sim = Callable[[str], tuple[int, str]]


@pytest.fixture
def sim(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Sim:
    def call(words: str) -> tuple[int, str]:
        status = main(["lkm", "sim", *words.split()])
        return status, capfd.readouterr().out

    monkeypatch.chdir(tmp_path)
    call("new w --dialect 2.4")
    monkeypatch.setenv("LKM_KERNEL", "sim:w")
    return call


def conf(text: str) -> None:
    Path("w.root/etc/modules.conf").write_text(text)
    os.utime("w.root/etc/modules.conf", (1e9, 1e9))


def test_the_automatic_mount_of_an_ms_dos_file_system(sim: Sim) -> None:
    assert sim("mount msdos") == (0, f"{ASKED}msdos\nmount: served by msdos\n")
    lines = "msdos                   5632   1 (autoclean)\nfat                    30400   0 (autoclean) [msdos]\n"
    assert sim("proc modules") == (0, lines)
    assert sim("umount msdos")[0] == 0


def test_devices_families_and_interfaces(sim: Sim) -> None:
    assert sim("open /dev/ttyS0") == (0, f"{ASKED}char-major-4\nopen: served by serial\n")
    assert sim("socket packet") == (0, f"{ASKED}net-pf-17\nsocket: served by af_packet; closed again\n")
    assert sim("ifup eth0") == (0, f"{ASKED}eth0\nifup: served by 3c59x\n")
    conf("alias eth1 ne\nif -k\noptions ne io=0x300 irq=11\nendif\n")
    assert sim("ifup eth1") == (0, f"{ASKED}eth1\nifup: served by ne\n")
    assert {m.name for m in Kernel24("w").modules24() if m.flags & 4} >= {"ne", "8390", "3c59x", "serial"}


def test_what_nobody_serves_is_told(sim: Sim) -> None:
    status, out = sim("socket ax25")
    first, said, why, cure, left, end = out.splitlines()
    assert (status, first) == (1, f"{ASKED}net-pf-3")
    assert said == "  syslog: modprobe: modprobe: Can't locate module net-pf-3"
    assert why.startswith(
        "  syslog: modprobe:   why: net-pf-3 means ax25 (modutils' defaults), and there is no file "
    )
    assert cure.endswith("alias net-pf-3 MODULE")
    assert (left, end) == ("  it left with status 1", "socket: Address family not supported by protocol")


def test_a_name_cannot_be_an_option_nor_have_parameters(sim: Sim) -> None:
    sim("request serial")
    for name in ("-rserial", "serial=x", "--remove"):
        status = main(["lkm", "sim", "request", "--", name])
        assert status == 1, name
    assert [m.name for m in Kernel24("w").modules24()] == ["serial"]


def test_what_the_helper_is_given(sim: Sim, tmp_path: Path) -> None:
    helper = tmp_path / "helper"
    helper.write_text(f"#!{sys.executable}\nimport os, sys\nprint(sys.argv, sorted(os.environ), os.getcwd())\n")
    helper.chmod(0o755)
    sim(f"proc sys/kernel/modprobe {helper}")
    _, out = sim("request nfsd")
    argv, rest = out.splitlines()[1].split("] ", 1)
    assert f"{argv}]" == str([str(helper), "-s", "-k", "--", "nfsd"])
    variables = rest.replace("'LC_CTYPE', ", "")  # Python sets that one itself
    assert variables == "['HOME', 'PATH', 'TERM'] /"


def test_a_runaway_loop_is_stopped(sim: Sim) -> None:
    world = Kernel24("w").world
    assert sim("proc sys/kernel/threads-max") == (0, "2048\n")
    assert sim("proc sys/kernel/threads-max many")[0] == 2
    assert sim("proc sys/kernel/threads-max 6") == (0, "")
    conf(f"install loop {LKM} sim --kernel sim:{os.getcwd()}/w request loop\n")
    status, out = sim("request loop")
    assert status == 1
    assert out.count(f"{ASKED}loop\n") == 4
    assert out.count(f"  kernel: {requests.RUNAWAY}\n") == 1
    assert [record.text for record in Kernel24("w").log()] == [requests.RUNAWAY]
    assert world.db.execute("SELECT COUNT(*) FROM meta WHERE key LIKE 'kmod %'").fetchone() == (0,)


def test_helpers_of_killed_processes_do_not_count(sim: Sim) -> None:
    world = Kernel24("w").world
    world.set_meta("max_threads", "4")
    assert requests.begin(world, 11, lambda _: True)
    assert requests.begin(world, 12, lambda _: True)
    for _ in range(7):
        assert not requests.begin(world, 13, lambda _: True)
    assert len(Kernel24("w").log()) == 5
    assert requests.begin(world, 13, lambda pid: pid != 12)
    assert {key for (key,) in world.db.execute("SELECT key FROM meta WHERE key LIKE 'kmod %'")} == {
        "kmod 11",
        "kmod 13",
    }
    requests.end(world, 13)
    assert sim("request serial")[0] == 0


def test_two_requests_at_once_both_succeed(sim: Sim) -> None:
    command = [LKM, "sim", "mount", "msdos"]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    out = [process.communicate()[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], out
    assert sim("proc modules")[1].startswith("msdos                   5632   2 (autoclean)\n")
