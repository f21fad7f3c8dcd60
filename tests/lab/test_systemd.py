"""The shipped units under a systemd that runs them: as they are, in a namespace where it is process 1."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lkm.lab import LabResult
from tests.support import kernels
from tests.support.kernels import LKM

pytestmark = pytest.mark.lab

UNITS = Path(__file__).parents[2] / "src/lkm/share/systemd"
#: Makes the machine: a target for all, and a service that does as the administrator would, then ends it all.
MACHINE = """
    mount -t cgroup2 none /sys/fs/cgroup
    mkdir -p /run/systemd/system
    cd /run/systemd/system
    cp {units}/* .
    cp {admin} /run/admin  # a systemd may put a /tmp of its own over this one
    printf '#!/bin/sh\\nexec {lkm} "$@"\\n' >/usr/bin/lkm
    chmod +x /usr/bin/lkm
    case {lkm} in /root/*|/home/*)  # where no service looks
        for unit in lkmd lkm-coldplug lkm-autoclean; do
            mkdir $unit.service.d
            printf '[Service]\\nProtectHome=no\\n' >$unit.service.d/here.conf
        done
    esac
    printf '[Unit]\\nRequires=lkmd.socket lkmd.service admin.service\\nDefaultDependencies=no\\n' >all.target
    cat >admin.service <<END
[Unit]
After=lkmd.service
DefaultDependencies=no
SuccessAction=exit-force
FailureAction=exit-force
[Service]
Type=oneshot
StandardOutput=file:/run/said
StandardError=file:/run/said
ExecStart=/bin/sh /run/admin
END
    container=lab timeout -s KILL {seconds} unshare --kill-child --pid --fork --mount-proc \\
        /lib/systemd/systemd --system --unit=all.target --log-target=console </dev/null >/run/log 2>&1
    cat /run/said || cat /run/log
"""
ADMIN = """
    start="systemctl start --job-mode=ignore-dependencies"
    show() { systemctl show "$@"; }
    is() { show lkmd.service -p ActiveState -p Result -p NRestarts --value | xargs echo "$1:"; }
    is started
    grep -E '^(CapEff|CapBnd|NoNewPrivs|Seccomp):' /proc/$(show lkmd.service -p MainPID --value)/status
    lkm request msdos
    systemctl reload lkmd.service
    is reloaded
    for unit in lkm-autoclean lkm-coldplug; do
        $start $unit.service
        show $unit.service -p Result -p ExecMainStatus --value | xargs echo $unit:
    done
    systemctl kill -s KILL lkmd.service
    while [ "$(show lkmd.service -p NRestarts --value)" = 0 ]; do sleep 0.1; done
    while [ "$(show lkmd.service -p ActiveState --value)" != active ]; do sleep 0.1; done
    is killed
    lkm request vfat
    systemctl stop lkmd.service 2>/dev/null  # it says that the socket can start it again
    is stopped
    lkm request minix
    is "asked for"
    lkm history | grep -oE '(msdos|vfat|minix)' | sort -u | xargs echo history:
    systemctl stop lkmd.socket lkmd.service
    is stopped
    lkm request ext4 2>/dev/null || echo "status $?"
"""


def play(kernel: Callable[..., LabResult], place: Path, seconds: int) -> list[str]:
    (place / "admin").write_text(ADMIN)
    script = MACHINE.format(units=UNITS, lkm=LKM, admin=place / "admin", seconds=seconds)
    result = kernel("sh", "-c", script)
    return result.stdout.decode().splitlines()


def test_the_units_do_what_they_are_for(tmp_path: Path) -> None:
    said = play(kernels.uml, tmp_path, 100)
    capabilities = f"{1 << 16 | 1 << 34:016x}"  # CAP_SYS_MODULE, CAP_SYSLOG (include/uapi/linux/capability.h)
    assert said == [
        "started: success 0 active",
        f"CapEff:\t{capabilities}",
        f"CapBnd:\t{capabilities}",
        "NoNewPrivs:\t1",
        "Seccomp:\t2",
        "msdos: loaded fat, msdos",
        "reloaded: success 0 active",
        "lkm-autoclean: success 0",
        "lkm-coldplug: success 0",
        "killed: success 1 active",
        "vfat: loaded vfat",
        "stopped: success 1 inactive",
        "minix: loaded minix",
        "asked for: success 0 active",
        "history: minix msdos vfat",
        "stopped: success 0 inactive",
        "status 2",
    ]
