"""``lkm load``, ``unload`` and ``show`` in a real kernel: each cause that can be had there has its status."""

from __future__ import annotations

import json

import pytest

from lkm import lab
from tests.support.kernels import LKM

pytestmark = pytest.mark.lab

SCRIPT = f"""
    cd /lib/modules/$(uname -r)/kernel/fs
    run() {{ {LKM} "$@" >/run/out 2>&1; echo "$? $*"; sed 's/^/    /' /run/out; }}
    run load msdos
    run load msdos
    run load -n vfat
    run unload fat
    run unload fat --holders
    run unload msdos ext4
    run load nosuch
    run load --no-cmdline dummy numdummies=abc
    head -c 20000 fat/fat.ko >/run/cut.ko; run load /run/cut.ko
    sed 's/vermagic=6/vermagic=7/' fat/fat.ko >/run/other.ko; run load /run/other.ko
    printf junk >fat/vfat.ko; run load vfat
    mv ../../modules.dep.bin /run/; run load minix; mv /run/modules.dep.bin ../..
    run load ./minix/minix.ko
    run show --json minix
    chmod 0 /run/other.ko; su nobody -s /bin/sh -c '{LKM} load minix isofs'; echo "$? nobody"
    echo 1 >/proc/sys/kernel/modules_disabled
    run load hpfs
    run unload minix
"""


def test_each_cause_that_the_kernel_gives() -> None:
    result = lab.run(["sh", "-c", SCRIPT], merge=True)
    out = result.stdout.decode()
    assert [line for line in out.splitlines() if line[:1].isdigit()] == [
        "0 load msdos",
        "0 load msdos",
        "0 load -n vfat",
        "6 unload fat",
        "0 unload fat --holders",
        "7 unload msdos ext4",
        "3 load nosuch",
        "14 load --no-cmdline dummy numdummies=abc",
        "12 load /run/cut.ko",
        "11 load /run/other.ko",
        "12 load vfat",
        "3 load minix",
        "0 load ./minix/minix.ko",
        "0 show --json minix",
        "8 nobody",
        "17 load hpfs",
        "17 unload minix",
    ], out
    assert "    loaded fat: needed by msdos\n    loaded msdos\n" in out
    assert "    removed again, as loaded for vfat only: fat\n" in out.replace("      ", "    ")
    assert "`sudo lkm load isofs`" in out
    shown = json.loads(next(line for line in out.splitlines() if line.startswith('    {"schema"')))
    minix = shown["modules"][0]
    assert (minix["loaded"]["state"], minix["loaded"]["refcount"], minix["needs"]) == ("live", 0, [])
    assert minix["path"].endswith("/kernel/fs/minix/minix.ko") and minix["fields"]["license"] == ["GPL"]
