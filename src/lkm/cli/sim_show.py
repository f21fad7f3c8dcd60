"""``lkm sim show``, ``log`` and the files of /proc of a simulated kernel."""

from __future__ import annotations

import sys

from lkm.cli.sim import opened
from lkm.errors import UsageError
from lkm.kernel.sim.kernel24 import Kernel24
from lkm.kernel.sim.requests import HELPER, THREADS
from lkm.report import procfs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.kernel.sim.kernel import SimulatedKernel
    from lkm.kernel.sim.world import World

#: Files of /proc/sys that can be written: the key in the world's meta, and what is there at first.
_SETTINGS = {"sys/kernel/modprobe": ("modprobe", HELPER), "sys/kernel/threads-max": ("max_threads", THREADS)}
_POLICY = ("sig_enforce", "lockdown", "modules_disabled", "blacklist", "force_load", "force_unload", "modversions")


def run(verb: str, operands: list[str], options: dict[str, str]) -> int:
    """Print it."""
    kernel = opened(options)
    if verb == "show":
        facts = collect(kernel)
        if "json" in options:
            import json

            sys.stdout.write(json.dumps(facts, indent=2) + "\n")
        else:
            from lkm.report.world import text

            sys.stdout.write(text(facts))
        return 0
    if operands and operands[0] in _SETTINGS:
        return _setting(kernel.world, *operands)
    sys.stdout.write(_text(kernel, " ".join([verb, *operands])))
    return 0


def _setting(world: World, file: str, *values: str) -> int:
    """Show a file of /proc/sys, or write it. Raises UsageError for what is no number where one must be."""
    key, default = _SETTINGS[file]
    if not values:
        sys.stdout.write(world.meta(key, default) + "\n")
        return 0
    (value,) = values
    if default.isdecimal() and not (value.isdecimal() and len(value) < 10):
        raise UsageError(f"'{value}' is no number for /proc/{file}", hint=f"for example {default}")
    with world.change():
        world.set_meta(key, value)
    return 0


def _text(kernel: SimulatedKernel, what: str) -> str:
    world = kernel.world
    if what == "log":
        return procfs.log(kernel.log())
    if isinstance(kernel, Kernel24) and what in ("proc modules", "proc ksyms"):
        return kernel.proc_modules() if what == "proc modules" else kernel.proc_ksyms()
    if what == "proc sys/kernel/osrelease":
        return f"{world.meta('release')}\n"
    if what == "proc modules":
        return procfs.modules(kernel.state())
    if what == "proc kallsyms" and isinstance(kernel, Kernel24):
        raise UsageError("Linux 2.4 has no /proc/kallsyms", hint="lkm sim proc ksyms")
    if what == "proc kallsyms":
        return procfs.kallsyms(_symbols(world))
    if what == "proc devices":
        return procfs.devices(_numbered(world, "char"), _numbered(world, "block"))
    if what == "proc filesystems":
        rows = world.db.execute("SELECT name, number FROM resources WHERE kind = 'filesystem' ORDER BY rowid")
        return procfs.filesystems([(name, bool(nodev)) for name, nodev in rows])
    if what in ("net dev", "proc net dev"):
        rows = world.db.execute("SELECT name FROM resources WHERE kind = 'netdev' ORDER BY rowid")
        return procfs.net_dev([name for (name,) in rows])
    if what in ("interrupts", "proc interrupts"):
        show = procfs.interrupts24 if isinstance(kernel, Kernel24) else procfs.interrupts
        return show(_numbered(world, "interrupt"))
    if what == "proc misc":
        return procfs.misc(_numbered(world, "misc"))
    if what == "proc ksyms":
        raise UsageError("Linux after 2.4 has no /proc/ksyms", hint="lkm sim proc kallsyms")
    raise UsageError(
        f"'{what}' is not among the files",
        hint="proc modules, ksyms, kallsyms, devices, misc, filesystems, sys/kernel/modprobe, sys/kernel/osrelease, "
        "sys/kernel/threads-max; net dev; interrupts",
    )


def _symbols(world: World) -> list[tuple[str, str, bool]]:
    query = "SELECT e.name, e.module, e.gpl_only FROM exports e LEFT JOIN modules m ON m.name = e.module"
    rows = world.db.execute(f"{query} ORDER BY m.serial, e.name")
    return [(str(name), str(module), bool(gpl_only)) for name, module, gpl_only in rows]


def _numbered(world: World, kind: str) -> list[tuple[int, str]]:
    """Return (number, name) of what is registered, in that order.

    Of a major in 2.4 only the last: its table had one name for each (fs/devices.c ``register_chrdev``).
    """
    query = "SELECT number, name FROM resources WHERE kind = ? AND number NOT NULL GROUP BY number, name"
    rows = [(int(number), str(name)) for number, name in world.db.execute(f"{query} ORDER BY MIN(rowid)", (kind,))]
    return list(dict(rows).items()) if kind in ("char", "block") and world.meta("dialect") == "2.4" else rows


def collect(kernel: SimulatedKernel) -> dict[str, object]:
    """Return what ``show`` tells, as values that JSON has."""
    world = kernel.world
    resources = world.db.execute(
        "SELECT kind, name, number, module, predicted FROM resources"
        " WHERE kind NOT IN ('ksym', 'can_unload', 'use') ORDER BY rowid"
    )
    keys = ("kind", "name", "number", "module", "predicted")
    counts = world.db.execute("SELECT COUNT(*), SUM(module = ''), SUM(crc IS NOT NULL) FROM exports").fetchone()
    return {
        "file": world.path,
        "release": world.meta("release"),
        "dialect": world.meta("dialect"),
        "vermagic": world.meta("vermagic"),
        "tree": world.meta("tree"),
        "clock": int(world.meta("clock")) / 1e6,
        "policy": {key: world.meta(key) for key in _POLICY if world.meta(key)},
        "exports": {"all": counts[0], "kernel": counts[1] or 0, "with_crc": counts[2] or 0},
        "modules": [
            {
                "name": m.name,
                "size": m.size,
                "refcount": m.refcount,
                "holders": list(m.holders),
                "state": m.state,
                "taint": m.taint,
                "permanent": m.permanent,
                "parameters": dict(kernel.parameters(m.name)),
            }
            for m in kernel.state().modules
        ],
        "resources": [{**dict(zip(keys, row, strict=True)), "predicted": bool(row[4])} for row in resources],
        "opened": [
            dict(zip(("what", "module", "count"), row, strict=True))
            for row in world.db.execute("SELECT what, module, count FROM opened ORDER BY what")
        ],
        "faults": [
            dict(zip(("module", "kind", "argument"), row, strict=True))
            for row in world.db.execute("SELECT module, kind, argument FROM faults ORDER BY module, kind")
        ],
    }
