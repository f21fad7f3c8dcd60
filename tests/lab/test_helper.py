"""A real kernel runs the helper that `lkm helper install` made: the right modules load, each request is recorded."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from lkm import lab
from lkm.autoload.history import parse
from lkm.kernel.helper import ENVIRONMENT
from tests.support import schema
from tests.support.kernels import LKM
from tests.unit.cli.test_imports import SLOW

pytestmark = pytest.mark.lab

IMPORTED = Path(__file__).parents[1] / "golden/helper-imports.txt"
GUEST = Path(__file__).with_name("helper_guest.py")
#: What is asked for in helper_guest.py, in that order: alias, and the modules that are loaded for it.
ASKED: tuple[tuple[str, list[str]], ...] = (
    ("net-pf-5", ["llc", "psnap", "appletalk"]),
    ("net-pf-27", []),
    ("net-pf-38", ["af_alg"]),
    ("algif-skcipher", ["algif_skcipher"]),
    ("crypto-cbc(twofish)", []),
    ("crypto-cbc(twofish)-all", []),
    ("crypto-cbc", ["cbc"]),
    ("crypto-twofish", ["twofish_common", "twofish_generic"]),
    ("crypto-twofish-all", []),
    ("char-major-10-200", ["tun"]),
    ("char-major-211-0", []),
    ("char-major-211", []),
    ("fs-minix", ["minix"]),
    ("rtnl-link-dummy", ["dummy"]),
    ("netdev--rf", []),
    ("-rf", []),
)
#: The environment of a helper, and a script that is modprobe and prints what it imports.
KERNELS = " ".join(f"{name}={value}" for name, value in ENVIRONMENT.items())
IMPORTS = (
    "import sys; before = set(sys.modules); from lkm.cli.main import main; "
    'main(["modprobe", "-q", "--", "tun"]); print(*(set(sys.modules) - before), sep="\\n")'
)
CAME = [
    *("socket 0", "socket 97", "cipher 0", "device 0", "device 6"),
    *("mount 32", "link 0", "interface 19"),
]


def sections(out: str) -> dict[str, str]:
    return {part.split("\n")[0]: part.split("\n", 1)[1] for part in out.split("== ")[1:]}


def entries(text: str) -> list[Any]:
    found = [json.loads(line) for line in text.splitlines()]
    assert all(parse(line) for line in text.splitlines())
    return found


def test_the_kernel_runs_the_helper() -> None:
    script = f"""
        echo "== before"; {LKM} helper; {LKM} helper remove
        echo "== install"; {LKM} helper install --boot || exit; {LKM} helper; {LKM} helper --json
        echo "== boot"; cat /etc/sysctl.d/60-lkm-helper.conf
        echo "== came"; mkdir -p /var/log/ksymoops; {sys.executable} {GUEST}
        echo "== history"; {LKM} history --json
        echo "== kept"; ls /var/log/ksymoops
        echo "== policy"; mkdir -p /etc/lkm/autoload.d; rmmod tun minix; truncate -s0 /var/lib/lkm/history.jsonl
        echo 'deny alias fs-* because not here' >/etc/lkm/autoload.d/x.conf
        mount -t minix none /mnt 2>/run/said; cat /run/said; cat </run/tun; {LKM} history; lsmod | grep -c -w minix
        {LKM} policy fs-minix tun
        echo "== imports"; rm -r /etc/lkm/autoload.d /var/log/ksymoops; rmmod tun
        env -i {KERNELS} {sys.executable} -c '{IMPORTS}' | sort
        echo "== remove"; {LKM} helper remove; cat /proc/sys/kernel/modprobe
        ls -A /var/lib/lkm/helper; ls /etc/sysctl.d | grep lkm
        echo "== static"; mkdir -p /boot
        echo 'CONFIG_STATIC_USERMODEHELPER=y
