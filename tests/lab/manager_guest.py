"""A program as users of the Python API write it; test_manager runs it in a real kernel, and reads what it prints."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import lkm


def loaded() -> list[str]:
    names = [line.split()[0] for line in Path("/proc/modules").read_text().splitlines()]
    return [name for name in names if name != "overlay"]  # the guest's own


def tell(what: str, *values: object) -> None:
    print(what, *values, loaded(), sep=" | ")


def main() -> None:
    with lkm.Manager.open() as manager:
        tell("resolve", manager.resolve("fs-msdos"), manager.plan("fs-msdos").modules)
        with manager.effects() as seen:
            report = manager.load("fs-msdos")
        listed = "msdos" in Path("/proc/filesystems").read_text().split()
        served = [
            thing.name
            for each in seen.effects.modules
            for change in each.changes
            if (thing := change.after) and thing.kind == "filesystem"
        ]
        same = report.effects == (seen.effects._replace(log=report.effects[0].log),)
        tell("load", report.modules, same, served, listed)
        tell("modules", [str(module.name) for module in manager.modules()][:2] == loaded())
        busy = manager.unload("fat")
        tell("busy", busy.cause, busy.attempts[0].plan and [m.holders for m in manager.modules() if m.name == "fat"])
        tell("unload", manager.unload("fs-msdos").modules)
        failed = manager.load("i2c-stub")
        tell("init", failed.cause, [str(entry.step.module) for entry in failed.attempts[0].undone])
        tell("left", failed.attempts[0].effects == lkm.Effects())
        loop = manager.load("loop", {"max_loop": 3})
        tell("parameters", loop.ok, dict(manager.kernel.parameters("loop"))["max_loop"])
        held = open("/dev/loop0")  # noqa: SIM115
        busy = manager.unload("loop", wait=20)
        uses = busy.attempts[0].uses
        tell(
            "held",
            busy.cause,
            [user.pid == os.getpid() for _, users in uses.pairs for user in users] if uses else None,
        )
        held.close()
        reports: list[lkm.Report] = []
        thread = threading.Thread(target=lambda: reports.append(manager.unload("loop", wait=2000)))
        thread.start()
        thread.join()
        tell("thread", reports[0].modules)
        wrong = manager.load("loop", {"max_loop": "many"})
        tell("wrong", wrong.cause, wrong.findings[0].code, str(wrong.failures[0].said))
        log = [record.text for record in getattr(wrong.failures[0].entries[-1].result, "log", ())]
        tell("explain", [finding.code for finding in manager.explain("loop", errno="EINVAL", log=log).findings])


if __name__ == "__main__":
    main()
