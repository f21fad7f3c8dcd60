"""Runs in the guest: each sick file into the real kernel, after what it needs.

usage: sick_guest.py FILE: a JSON list of [file, parameters, what it needs, in order]. For each a line: errno and log.
"""

from __future__ import annotations

import json
import os
import sys

from lkm.kernel.interface import Refused
from lkm.kernel.linux import LinuxKernel


def main(rows: list[tuple[str, str, list[str]]]) -> None:
    kernel = LinuxKernel()
    with open("/proc/sys/kernel/modprobe", "w") as file:
        file.write("\n")
    there = {module.name for module in kernel.state().modules}
    for path, parameters, needs in rows:
        for need in needs:
            kernel.load(need)
        outcome = kernel.load(path, parameters)
        number = outcome.errno if isinstance(outcome, Refused) else 0
        print(json.dumps([number, [record.text for record in outcome.log]]), flush=True)
        for _ in range(len(needs) + 2):
            for module in kernel.state().modules:
                if module.name not in there:
                    kernel.unload(module.name)


if __name__ == "__main__":
    with open(sys.argv[1]) as listed:
        main(json.load(listed))
    os.sync()
