"""Uses modules at random in a real kernel while autoclean sweeps; prints what it saw as JSON.

Arguments: how many seconds, a seed, a FAT image. Now and then one thing begins or ends: a mount by way of a loop
device, an open device, an interface that is up. Nobody loads a module for it: the kernel asks its helper, which is
``modprobe -k``. What is in use must be loaded all the time. At the end nothing is used, and all that must go.
"""

from __future__ import annotations

import json
import os
import random
import stat
import subprocess
import sys
import time
from pathlib import Path

from tests.support.kernels import LKM

VLAN = "ip link add d1 type dummy && ip link set d1 up && ip link add link d1 v1 type vlan id 5 && ip link set v1 up"
#: What a use needs, what begins it, what ends it.
USES = {
    "mount": (("msdos", "fat", "loop"), "mount -t msdos -o loop {image} /run/disk", "umount /run/disk"),
    "dummy": (("dummy",), "ip link add d0 type dummy && ip link set d0 up", "ip link del d0"),
    "vlan": (("dummy", "8021q"), VLAN, "ip link del v1; ip link del d1"),
}
#: A device of each module, by numbers: its file in /dev goes with the module.
DEVICES = {"tun": (10, 200), "ppp_generic": (108, 0)}
LOOP_CONTROL = (10, 237)
ALL = ("msdos", "fat", "loop", "dummy", "8021q", *DEVICES)


def prepare() -> None:
    """Make files of devices that stay, and set the kernel's helper."""
    os.makedirs("/run/disk", exist_ok=True)
    for path, numbers in [("/dev/loop-control", LOOP_CONTROL), *[(f"/run/{m}", n) for m, n in DEVICES.items()]]:
        os.mknod(path, 0o600 | stat.S_IFCHR, os.makedev(*numbers))
    helper = Path("/run/helper")
    helper.write_text(f'#!/bin/sh\nexec {LKM} modprobe -k "$@"\n')
    helper.chmod(0o755)
    Path("/proc/sys/kernel/modprobe").write_text(str(helper))


def main(seconds: int, chance: random.Random, image: str) -> None:
    """Play, then print how often each use began, what went when it was in use, and what was left at the end."""
    prepare()
    held: dict[str, int] = {}
    used: set[str] = set()
    began = dict.fromkeys([*USES, *DEVICES], 0)
    lost: list[str] = []
    end = time.monotonic() + seconds
    while used or held or time.monotonic() < end:
        over = time.monotonic() >= end
        name = chance.choice(sorted(used | held.keys()) if over else sorted(began))
        if name in used:
            subprocess.run(USES[name][2], shell=True, check=True)
            used.remove(name)
        elif name in held:
            os.close(held.pop(name))
        elif name in DEVICES:
            held[name] = os.open(f"/run/{name}", os.O_RDWR)
            began[name] += 1
        else:
            subprocess.run(USES[name][1].format(image=image), shell=True, check=True)
            used.add(name)
            began[name] += 1
        if not over:
            time.sleep(chance.uniform(0.2, 2.5))
        wanted = {module for use in used for module in USES[use][0]} | held.keys()
        lost += [module for module in sorted(wanted) if not os.path.isdir(f"/sys/module/{module}")]
    time.sleep(10)
    left = [module for module in ALL if os.path.isdir(f"/sys/module/{module}")]
    print(json.dumps({"began": began, "lost": lost, "left": left}))


if __name__ == "__main__":
    main(int(sys.argv[1]), random.Random(int(sys.argv[2])), str(Path(sys.argv[3])))
