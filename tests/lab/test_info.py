"""``lkm info`` and ``lkm list`` in a real kernel: what they tell is what /sys shows of the modules in it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lkm import lab
from tests.support.kernels import LKM
from tests.support.schema import check

pytestmark = pytest.mark.lab

#: Modules with parameters that have files.
MODULES = (
    *("loop", "tun", "ppp_generic", "fuse", "dm_mod", "zram", "tcp_cubic", "tcp_bic", "tcp_vegas", "nf_conntrack"),
    *("sunrpc", "nbd", "virtio_net", "overlay", "aoe", "softdog", "scsi_mod", "bonding", "md_mod", "cifs"),
)
#: Parameters that the module's init sets anew, by the machine's memory, by HZ, or by others.
SET_BY_INIT = {
    *(f"fuse/parameters/{name}" for name in ("max_user_bgreq", "max_user_congthresh")),
    *(f"nf_conntrack/parameters/{name}" for name in ("hashsize", "expect_hashsize")),
    *("nbd/parameters/max_part", "tcp_cubic/parameters/beta_scale", "tcp_cubic/parameters/bic_scale"),
}


def test_defaults_and_modes_are_those_of_sysfs() -> None:
    script = f"""
        for m in {" ".join(MODULES)}; do modprobe -C /dev/null $m 2>/dev/null; done
        {LKM} info --json -C /dev/null --no-cmdline $(cut -d' ' -f1 /proc/modules)
        cd /sys/module; for m in $(cut -d' ' -f1 /proc/modules); do stat -c '%a %n' $m/parameters/* 2>/dev/null; done
    """
    answer, *modes = lab.run(["sh", "-c", script]).stdout.decode().splitlines()
    known: dict[str, dict[str, Any]] = {}
    for module in check(answer)["modules"]:
        for parameter in module["parameters"]:
            known[f"{module['module']}/parameters/{parameter['name']}"] = parameter
    seen = {path: int(mode, 8) for mode, path in [line.split() for line in modes]}
    assert len(seen) > 50
    assert seen == {path: known[path]["mode"] for path in seen}
    assert {path for path, one in known.items() if one["mode"]} == set(seen)
    compared = [
        (path, one["default"], one["value"])
        for path, one in known.items()
        if one["default"] is not None and one["value"] is not None and path not in SET_BY_INIT
    ]
    # The kernel shows a string that was never set as "(null)".
    different = [each for each in compared if each[1] != each[2].replace("(null)", "")]
    assert different == []
    assert len(compared) > 40


def test_list_tells_who_uses_what_and_when_it_was_first_seen() -> None:
    script = f"""
        for m in vfat appletalk tun; do {LKM} load -q $m; done; exec 9</dev/net/tun
        before=$(date +%s); {LKM} load -q minix; {LKM} list --json; {LKM} list --tree; echo $before; cat /proc/modules
    """
    answer, *rest = lab.run(["sh", "-c", script]).stdout.decode().splitlines()
    listed = {module["name"]: module for module in check(answer)["modules"]}
    by_hand = [line.split() for line in rest if " Live " in line]
    assert list(listed) == [words[0] for words in by_hand]
    assert {name: module["size"] for name, module in listed.items()} == {w[0]: int(w[1]) for w in by_hand}
    assert {user["what"] for user in listed["tun"]["users"]} == {"/dev/net/tun"}
    assert "/" in {user["what"] for user in listed["overlay"]["users"]}
    times = [module["since"] for module in listed.values()]
    assert times == sorted(times, reverse=True)
    tree = [line for line in rest if " Live " not in line]
    at = tree.index(next(line for line in tree if line.startswith("appletalk")))
    assert [line.split("- ")[1].split(" ")[0] for line in tree[at + 1 : at + 3]] == ["psnap", "llc"]
    assert json.loads(answer)["status"] == 0
