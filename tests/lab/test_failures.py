"""What fails on a real kernel: the right finding comes first, and its incident leads to the same ones here."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lkm.cli.main import main
from lkm.lab import LabResult
from tests.support.kernels import LKM, debian, uml
from tests.support.schema import check

pytestmark = pytest.mark.lab

PRELUDE = f"""
    fs=/lib/modules/$(uname -r)/kernel/fs drivers=/lib/modules/$(uname -r)/kernel/drivers
    try() {{
        rm -f /run/incident; {LKM} "$@" --json --incident /run/incident 2>/dev/null
        tr -d '\\n' </run/incident; echo
    }}
"""
UML = """
    echo 'forbid hpfs because it is old
          install minix exit 3
          remove isofs exit 4' >/run/x.conf; c="-C /run/x.conf"
    try insmod $fs/fat/msdos.ko
    try insmod $drivers/net/dummy.ko numdummies=abc
    sed 's/vermagic=6/vermagic=7/' $fs/fat/fat.ko >/run/other.ko; try insmod /run/other.ko
    head -c 20000 $fs/fat/fat.ko >/run/cut.ko; try insmod /run/cut.ko
    try insmod nosuch
    try load i2c-stub
    try load dummy-irq
    try modprobe msods
    try modprobe $c hpfs
    try load $c minix
    modprobe isofs; try unload $c isofs
    modprobe msdos; try rmmod fat
    try modprobe -r fat
    try unload fat
    try insmod $fs/fat/fat.ko
    try rmmod nosuch
    cp -r /lib/modules/$(uname -r) /run/tree; mkdir -p /run/root/lib/modules
    mv /run/tree /run/root/lib/modules/$(uname -r); rm /run/root/lib/modules/*/modules.dep.bin
    try modprobe -d /run/root vfat
    echo 1 >/proc/sys/kernel/modules_disabled
    try load vfat
    try unload msdos
"""
EXPECTED = (
    *("missing-symbol", "bad-parameter", "other-kernel", "cut-file", "unreadable", "no-device", "init-failed"),
    *("not-found", "forbidden", "install-command", "remove-command", "in-use", "in-use", "in-use", "already-loaded"),
    *("not-loaded", "bad-index", "modules-disabled", "modules-disabled"),
)
DEBIAN = """
    sed 's/intree=Y/intree=y/' $fs/fat/fat.ko >/run/tampered.ko; try insmod /run/tampered.ko
    sed 's/license=GPL/license=XXX/' $fs/fat/fat.ko | head -c -300 >/run/own.ko; try load /run/own.ko
    echo 1 >/sys/module/module/parameters/sig_enforce
    head -c -300 $fs/fat/fat.ko >/run/bare.ko; try load /run/bare.ko
"""


def findings(answer: Any) -> Any:
    for key in ("requests", "removals", "modules"):
        if key in answer:
            return answer[key][0]["findings"]
    return answer["findings"]


def first_of_each(result: LabResult, place: Path, capfd: pytest.CaptureFixture[str]) -> list[str]:
    """Return the code that is first in each answer; its incident must lead to the same findings on this machine."""
    lines = result.stdout.decode().splitlines()
    found = []
    for answer, incident in zip(lines[::2], lines[1::2], strict=True):
        told = findings(check(answer))
        assert told, answer
        (place / "incident").write_text(incident)
        capfd.readouterr()
        assert main(["lkm", "explain", "--json", "--incident", str(place / "incident")]) == 0
        assert findings(json.loads(capfd.readouterr().out)) == told
        found.append(told[0]["code"])
    return found


@pytest.mark.timeout(300)
def test_each_failure_has_its_finding_and_its_incident(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], tell: Callable[[str], None]
) -> None:
    result = uml("sh", "-c", PRELUDE + UML)
    assert first_of_each(result, tmp_path, capfd) == list(EXPECTED), result
    tell(f"{len(EXPECTED)} failures on User-Mode Linux explained there, and the same from their incidents here")


@pytest.mark.sweep
@pytest.mark.timeout(900)
def test_signatures_and_gpl_symbols_on_debians_kernel(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    result = debian("sh", "-c", PRELUDE + DEBIAN)
    assert first_of_each(result, tmp_path, capfd) == ["bad-signature", "gpl-only", "unsigned"], result
