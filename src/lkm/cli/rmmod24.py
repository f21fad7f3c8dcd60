"""``rmmod`` where the kernel is a world that speaks 2.4 (modutils 2.4: insmod/rmmod.c; its texts are from memory)."""

from __future__ import annotations

import os

from lkm.cli import voice24
from lkm.cli.audit24 import Changes
from lkm.cli.options import Option
from lkm.cli.persist24 import save
from lkm.cli.standard import HELP, VERSION, understand
from lkm.kernel.sim.rules24 import DELETED, INITIALIZING, find
from lkm.names import name_from_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.kernel.sim.kernel24 import Kernel24

USAGE = "rmmod [options] [NAME...]"
OPTIONS = (
    Option("a", "all", "", "sweep: tag what is autoclean and idle, remove what was tagged and stayed so"),
    Option("r", "stacks", "", "remove what the module needed, too, where nothing else needs it"),
    Option("s", "syslog", "", "say messages to syslog, not stderr"),
    Option("v", "verbose", "", "say what is done"),
    Option("e", "persist", "", "keep the persistent parameters of modules, of all without names; remove none"),
    VERSION,
    HELP,
)


def main(argv: list[str], kernel: Kernel24) -> int:
    """Remove modules, or sweep; status 1 when one could not be removed."""
    understood = understand("rmmod", USAGE, OPTIONS, argv[1:])
    if isinstance(understood, int):
        return understood
    options, operands = understood
    given = {key for key, _ in options}
    if "persist" in given:
        for name in operands or [module.name for module in kernel.modules24()]:
            save(kernel, name)
        return 0
    with Changes(kernel).tool(argv, "rmmod returned %d") as status:
        status[0] = _main(kernel, given, operands)
    return status[0]


def _main(kernel: Kernel24, given: set[str], operands: list[str]) -> int:
    if "all" in given:
        before = [module.name for module in kernel.modules24()]
        for name in before:
            save(kernel, name)
        with Changes(kernel).change(sweeps=True):
            kernel.delete_module(None)
        left = {module.name for module in kernel.modules24()}
        if "verbose" in given:
            _say(given, *[f"removed {name}" for name in before if name not in left])
    elif not operands:
        return _say(given, "rmmod: no module name given", "  'rmmod -a' removes autoclean modules that are idle.")
    return max([remove(kernel, name_of(operand, kernel), given) for operand in operands], default=0)


def name_of(operand: str, kernel: Kernel24) -> str:
    """Return the name that was meant: 2.4 folds nothing, but a file's name may be given for the module's."""
    if find(kernel.modules24(), operand) or not operand.endswith(".o"):
        return operand
    return os.path.basename(operand).removesuffix(".o") or name_from_path(operand)


def _say(given: set[str], *lines: str) -> int:
    voice24.put("rmmod", *lines, to_syslog="syslog" in given)
    return 1


def remove(kernel: Kernel24, name: str, given: set[str]) -> int:
    """Remove one module; say why that cannot be, and return the exit status."""
    state = kernel.modules24()
    module = find(state, name)
    if module is None:
        return _say(given, f"rmmod: module {name} is not loaded", "  why: lsmod lists what is; names count exactly.")
    save(kernel, name)
    with Changes(kernel).change():
        number = kernel.delete_module(name)
    if number:
        return _say(given, f"{name}: {os.strerror(number)}", *_why(kernel, name))
    if find(kernel.modules24(), name):
        why = "  why: its cleanup routine does not return. It stays (deleted) until the machine is rebooted."
        return _say(given, f"rmmod: {name}: still there", why)
    if "verbose" in given:
        _say(given, f"removed {name}")
    if "stacks" in given:
        for low in [m for m in state if name in m.holders]:
            left = find(kernel.modules24(), low.name)
            if left and not left.holders and not left.in_use:
                remove(kernel, low.name, given)
    return 0


def _why(kernel: Kernel24, name: str) -> tuple[str, ...]:
    module = find(kernel.modules24(), name)
    if module is None:
        return ()
    if module.flags & DELETED:
        return ("  why: it is being removed already, and its cleanup does not return. Only a reboot clears that.",)
    if module.flags & INITIALIZING:
        return ("  why: its init_module has not returned.",)
    if module.holders:
        order = " ".join(module.holders)
        return (f"  why: {order} refer to its symbols. Remove them first: rmmod {order} {name}",)
    if module.can_unload is not None:
        return ("  why: its own can_unload routine says that it is in use; the use count (-1) does not tell.",)
    return (f"  why: its use count is {module.usecount}: something has a device open or a file system mounted.",)
