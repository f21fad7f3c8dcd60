"""Runs in the guest: a real daemon on a real kernel, and those who ask it. Prints a JSON object.

usage: daemon_guest.py REQUESTS FRAMES: how many requests in the crowd, and how many attacks.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from lkm.errors import FormatError
from lkm.kernel.linux import LinuxKernel
from lkm.system.client import ask as ask_once
from tests.support.daemon import LKM, Attacker, Daemon, ask, nobody, until

PLACE = Path("/run/daemon")
CLIENTS = 50
#: Aliases and names of the User-Mode Linux tree; some mean the same module, two mean none.
ALIASES = (
    *(
        "fs-vfat",
        "fs-msdos",
        "fat",
        "vfat",
        "fs-minix",
        "minix",
        "loop",
        "block-major-7-0",
        "dummy",
        "rtnl-link-dummy",
    ),
    *("net-pf-5", "appletalk", "psnap", "llc", "net-pf-9", "x25", "net-pf-38", "af_alg", "fs-romfs", "fs-sysv"),
    *("fs-ufs", "fs-hfs", "fs-hfsplus", "fs-cramfs", "fs-qnx4", "fs-befs", "fs-efs", "tun", "char-major-10-200"),
    *("ifb", "rtnl-link-ifb", "macvlan", "bonding", "rtnl-link-bond", "veth", "fs-omfs", "fs-adfs", "fs-affs"),
    *("nosuch", "fs-nosuch", "rtnl-link-dummy"),
)


def names() -> list[str]:
    return sorted(str(module.name) for module in LinuxKernel().state().modules)


def uevents() -> dict[str, Any]:
    """A module makes a device, whose modalias brings another module."""
    before = names()
    subprocess.run(["/sbin/modprobe", "scsi_debug"], check=True)
    until(lambda: "sd_mod" in names())
    subprocess.run([LKM, "modprobe", "-r", "-w", "10000", "sd_mod"], check=True)
    gone = names()
    device = next(path for path in Path("/sys/devices").rglob("uevent") if "scsi:t-0x00" in path.read_text())
    device.write_text("change")
    time.sleep(0.3)
    changed = names()
    device.write_text("add")
    until(lambda: "sd_mod" in names())
    return {"before": before, "gone": gone, "changed": changed}


def crowd(daemon: Daemon, requests: int) -> dict[str, Any]:
    """Many clients ask for few aliases at once."""
    before = names()
    since = len(daemon.entries())
    answers: list[Any] = []
    errors: list[str] = []
    each = requests // CLIENTS
    memory = daemon.memory()

    def client(number: int) -> None:
        chance = random.Random(number)
        wanted = [ALIASES[(number * each + at) % len(ALIASES)] for at in range(each)]
        chance.shuffle(wanted)
        try:
            outcomes = ask(daemon.socket, *wanted, seconds=100)
        except (OSError, FormatError) as error:
            errors.append(repr(error))
            return
        for name, outcome in zip(wanted, outcomes, strict=True):
            answers.append((name, outcome.status, list(outcome.modules), outcome.shared))

    threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    start = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.monotonic() - start
    until(lambda: len(daemon.entries()) >= since + len(answers))
    entries = daemon.entries()[since:]
    inserted = [module for entry in entries if not entry["shared"] for module in entry["modules"]]
    return {
        "answers": answers,
        "errors": errors,
        "seconds": seconds,
        "entries": len(entries),
        "inserted": inserted,
        "loaded": sorted(set(names()) - set(before)),
        "memory": [memory, daemon.memory()],
    }


def hostile(daemon: Daemon, frames: int) -> dict[str, Any]:
    """Attacks by nobody and by root, who asks for nothing that is not there; others are answered meanwhile."""
    before = names()
    first = Attacker(daemon.socket, 3)
    for _ in range(frames // 5):  # what a crowd of connections takes at a time is had once
        first.frame()
    first.close()
    memory = daemon.memory()
    waits: list[float] = []
    over = threading.Event()

    def honest() -> None:
        while not over.is_set():
            start = time.monotonic()
            (outcome,) = ask(daemon.socket, "fs-vfat")
            assert outcome.status == 0
            waits.append(time.monotonic() - start)
            time.sleep(0.01)

    asking = threading.Thread(target=honest)
    asking.start()
    child = os.fork()
    if not child:  # nobody asks for what is not loaded, and has no right to
        os.setuid(65534)
        attacker = Attacker(daemon.socket, 1, ("fs-ext2", "fs-xfs", "sctp"))
        for _ in range(frames // 2):
            attacker.frame()
        os._exit(0 if attacker.sent == frames // 2 else 1)
    attacker = Attacker(daemon.socket, 2)
    for _ in range(frames - frames // 2):
        attacker.frame()
    _, status = os.waitpid(child, 0)
    over.set()
    asking.join()
    attacker.close()
    with_rights = ask(daemon.socket, "fs-vfat")[0].status
    return {
        "status": status,
        "kinds": attacker.kinds,
        "asked": len(waits),
        "longest": max(waits),
        "before": before,
        "after": names(),
        "root": with_rights,
        "memory": [memory, daemon.memory()],
    }


def rights(daemon: Daemon, rules: Path) -> dict[str, Any]:
    """What nobody may, without a rule and with one that the daemon notices by itself."""
    with nobody():
        denied = ask(daemon.socket, "fs-romfs")[0]
        claimed = ask_once("fs-romfs", 10, kernel=True, path=daemon.socket)
    rules.write_text("allow from user uid 65534 alias fs-bfs because 'a test'\n")
    daemon.process.send_signal(signal.SIGHUP)
    until(lambda: "reloaded" in daemon.said)
    with nobody():
        allowed = ask(daemon.socket, "fs-bfs", "fs-romfs")
    assert claimed
    return {
        "denied": [denied.status, denied.cause],
        "claimed": [claimed.status, claimed.cause],
        "allowed": [outcome.cause for outcome in allowed],
        "modules": list(allowed[0].modules),
    }


def killed(daemon: Daemon, options: list[str]) -> dict[str, Any]:
    """The daemon is killed while requests are open; who asks is told at once, and another takes its place."""
    hung_up = []

    def client() -> None:
        start = time.monotonic()
        try:
            while True:
                ask(daemon.socket, *ALIASES)
        except (ConnectionError, FileNotFoundError):
            hung_up.append(time.monotonic() - start)

    threads = [threading.Thread(target=client) for _ in range(10)]
    for thread in threads:
        thread.start()
    time.sleep(0.3)
    daemon.process.kill()
    daemon.process.wait()
    for thread in threads:
        thread.join(20)
    nothing = ask_once("fs-vfat", 5, path=daemon.socket)
    with Daemon(PLACE, *options) as other:
        again = ask(other.socket, "fs-vfat")[0].status
        whole = [json.loads(line)["alias"] for line in other.history.read_text().splitlines()]
        status = other.stop()
    return {"hung_up": len(hung_up), "nothing": nothing is None, "again": again, "lines": len(whole), "end": status}


def main(requests: int, frames: int) -> None:
    PLACE.mkdir()
    rules = PLACE / "rules.conf"
    rules.write_text("# none yet\n")
    PLACE.chmod(0o755)
    options = ["--policy", str(rules), "--jobs", "40"]  # none shall wait for its turn, however slow the machine is
    found: dict[str, Any] = {}
    with Daemon(PLACE, *options) as daemon:
        try:
            found["uevents"] = uevents()
            found["crowd"] = crowd(daemon, requests)
            found["rights"] = rights(daemon, rules)
            found["hostile"] = hostile(daemon, frames)
            found["killed"] = killed(daemon, options)
        except BaseException:
            sys.stderr.write(daemon.said[-5000:])
            raise
    print(json.dumps(found))


if __name__ == "__main__":
    assert LKM
    main(int(sys.argv[1]), int(sys.argv[2]))
