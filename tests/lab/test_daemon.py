"""The daemon on real kernels: uevents, a crowd, hostile clients, rights, a kill; coldplug beside kmod's answer."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lkm.lab import LabResult
from tests.lab.daemon_guest import ALIASES
from tests.support.kernels import LKM, uml

ROOT = Path(__file__).parents[2]


def play(requests: int, frames: int, timeout: int = 240) -> Any:
    words = ["env", f"PYTHONPATH={ROOT}", sys.executable, "-m", "tests.lab.daemon_guest", str(requests), str(frames)]
    done = uml(*words, timeout=timeout)
    assert done.status == 0, (done.stdout, done.stderr.decode()[-3000:], done.log[-2000:])
    return json.loads(done.stdout)


def check_crowd(found: Any, requests: int) -> None:
    answers = found["answers"]
    assert found["errors"] == []
    assert len(answers) == requests and found["entries"] >= requests
    for name, status, modules, shared in answers:
        assert (status != 0) == ("nosuch" in name), name
        assert shared or not modules or set(modules) <= set(found["inserted"])
    assert {name for name, *_ in answers} == set(ALIASES) or requests < len(ALIASES)
    assert {module: n for module, n in Counter(found["inserted"]).items() if n > 1} == {}
    assert set(found["loaded"]) <= {*found["inserted"], "bonding"}


def check_hostile(found: Any, frames: int) -> None:
    assert found["status"] == 0 and sum(found["kinds"].values()) == frames - frames // 2
    assert found["after"] == found["before"]
    assert found["asked"] >= 1 and found["longest"] < 30 and found["root"] == 0
    assert found["memory"][1] - found["memory"][0] < 8192


@pytest.fixture(scope="module")
def found() -> Any:
    return play(200, 200)


def test_a_device_brings_its_module(found: Any) -> None:
    """scsi_debug makes a disk, whose modalias means sd_mod; written to its uevent file, ``add`` is the same again."""
    seen = found["uevents"]
    assert "sd_mod" not in seen["gone"] and seen["changed"] == seen["gone"] and "scsi_debug" in seen["gone"]
    assert "scsi_mod" not in seen["before"]


def test_each_module_is_inserted_once_and_all_are_answered(found: Any) -> None:
    check_crowd(found["crowd"], 200)


def test_who_has_no_right_gets_nothing(found: Any) -> None:
    seen = found["rights"]
    assert seen["denied"] == seen["claimed"] == [5, "forbidden"]
    assert seen["allowed"] == ["done", "forbidden"] and seen["modules"] == ["bfs"]


def test_hostile_clients_are_not_felt(found: Any) -> None:
    check_hostile(found["hostile"], 200)


def test_killed_in_the_middle(found: Any) -> None:
    """Those who wait are told at once; the next daemon takes the place over; no line of the history is broken."""
    seen = found["killed"]
    assert seen["hung_up"] == 10 and seen["nothing"] and seen["again"] == seen["end"] == 0 and seen["lines"]


@pytest.mark.sweep
def test_a_thousand_requests_and_ten_thousand_attacks(tell: Callable[[str], None]) -> None:
    found = play(1000, 10_000, 1200)
    check_crowd(found["crowd"], 1000)
    check_hostile(found["hostile"], 10_000)
    crowd, hostile = found["crowd"], found["hostile"]
    tell(
        f"{len(crowd['answers'])} requests in {crowd['seconds']:.1f} s, memory {crowd['memory']} kB; "
        f"others waited at most {hostile['longest']:.2f} s of {hostile['asked']}, memory {hostile['memory']} kB"
    )


COLDPLUG = f"""
echo /bin/true >/proc/sys/kernel/modprobe
find /sys/devices -name modalias -exec cat {{}} + >/run/aliases
find /sys/devices -name uevent -exec sed -n 's/^MODALIAS=//p' {{}} + >>/run/aliases
sort -u /run/aliases | grep . >/run/each
/sbin/modprobe -R -a $(cat /run/each) 2>/dev/null | sort -u >/run/theirs
{LKM} coldplug -n --json >/run/dry
cut -d ' ' -f 1 /proc/modules | sort >/run/before
{LKM} coldplug --json >/run/done 2>/run/said
cut -d ' ' -f 1 /proc/modules | sort >/run/after
{LKM} coldplug -n --json >/run/again
sed 's:.*/::;s/\\.ko.*//;y/-/_/' /lib/modules/$(uname -r)/modules.builtin | sort >/run/builtin
wc -l </run/each; echo =; cat /run/builtin; echo =; cat /run/theirs; echo =; cat /run/dry /run/done /run/again; echo =
cat /run/before; echo =; cat /run/after; echo =; cat /run/said
"""


def test_coldplug_finds_what_modprobe_finds(debian_lab: Callable[..., LabResult]) -> None:
    """On Debian's kernel in QEMU: on every modalias in /sys, as ``modprobe -R`` answers; then they are loaded."""
    done = debian_lab("sh", "-c", COLDPLUG, timeout=300)
    assert done.status == 0, done.stderr
    count, builtin, theirs, ours, before, after, said = [
        part.split("\n") for part in done.stdout.decode().split("\n=\n")
    ]
    dry, result, again = [json.loads(line) for line in ours]
    found = {module for each in dry["found"] for module in each["modules"]}
    assert dry["modaliases"] == int(count[0]) > 20
    assert found == set(theirs) - set(builtin) and len(found) > 10
    loaded = {m for each in result["found"] if each["outcome"] for m in each["outcome"]["modules"]}
    assert set(after) - set(before) == loaded, said
    fine = {"done", "no-device"}
    assert all(each["loaded"] or each["outcome"]["cause"] in fine for each in result["found"]), (result, said)
    assert all(each["loaded"] for each in again["found"] if set(each["modules"]) <= set(after))
