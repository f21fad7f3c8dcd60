"""``lkm sim``: make a simulated kernel, look at it, and do to it what programs do to kernels."""

from __future__ import annotations

import os
import sys

from lkm.cli.kernels import VARIABLE
from lkm.cli.options import Option, help_text, parse
from lkm.errors import LkmError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.kernel.sim.kernel import SimulatedKernel

USAGE = """lkm sim new FILE [--image VMLINUZ] [--tree ROOT] [--release R] [--dialect 2.4|current] [--policy WORDS]
       lkm sim [--kernel sim:FILE] show [--json] | log | clock [+SECONDSs]
       lkm sim [--kernel sim:FILE] proc modules|ksyms|kallsyms|devices|misc|filesystems | net dev | interrupts
       lkm sim [--kernel sim:FILE] proc sys/kernel/osrelease|sys/kernel/modprobe [PATH]
       lkm sim [--kernel sim:FILE] proc sys/kernel/threads-max [N]
       lkm sim [--kernel sim:FILE] open|close PATH [c|b MAJOR MINOR] | mount|umount TYPE
       lkm sim [--kernel sim:FILE] socket FAMILY [TYPE [PROTOCOL]] | ifup|ifdown NAME | request MODULE
       lkm sim [--kernel sim:FILE] fault MODULE init=-ERRNO|hang|oops|hang-exit|STATE|none
       (STATE: uninitialized, initializing, deleted)
       lkm sim tour [SECTION] [--list] [--keep DIR]"""
OPTIONS = (
    Option("", "kernel", "sim:FILE", f"which simulated kernel; without it, {VARIABLE} says so"),
    Option("", "image", "FILE", "new: take exports, release and vermagic from this kernel image"),
    Option("", "tree", "ROOT", "new: its modules are in ROOT/lib/modules/RELEASE"),
    Option("", "release", "R", "new: the kernel's release, where neither image nor tree tell"),
    Option("", "dialect", "2.4|current", "new: which kernel's manners (current)"),
    Option("", "policy", "WORDS", "new: sig_enforce, lockdown=LEVEL, modules_disabled, module_blacklist=A,B ..."),
    Option("", "force", "", "new: replace a simulated kernel of that name"),
    Option("", "json", "", "show: as JSON"),
    Option("", "list", "", "tour: list its sections"),
    Option("", "keep", "DIR", "tour: play in this new directory, and leave it there"),
    Option("h", "help", "", "show this help"),
)
EPILOGUE = f"""
Point modprobe, insmod, rmmod, lsmod at it by {VARIABLE}=sim:FILE. What an init would register is predicted from the
module's file. See docs/simulated-kernel.md.
"""
#: verb → (its module of this package, fewest and most operands)
VERBS = {
    "new": ("sim_new", 1, 1),
    "show": ("sim_show", 0, 0),
    "log": ("sim_show", 0, 0),
    "proc": ("sim_show", 1, 2),
    "net": ("sim_show", 1, 1),
    "interrupts": ("sim_show", 0, 0),
    "open": ("sim_use", 1, 4),
    "close": ("sim_use", 1, 4),
    "mount": ("sim_use", 1, 1),
    "umount": ("sim_use", 1, 1),
    "socket": ("sim_use", 1, 3),
    "ifup": ("sim_use", 1, 1),
    "ifdown": ("sim_use", 1, 1),
    "request": ("sim_use", 1, 1),
    "clock": ("sim_set", 0, 1),
    "tour": ("sim_tour", 0, 1),
    "fault": ("sim_set", 2, 2),
}
_ASKS = "What needs a driver or file system. The kernel asks for modules where it has none; the use is counted"
#: verb → what its help says.
ABOUT = {
    "new": "Makes a simulated kernel in FILE: from a kernel image, a module tree, or neither.",
    "show": "What the kernel is, what is loaded, what that registered, and what is in use.",
    "log": "The kernel log, as dmesg has it.",
    "proc": "A file of /proc. PATH is written to sys/kernel/modprobe: that program runs when a module is needed.",
    "net": "The file /proc/net/dev.",
    "interrupts": "The file /proc/interrupts.",
    "open": f"{_ASKS} until it is closed. For a file that is not known, say kind and numbers.",
    "close": "Ends what `lkm sim open` with the same words began.",
    "mount": f"{_ASKS} until umount.",
    "umount": "Ends what `lkm sim mount TYPE` began.",
    "socket": "Makes a socket, which may need modules of its family and protocol, and closes it. Names or numbers.",
    "ifup": f"{_ASKS} until ifdown.",
    "ifdown": "Ends what `lkm sim ifup NAME` began.",
    "request": "The kernel asks for a module by any name, as for nfsd or ide-disk. Status 1 when its helper failed.",
    "clock": "The time since boot; a step such as +70s, +5m or +1h is added first.",
    "fault": "What is to go wrong with a module. At its next load: init=-ENODEV (or another errno), hang, oops; at\n"
    "its removal: hang-exit (2.4); at once: it is uninitialized, initializing or deleted. none ends all.",
    "tour": "Plays chapter 5 of the Linux Loadable Kernel Module HOWTO on a simulated Linux 2.4, or a section of it\n"
    "(5.0, 5.1 ...). Every command is run, and what it says is shown. Status 1 when one ends otherwise than told.",
}


