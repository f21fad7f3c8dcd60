"""``lkm sim clock`` and ``lkm sim fault``: the time of a simulated kernel, and what is to go wrong in it."""

from __future__ import annotations

import errno
import sys

from lkm.cli.sim import opened
from lkm.errors import MachineError, NotFound, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.kernel.sim.world import World

_UNITS = {"s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000}
#: What can be done to a module that is there: its state, and the flags of 2.4 (include/linux/module.h).
#: (state, flags that go, flags that come): what is being deleted is still RUNNING.
_STATES = {"initializing": ("Loading", 1, 64), "deleted": ("Unloading", 0, 2), "uninitialized": ("Loading", 65, 0)}


def run(verb: str, operands: list[str], options: dict[str, str]) -> int:
    """Set it; print the time, or what was set."""
    world = opened(options).world
    if verb == "clock":
        with world.change():
            if operands:
                world.set_meta("clock", str(int(world.meta("clock")) + microseconds(operands[0])))
            sys.stdout.write(f"{int(world.meta('clock')) / 1e6:.6f} s since boot\n")
        return 0
    with world.change():
        folds = world.meta("dialect") != "2.4"
        sys.stdout.write(_fault(world, operands[0].replace("-", "_") if folds else operands[0], operands[1]))
    return 0


def microseconds(text: str) -> int:
    """Read a step in time. Raises UsageError.

    >>> microseconds("+70s"), microseconds("+1.5m"), microseconds("+2")
    (70000000, 90000000, 2000000)
    """
    number, unit = (text[1:-1], text[-1]) if text[-1:] in _UNITS else (text[1:], "s")
    try:
        if not text.startswith("+") or not 0 <= float(number) < 1e12:
            raise ValueError
        return round(float(number) * _UNITS[unit])
    except ValueError:
        raise UsageError(f"'{text}' is no step in time", hint="for example +70s, +5m or +1h") from None


def _fault(world: World, module: str, kind: str) -> str:
    if kind == "none":
        world.db.execute("DELETE FROM faults WHERE module = ?", (module,))
        return f"{module}: no faults\n"
    if kind in _STATES:
        return _state(world, module, kind)
    name, _, argument = kind.partition("=")
    if name == "init":
        argument = str(_errno(argument))
    elif name not in ("hang", "oops", "hang-exit") or argument:
        hint = f"it is init=-ENODEV or another errno, hang, oops, hang-exit (2.4), {', '.join(_STATES)}, or none"
        raise UsageError(f"unknown fault '{kind}'", hint=hint)
    world.db.execute("DELETE FROM faults WHERE module = ?", (module,))
    world.db.execute("INSERT INTO faults VALUES(?, ?, ?)", (module, name, argument))
    if name == "hang-exit":
        return f"{module}: its cleanup will not return\n"
    what = f"init returns -{errno.errorcode.get(int(argument), argument)}" if name == "init" else f"init: {name}"
    return f"{module}: {what}, from the next load on\n"


def _state(world: World, module: str, kind: str) -> str:
    """Put a loaded module into a state; in today's kernels its use count is then that of the state."""
    old = world.meta("dialect") == "2.4"
    if kind == "uninitialized" and not old:
        raise UsageError("a module is uninitialized in Linux 2.4 only", hint="initializing, or deleted")
    row = world.db.execute("SELECT usecount FROM modules WHERE name = ?", (module,)).fetchone()
    if row is None:
        raise NotFound(f"module {module} is not loaded", world.path, "load it first; `hang` is for the next load")
    holders = [name for (name,) in world.db.execute("SELECT holder FROM refs WHERE used = ?", (module,))]
    if holders:
        who = " ".join(sorted(holders))
        raise MachineError(
            f"{module} is needed by {who}, so it cannot be {kind}", "", errno.EBUSY, f"first: rmmod {who}"
        )
    count = row[0] if old else {"deleted": -1, "initializing": 1}[kind]
    query = "UPDATE modules SET state = ?, flags = (flags & ~?) | ?, usecount = ? WHERE name = ?"
    world.db.execute(query, (*_STATES[kind], count, module))
    return f"{module}: is {kind} now\n"


def _errno(text: str) -> int:
    word = text.removeprefix("-")
    number = int(word) if word.isdecimal() else getattr(errno, word, 0) if word.startswith("E") else 0
    if not isinstance(number, int) or not 0 < number < 4096:
        raise UsageError(f"'{text}' is no errno", hint="for example init=-ENODEV or init=-19")
    return number
