"""Autoclean in a real kernel: what is held, mounted or up stays; what is idle goes, a stack in one sweep."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lkm import lab
from lkm.lab import LabResult
from tests.lab.test_users import fat_image
from tests.support.kernels import LKM

pytestmark = pytest.mark.lab

ROOT = Path(__file__).parents[2]
HOLD = """
import os, time
tun = os.open("/dev/net/tun", os.O_RDWR)
open("/run/ready", "w").close()
time.sleep(100)
"""

CONF = """mode active
idle 1
unused 3
never isofs because it is not to go
"""


def test_two_sweeps_remove_what_is_idle_and_nothing_else(tmp_path: Path) -> None:
    """A sweep each second, while uses begin and end."""
    (tmp_path / "hold.py").write_text(HOLD)
    (tmp_path / "image").write_bytes(fat_image())
    (tmp_path / "autoclean.conf").write_text(CONF)
    script = f"""
        mkdir -p /etc/lkm /run/disk; cp {tmp_path}/autoclean.conf /etc/lkm/
        echo 'remove loop echo "remove command of loop"; exec {LKM} modprobe -r -i loop' >/etc/modprobe.d/loop.conf
        names() {{ for m in $*; do [ -d /sys/module/$m ] && echo -n " $m"; done; echo; }}
        until_gone() {{ n=0; while [ -d /sys/module/$1 ] && [ $n -lt 150 ]; do sleep 0.2; n=$((n+1)); done; }}
        ours="msdos fat loop tun dummy minix isofs"
        for m in msdos loop tun dummy isofs; do {LKM} modprobe -k $m; done; {LKM} modprobe minix
        losetup /dev/loop0 {tmp_path}/image && mount -t msdos /dev/loop0 /run/disk || exit
        {sys.executable} {tmp_path}/hold.py & hold=$!
        while [ ! -e /run/ready ]; do sleep 0.1; done
        ip link add dummy0 type dummy; ip netns add other; ip link set dummy0 netns other
        ip -n other link set dummy0 up
        {LKM} autoclean --every 1s >/run/log 2>&1 & sweeper=$!
        sleep 4; echo "== used"; names $ours; {LKM} autoclean --explain --json; {LKM} autoclean --explain
        umount /run/disk; losetup -d /dev/loop0; until_gone loop; until_gone fat; sleep 1
        echo "== unmounted"; names $ours
        kill $hold; ip -n other link set dummy0 down; until_gone tun; until_gone dummy
        echo "== free"; names $ours
        echo "== log"; cat /run/log
        kill $sweeper; wait $sweeper
        {LKM} modprobe -k msdos; /sbin/rmmod msdos; /sbin/modprobe msdos; {LKM} autoclean
        echo "== foreign"; {LKM} autoclean --explain msdos fat
        echo "== by hand"; {LKM} modprobe -k loop; {LKM} rmmod --all; names loop
        sleep 3.1; {LKM} rmmod -av; names loop
        {LKM} modprobe -k loop; sleep 3.1; {LKM} modprobe -r -n -v; names loop; {LKM} modprobe -r; names loop
    """
    out = lab.run(["sh", "-c", script], merge=True).stdout.decode()
    sections = {part.split("\n")[0]: part.split("\n", 1)[1] for part in out.split("== ")[1:]}
    everything = " msdos fat loop tun dummy minix isofs\n"
    assert sections["used"].startswith(everything), out
    _, document, *table = sections["used"].splitlines()
    words = {module["name"]: module["word"] for module in json.loads(document)["modules"]}
    assert words == {
        "cdrom": "held",
        "dummy": "interface",
        "fat": "held",
        "isofs": "never",
        "loop": "counted",
        "minix": "unmarked",
        "msdos": "counted",
        "nls_cp437": "unmarked",
        "overlay": "unmarked",
        "tun": "counted",
    }, out
    assert "dummy      interface  a network interface of it is up: dummy0" in table, out
    assert "isofs      never      the configuration keeps it: it is not to go (/etc/lkm/autoclean.conf:4)" in table
    assert sections["unmounted"] == " tun dummy minix isofs\n", out
    assert sections["free"] == " minix isofs\n", out
    removed = re.findall("^removed (\\w+)", sections["log"], re.MULTILINE)
    assert sorted(removed) == ["dummy", "fat", "loop", "msdos", "tun"], out
    assert removed.index("fat") == removed.index("msdos") + 1, out
    assert "removed fat: as does what held it" in sections["log"], out
    assert "remove command of loop" in sections["log"], out
    assert "msdos is marked no more: it was loaded anew" in sections["log"] + out
    assert re.search("^msdos +unmarked", sections["foreign"], re.MULTILINE), out
    assert re.search("^fat +held", sections["foreign"], re.MULTILINE), out
    by_hand = [line.split(":")[:3][-1] for line in sections["by hand"].splitlines() if "remove command" not in line]
    assert by_hand == [" loop", " removed loop", "", "rmmod loop", " loop", ""], out


def test_a_driver_with_a_device_stays(debian_lab: Callable[..., LabResult], tmp_path: Path) -> None:
    """mac80211_hwsim has a use count of 0 while it drives a (simulated) network card, be that up or down.

    Without one it goes, with all that was loaded beneath it.
    """
    (tmp_path / "autoclean.conf").write_text("mode active\nidle 0\nunused 0\n")
    script = f"""
        mkdir -p /etc/lkm; cp {tmp_path}/autoclean.conf /etc/lkm/
        {LKM} modprobe -k mac80211_hwsim radios=1
        {LKM} autoclean; {LKM} autoclean; {LKM} autoclean --explain mac80211_hwsim; grep ^mac80211_hwsim /proc/modules
        {LKM} modprobe -r mac80211_hwsim; {LKM} modprobe -k mac80211_hwsim radios=0; {LKM} autoclean
        grep -c 80211 /proc/modules
    """
    result = debian_lab("sh", "-c", script)
    first, loaded, *removed, left = result.stdout.decode().splitlines()
    assert first.startswith("mac80211_hwsim  device     a driver of it has a device: hwsim0"), result
    assert " 0 - Live " in loaded, result
    gone = [line.split(":")[0].removeprefix("removed ") for line in removed]
    assert gone[:2] == ["mac80211_hwsim", "mac80211"] and {"cfg80211", "rfkill"} < set(gone), result
    assert left == "0"


def used_at_random(tmp_path: Path, seconds: int, seed: int) -> tuple[dict[str, object], list[str]]:
    """Return what the guest saw, and what the sweeps removed."""
    (tmp_path / "image").write_bytes(fat_image())
    (tmp_path / "autoclean.conf").write_text("mode active\nidle 1\nunused 3\n")
    script = f"""
        mkdir -p /etc/lkm; cp {tmp_path}/autoclean.conf /etc/lkm/; cp {tmp_path}/image /run/image
        {LKM} autoclean --every 1s >/run/log 2>&1 & sweeper=$!
        cd {ROOT}; {sys.executable} -m tests.lab.autoclean_guest {seconds} {seed} /run/image || exit
        kill $sweeper; cat /run/log
    """
    result = lab.run(["sh", "-c", script], timeout=seconds + 200)
    assert result.status == 0, result
    saw, *log = result.stdout.decode().splitlines()
    return json.loads(saw), [line.split(":")[0].removeprefix("removed ") for line in log if "removed" in line]


@pytest.mark.sweep
def test_what_is_used_at_random_for_minutes_stays_while_it_is_used(tmp_path: Path) -> None:
    saw, removed = used_at_random(tmp_path, 180, 5)
    assert saw["lost"] == saw["left"] == [], (saw, removed)
    assert {"msdos", "fat", "loop", "dummy", "tun", "ppp_generic"} <= set(removed), (saw, removed)
