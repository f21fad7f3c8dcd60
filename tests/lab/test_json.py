"""``--json`` in a real kernel: each answer is as the schema says, and tells what the kernel did."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from lkm import lab
from tests.support.kernels import LKM
from tests.support.schema import check

pytestmark = pytest.mark.lab

HOLD = """
import os, time
tun = os.open("/dev/net/tun", os.O_RDWR)
open("/run/ready", "w").close()
time.sleep(100)
"""


def test_answers_of_a_real_kernel(tmp_path: Path) -> None:
    (tmp_path / "hold.py").write_text(HOLD)
    calls = (
        "modprobe --json msdos",
        "lsmod --json",
        "rmmod --json fat msdos",
        "insmod --json $fs/fat/fat.ko",
        "modinfo --json loop",
        "load --json loop max_loop=3",
        "show --json loop overlay",
        "modprobe --json -r tun",
        "unload --json tun",
        "depmod --json -n",
    )
    script = f"""
        fs=/lib/modules/$(uname -r)/kernel/fs; modprobe tun; {sys.executable} {tmp_path}/hold.py &
        while [ ! -e /run/ready ]; do sleep 0.1; done
        {"; ".join([f"{LKM} {call} 2>/dev/null" for call in calls])}
    """
    result = lab.run(["sh", "-c", script])
    answers = [check(line) for line in result.stdout.decode().splitlines()]
    assert [answer["tool"] for answer in answers] == [call.split()[0] for call in calls]
    assert [answer["status"] for answer in answers] == [0, 0, 1, 1, 0, 0, 0, 1, 6, 0]
    by: list[Any] = answers
    assert [step["result"]["call"] for step in by[0]["requests"][0]["steps"]] == ["finit_module", "finit_module"]
    assert {m["name"]: m["holders"] for m in by[1]["modules"]}["fat"] == ["msdos"]
    assert [removal["result"]["outcome"] for removal in by[2]["removals"]] == ["refused", "done"]
    assert by[3]["result"]["errno"]["name"] == "EEXIST"
    assert by[6]["modules"][0]["parameters"][1] == {
        "name": "max_loop",
        "type": None,
        "description": "Maximum number of loop devices",
        "value": "3",
        "default": None,
        "mode": 0o444,
        "writable": False,
        "configured": None,
    }
    assert by[6]["modules"][1]["users"][0]["kind"] == "mount"
    for answer in by[7:9]:
        (user,) = answer["requests"][0]["users"]
        assert (user["what"], user["process"]["comm"]) == ("/dev/net/tun", "python")
    assert by[9]["modules"] > 900 and not by[9]["written"]
