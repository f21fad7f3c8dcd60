"""What lint says of a configuration is what a real kernel then does with it; and after --fix it does not any more."""

from __future__ import annotations

from pathlib import Path

import pytest

from lkm import lab
from tests.support.kernels import LKM

pytestmark = pytest.mark.lab

CONFIG = """options dummy numdummies=many
options loop max_lop=3 # three
blacklist fat
options tun.ko debug=1
"""
FIXED = """options dummy numdummies=many
# three
options loop max_lop=3
blacklist fat
options tun debug=1
"""


def test_each_finding_is_true(tmp_path: Path) -> None:
    config = tmp_path / "x.conf"
    config.write_text(CONFIG)
    script = f"""
        cp {config} /run/x.conf; cd /run
        echo "== lint"; {LKM} lint -C x.conf; echo $?
        echo "== kernel"
        {LKM} modprobe -C x.conf dummy; {LKM} modprobe -C x.conf loop; {LKM} modprobe -C x.conf msdos
        grep -oE '^(dummy|loop|fat|msdos) ' /proc/modules
        echo "== log"; dmesg | grep -oE "(dummy|loop): .*parameter.*"
        echo "== fixed"; rmmod loop; dmesg -c >/dev/null
        {LKM} lint --fix -C x.conf | grep -c '\\[trailing-comment\\]'
        cat x.conf
        echo "== then"; {LKM} modprobe -C x.conf loop; dmesg | grep -oE "loop: .*parameter.*"
        echo "== graph"; {LKM} graph --format json fat | tr '{{' '\\n' >/run/graph
        </run/graph grep -oE '"(vfat|msdos|fat)".*"loaded": [a-z]*'
        echo "== live"; {LKM} lint --json | tr , '\\n' | grep -c '"status"'
    """
    out = lab.run(["sh", "-c", script], merge=True).stdout.decode()
    parts = {part.split("\n")[0]: part.split("\n", 1)[1].splitlines() for part in out.split("== ")[1:]}
    codes = [line.rpartition("[")[2] for line in parts["lint"] if line.startswith("x.conf:")]
    assert codes == ["bad-value]", "unknown-parameter]", "trailing-comment]", "blacklist-needed]", "file-name]"]
    assert parts["lint"][-1] == "1"
    # dummy is refused; loop is loaded, and fat too, blacklisted as it is
    assert [line.strip() for line in parts["kernel"][-3:]] == ["msdos", "fat", "loop"]
    assert parts["log"] == [
        "dummy: `many' invalid for parameter `numdummies'",
        *(f"loop: unknown parameter '{word}' ignored" for word in ("max_lop", "#", "three")),
    ]
    assert parts["fixed"] == ["0", *FIXED.splitlines()]
    assert parts["then"] == ["loop: unknown parameter 'max_lop' ignored"]
    assert parts["live"] == ["1"]
    # graph knows what this kernel has loaded
    assert [(line.split('"')[1], line.split()[-1]) for line in parts["graph"]] == [
        *(("fat", "true"), ("msdos", "true"), ("vfat", "false")),
    ]