def main(argv: list[str]) -> int:
    """Do one verb; status 2 for a command line that makes no sense, 1 when it could not be done."""
    try:
        found, operands = parse(OPTIONS, argv[1:], ("help",))
        options = dict(found)
        if "help" in options or operands[:1] == ["help"]:
            sys.stdout.write(_help_of(next(iter(operands), "")))
            return 0
        if not operands:
            raise UsageError(
                "what is to be done?", hint="lkm sim --help lists the verbs; begin with: lkm sim new FILE"
            )
        verb, *operands = operands
        if verb not in VERBS:
            raise UsageError(f"unknown verb '{verb}'", hint=f"it is one of {' '.join(sorted(VERBS))}")
        module, fewest, most = VERBS[verb]
        if not fewest <= len(operands) <= most:
            takes = f"{fewest} to {most}" if fewest < most else str(most)
            raise UsageError(f"{verb}: {len(operands)} operands, but it takes {takes}", hint=_usage_of(verb))
        foreign = options.keys() - {option.key for option in _options_of(verb)}
        if foreign:
            raise UsageError(f"{verb}: --{min(foreign)} is not for this", hint=f"lkm sim {verb} --help")
        tool = __import__(f"lkm.cli.{module}", fromlist=["run"])
        status: int = tool.run(verb, operands, options)
        return status
    except LkmError as error:
        sys.stderr.write(f"lkm sim: {error}\n")
        if error.hint:
            sys.stderr.write(f"  {error.hint}\n")
        return 2 if isinstance(error, UsageError) else 1


def _usage_of(verb: str) -> str:
    lines = [line.strip() for line in USAGE.split("\n") if verb in line.replace("|", " ").split()]
    return f"usage: {lines[0]}"


def _help_of(verb: str) -> str:
    """Return the help of a verb, of all for a word that is none."""
    if verb not in VERBS:
        return help_text(USAGE, OPTIONS, EPILOGUE)
    return help_text(_usage_of(verb).removeprefix("usage: "), _options_of(verb), ABOUT[verb])


def _options_of(verb: str) -> tuple[Option, ...]:
    own = [o._replace(help=o.help.removeprefix(f"{verb}: ")) for o in OPTIONS if o.help.startswith(f"{verb}: ")]
    shared = [o for o in OPTIONS if o.key == "help" or (o.key == "kernel" and verb not in ("new", "tour"))]
    return (*own, *shared)


def opened(options: dict[str, str]) -> SimulatedKernel:
    """Return the kernel that --kernel or the environment names. Raises UsageError, MachineError."""
    spec = options.get("kernel") or os.environ.get(VARIABLE, "")
    kind, _, path = spec.partition(":")
    if kind != "sim" or not path:
        said = f"'{spec}' is no simulated kernel" if spec else "no simulated kernel is named"
        raise UsageError(said, hint=f"say --kernel sim:FILE, or export {VARIABLE}=sim:FILE; lkm sim new makes one")
    from lkm.kernel.sim.kernel import SimulatedKernel

    kernel = SimulatedKernel(path)
    if kernel.world.meta("dialect") != "2.4":
        return kernel
    from lkm.kernel.sim.kernel24 import Kernel24

    return Kernel24(path)
