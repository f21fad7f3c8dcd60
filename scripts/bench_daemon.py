"""The daemon in `make bench`: how long a request for a module takes that is loaded already, and the helper alone.

Without an argument: on this machine, with a simulated kernel. With ``guest``: in User-Mode Linux, on the real one.
Prints a JSON object: name → milliseconds, sorted.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.support.daemon import LKM, Daemon, sim_world

from lkm.autoload.wire import Ask
from lkm.system.client import Line, ask

#: What the kernel gives its helper.
KERNELS = {"HOME": "/", "TERM": "linux", "PATH": "/sbin:/usr/sbin:/bin:/usr/bin"}


def times(work: Callable[[], object], rounds: int) -> list[float]:
    """Return how long each round took, sorted."""
    work()
    taken = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        taken.append((time.perf_counter() - start) * 1e3)
    return sorted(taken)


def one_line(path: str) -> Callable[[], object]:
    """Return what asks on a connection that stays."""
    line = Line(path, 20)

    def work() -> object:
        line.send(Ask("1", "fs-vfat"))
        return line.receive(time.monotonic() + 20)

    return work


def here() -> dict[str, list[float]]:
    """Measure requests on a simulated kernel."""
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        with Daemon(place, "--no-uevents", environment=sim_world(place)) as daemon:
            daemon.ask("fs-vfat")
            return {
                "request, connection kept": times(one_line(daemon.socket), 2000),
                "request, connection each": times(lambda: ask("fs-vfat", 20, path=daemon.socket), 1000),
            }


def guest() -> dict[str, list[float]]:
    """Measure requests on a real kernel, and its helper: ours with and without the daemon, and kmod's."""
    place = Path("/run/lkm")
    place.mkdir()
    ours = place / "modprobe"
    ours.symlink_to(LKM)
    history = {"LKM_HISTORY": "/run/history"}

    def helper(path: str | Path) -> Callable[[], object]:
        return lambda: subprocess.run([path, "-q", "--", "fs-vfat"], env=KERNELS, check=True)

    subprocess.run(["/sbin/modprobe", "vfat"], check=True)
    found = {"kmod's modprobe": times(helper("/sbin/modprobe"), 50), "helper alone": times(helper(ours), 50)}
    with Daemon(place, environment=history) as daemon:
        found["helper, with the daemon"] = times(helper(ours), 50)
        found["request, connection kept"] = times(one_line(daemon.socket), 500)
    return found


def main() -> None:
    """Measure; print."""
    found = guest() if sys.argv[1:] == ["guest"] else here()
    os.write(1, json.dumps(found).encode())


if __name__ == "__main__":
    main()
