"""``lkm top`` on a terminal of a real kernel: requests, loads, the countdown of autoclean, keys."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from lkm import lab
from tests.support.kernels import LKM

pytestmark = pytest.mark.lab

ROOT = Path(__file__).parents[2]


def test_a_terminal_shows_what_the_kernel_asks_for_and_what_goes() -> None:
    script = f"""
        mkdir -p /etc/lkm; printf 'mode active\\nidle 4\\nunused 4\\n' >/etc/lkm/autoclean.conf
        {LKM} helper install >/dev/null || exit
        {LKM} lkmd --autoclean 2 --no-coldplug --no-uevents --log stderr >/run/log 2>&1 &
        while [ ! -S /run/lkm/socket ]; do sleep 0.1; done
        cd {ROOT}; {sys.executable} -m tests.lab.top_guest
    """
    result = lab.run(["sh", "-c", script], timeout=200)
    assert result.status == 0, result.stdout.decode() + result.stderr.decode()
    seen = json.loads(result.stdout)
    assert seen["status"] == 0
    text = {name: "\n".join(lines) for name, lines in seen.items() if name != "status"}
    assert all(len(line) <= 80 for name in text for line in seen[name])
    table = text["in use"]
    assert re.search(r"\n appletalk +\d+ +2 [^\n]* in use", table), table
    assert re.search(r"\n llc +\d+ +1 [^\n]* in use +psnap", table), table
    assert re.search(
        r"\d\d:\d\d:\d\d request +net-pf-5 +kernel[^:]*: loaded\s+llc\s+psnap\s+appletalk", text["request"]
    )
    assert re.search(r"\d\d:\d\d:\d\d refused +net-pf-27 +kernel[^:]*:\s+not-found: ", text["refused"])
    why = text["explain"]
    assert "$ lkm info --why appletalk" in why and "kept by       2 other uses of it" in why, why
    assert "autoclean     its use count is not 0: 2" in why, why
    countdown = re.search(r"\n appletalk [^\n]* \ds +(\d)s\n", text["countdown"])
    assert countdown and 1 <= int(countdown[1]) <= 9, text["countdown"]
    gone = re.findall(r"\d\d:\d\d:\d\d removed +(\w+)", text["swept"])
    assert set(gone) == {"appletalk", "psnap", "llc"}, text["swept"]
    assert " appletalk " not in text["swept"].split("events")[0], text["swept"]
    assert re.search(r"\d\d:\d\d:\d\d removed +loop", text["gone"]), text["gone"]