CONFIG_STATIC_USERMODEHELPER_PATH="/x"' >/boot/config-$(uname -r)
        {LKM} helper; echo status $?; rm /boot/config-*
        echo "== odd"; mkdir -p /opt/odd; chmod a+rx /root
        echo /nowhere >/proc/sys/kernel/modprobe; {LKM} helper; {LKM} helper remove
        {LKM} helper install --path /opt/odd/modprobe >/dev/null; chmod 700 /opt/odd; ls /opt/odd
        echo /bin/true >/proc/sys/kernel/modprobe; {LKM} helper; {LKM} helper remove; {LKM} helper remove --force
        {LKM} helper install --path /opt/odd/{"x" * 250}/modprobe; setpriv --reuid 7 {LKM} helper install
        chown 7 /opt/odd; echo /opt/odd/modprobe >/proc/sys/kernel/modprobe; {LKM} helper
        sed -i 's/^run/broken/' /opt/odd/modprobe; {LKM} helper; echo status $?
    """
    result = lab.run(["sh", "-c", script], merge=True)
    part = sections(result.stdout.decode())
    assert part["before"] == (
        "the kernel runs /sbin/modprobe\n  which is not lkm; `lkm helper install` sets that\n"
        "  at boot: the kernel's own, or what sysctl sets\n"
        "nothing to do: the kernel runs /sbin/modprobe, and lkm was not installed\n"
    )
    install, status = part["install"].split("the kernel runs /var/lib/lkm/helper/modprobe")[1:]
    assert install.startswith(" now; before: /sbin/modprobe\nat each boot: /etc/sysctl.d/60-lkm-helper.conf\n"), part
    assert "  it works\n  before it was /sbin/modprobe;" in status, part
    answer = schema.check(part["install"].splitlines()[-1])
    assert (answer["works"], answer["ours"], answer["before"], answer["boot"]) == (True, True, "/sbin/modprobe", True)
    assert part["boot"].endswith("\nkernel.modprobe = /var/lib/lkm/helper/modprobe\n")
    assert part["came"].splitlines() == CAME, part
    found = entries(part["history"])
    assert [(entry["alias"], entry["modules"]) for entry in found] == list(ASKED), part
    assert {entry["requester"] for entry in found} == {"kernel"}
    assert all((entry["status"] == 0) == bool(entry["modules"]) for entry in found)
    assert (found[-1]["verdict"], found[-1]["cause"]) == ("deny", "forbidden")
    assert re.fullmatch(r"(\d{14}(-\d+)?\.modules\n)+", part["kept"]) and part["kept"].count("\n") > 7
    assert "deny: fs-minix is denied because not here, /etc/lkm/autoload.d/x.conf:1\n" in part["policy"]
    assert "char-major-10-200: loaded tun" in part["policy"]
    assert part["policy"].split("\n0\n")[1].startswith("fs-minix (means minix): deny: "), part["policy"]
    imported = part["imports"].split()
    assert set(imported) & set(SLOW) == {"ctypes"}
    assert [name for name in imported if name.startswith("lkm")] == IMPORTED.read_text().split()
    assert part["remove"] == "the kernel runs /sbin/modprobe again\n/sbin/modprobe\n"
    assert "  this kernel runs /x instead, whatever is set (CONFIG_STATIC_USERMODEHELPER_PATH)\n" in part["static"]
    assert part["static"].endswith("status 1\n")
    for line in (
        "the kernel runs /nowhere\n  which is not there: nothing is loaded on request\n",
        "nothing to do: the kernel runs /nowhere, and lkm was not installed\n",
        "the kernel runs /bin/true, which somebody set since\n  --force sets /nowhere again, as it was before\n",
        "the kernel runs /nowhere again\n",
        " bytes, and the kernel keeps 255\n",
        "lkm helper: ERROR: only root may do that\n",
        "DANGER: others than root may change /opt/odd, and so run anything as root\n",
        "/opt/odd/modprobe: does not work: status 1: NameError: name 'broken' is not defined\n",
    ):
        assert line in part["odd"], part["odd"]
    assert part["odd"].endswith("status 1\n")


def test_with_the_daemon_and_with_the_daemon_killed() -> None:
    """The helper hands over; when the daemon hangs or goes in the middle of a question, it does the work itself."""
    script = f"""
        {LKM} helper install >/dev/null; {LKM} lkmd 2>/run/said & lkmd=$!
        for i in $(seq 300); do [ -e /run/lkm/socket ] && break; sleep 0.1; done
        echo "== came"; {sys.executable} {GUEST}
        echo "== history"; {LKM} history --json
        rmmod minix tun dummy; kill -STOP $lkmd
        echo "== killed"; mount -t minix none /mnt 2>/dev/null & asked=$!
        until grep -qsx modprobe /proc/[0-9]*/comm; do sleep 0.01; done; sleep 0.5
        grep -c -w minix /proc/modules; kill -KILL $lkmd; wait $asked; grep -c -w minix /proc/modules
        echo "== alone"; ls /run/lkm/socket; cat </run/tun; {LKM} history --alias tun
        {LKM} history --alias minix --json
        echo "== marked"; cat /run/lkm/autoloaded.json
    """
    result = lab.run(["sh", "-c", script], merge=True)
    part = sections(result.stdout.decode())
    assert part["came"].splitlines() == CAME, part
    found = entries(part["history"])
    assert [(entry["alias"], entry["modules"]) for entry in found] == list(ASKED), part
    assert {entry["requester"] for entry in found} == {"kernel"}
    assert part["killed"] == "0\n1\n"
    assert "/run/lkm/socket\n" in part["alone"] and part["alone"].count("char-major-10-200: loaded tun") == 2, part
    assert [entry["modules"] for entry in entries(part["alone"].rpartition("ms)\n")[2])] == [["minix"], ["minix"]]
    assert all(f'"{name}"' in part["marked"] for name in ("minix", "tun")), part["marked"]
