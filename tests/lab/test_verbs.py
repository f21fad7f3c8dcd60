"""``lkm load``, ``unload`` and ``show`` in a real kernel: each cause that can be had there has its status."""

from __future__ import annotations

import json

import pytest

from lkm import lab
from tests.support.kernels import LKM, debian

pytestmark = pytest.mark.lab

SCRIPT = f"""
    cd /lib/modules/$(uname -r)/kernel/fs
    run() {{ {LKM} "$@" >/run/out 2>&1; echo "$? $*"; sed 's/^/    /' /run/out; }}
    run load msdos
    run unload fat
    run unload fat --holders
    run load --no-cmdline dummy numdummies=abc
    run load i2c-stub
    run load dummy-irq
    cp fat/msdos.ko /run/lone.ko; run load /run/lone.ko
    head -c 20000 fat/fat.ko >/run/cut.ko; run load /run/cut.ko
    sed 's/vermagic=6/vermagic=7/' fat/fat.ko >/run/other.ko; run load /run/other.ko
    printf junk >fat/vfat.ko; run load vfat
    run load ./minix/minix.ko
    run show --json minix
    chmod a+rx /root; chmod 0 /run/other.ko; su nobody -s /bin/sh -c '{LKM} load minix isofs'; echo "$? nobody"
    echo 1 >/proc/sys/kernel/modules_disabled
    run load hpfs
    run unload minix
"""


def test_each_cause_that_the_kernel_gives() -> None:
    result = lab.run(["sh", "-c", SCRIPT], merge=True)
    out = result.stdout.decode()
    assert [line for line in out.splitlines() if line[:1].isdigit()] == [
        "0 load msdos",
        "6 unload fat",
        "0 unload fat --holders",
        "14 load --no-cmdline dummy numdummies=abc",
        "15 load i2c-stub",
        "16 load dummy-irq",
        "10 load /run/lone.ko",
        "12 load /run/cut.ko",
        "11 load /run/other.ko",
        "12 load vfat",
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


@pytest.mark.sweep
def test_causes_that_only_a_kernel_with_signatures_and_versions_gives() -> None:
    script = f"""
        cd /lib/modules/$(uname -r)/kernel/fs
        sed 's/intree=Y/intree=y/' fat/fat.ko >/run/tampered.ko
        {LKM} load /run/tampered.ko; echo "== $?"
        sed 's/vermagic=6.1/vermagic=6.2/; s/SMP preempt/SMP xreempt/' fat/fat.ko | head -c -300 >/run/other.ko
        {LKM} load /run/other.ko; echo "== $?"
        {LKM} load fat; echo "== $?"; {LKM} unload fat; echo "== $?"
    """
    out = debian("sh", "-c", script, merge=True).stdout.decode()
    assert [line for line in out.splitlines() if line.startswith("==")] == ["== 13", "== 11", "== 0", "== 0"], out
