"""Runs in the guest: each module in and out of the real kernel, with what it registers meanwhile.

usage: prediction_guest.py NAME...

For each module a line of JSON goes to stdout before (its name) and after: ``before`` (what is loaded), ``calls``
(each load and unload with its errno and its log), ``registered`` (kind → what is there while it is loaded, beyond
what its dependencies brought), ``modules`` (/proc/modules while it is loaded, without the addresses). The kernel's
own modprobe is switched off, so that nothing else comes.
"""

from __future__ import annotations

import json
import os
import socket
import sys

from lkm.index.lookup import ModuleIndex
from lkm.kernel.interface import Refused
from lkm.kernel.linux import LinuxKernel, release
from lkm.system.indexfiles import open_index
from tests.lab.all_modules_guest import loaded, newest_process, settle

DIRECTORY = f"/lib/modules/{release()}"
Call = tuple[str, str, str, int, list[str]]


def parameters(module: str) -> set[str]:
    """Return the files of a module's parameters, with their modes."""
    place = f"/sys/module/{module}/parameters"
    if not os.path.isdir(place):
        return set()
    return {f"{name}:{os.stat(f'{place}/{name}').st_mode & 0o777:o}" for name in os.listdir(place)}


def modules() -> list[list[str]]:
    """Return the fields of each line of /proc/modules but the address: taints are the last, or empty."""
    with open("/proc/modules") as file:
        rows = [line.split() for line in file]
    return [[*row[:5], row[6] if len(row) > 6 else ""] for row in rows]


def registered() -> dict[str, set[str]]:
    """Return what the kernel has: file systems, majors, misc minors, protocol families, interfaces."""
    found: dict[str, set[str]] = {"filesystem": set(), "char": set(), "block": set(), "misc": set(), "netdev": set()}
    with open("/proc/filesystems") as file:
        found["filesystem"] = {line.split("\t")[1].strip() for line in file}
    kind = "char"
    with open("/proc/devices") as file:
        for line in file:
            kind = "block" if line.startswith("Block") else kind
            if line.split() and line.split()[0].isdecimal():
                found[kind].add(line.split()[0])
    with open("/proc/misc") as file:
        found["misc"] = {line.split()[0] for line in file}
    found["netdev"] = set(os.listdir("/sys/class/net"))
    found["family"] = {str(number) for number in range(46) if is_family(number)}
    return found


def is_family(number: int) -> bool:
    try:
        socket.socket(number, socket.SOCK_DGRAM).close()
    except OSError as error:
        return error.errno != 97
    return True


def run(index: ModuleIndex, kernel: LinuxKernel, name: str) -> dict[str, object]:
    entry = index.dependencies(name.replace("-", "_"))
    assert entry is not None
    before = loaded()
    calls: list[Call] = []

    def load(path: str, parameters: str = "") -> None:
        newest = newest_process()
        outcome = kernel.load(f"{DIRECTORY}/{path}", parameters)
        settle(newest)
        number = outcome.errno if isinstance(outcome, Refused) else 0
        calls.append(("load", path, parameters, number, [record.text for record in outcome.log]))

    def folded(path: str) -> str:
        return path.rpartition("/")[2].removesuffix(".ko").replace("-", "_")

    if entry.depends:
        load(entry.path)  # most fail now, for want of symbols
    for path in reversed(entry.depends):
        if folded(path) not in loaded():
            load(path)
    base = registered()
    load(entry.path, "lkm_bogus=1")
    now = registered()
    lines = modules()
    files = parameters(folded(entry.path))
    load(entry.path)
    for path in (entry.path, *entry.depends):
        if folded(path) in loaded() and folded(path) not in before:
            outcome = kernel.unload(folded(path))
            calls.append(("unload", folded(path), "", outcome.errno if isinstance(outcome, Refused) else 0, []))
    new = {kind: sorted(now[kind] - base[kind]) for kind in now}
    new["parameter"] = sorted(files)
    return {"name": name, "before": before, "calls": calls, "registered": new, "modules": lines}


if __name__ == "__main__":
    with open("/proc/sys/kernel/modprobe", "w") as file:
        file.write("\n")
    opened = open_index(DIRECTORY), LinuxKernel()
    for name in sys.argv[1:]:
        print(json.dumps(name), flush=True)
        print(json.dumps(run(*opened, name)), flush=True)
