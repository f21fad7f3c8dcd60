"""What insmod of modutils 2.4 said, and under it what it meant and what to do.

Its texts are from the HOWTO where that shows them, else from memory of modutils 2.4; the indented lines are ours.
"""

from __future__ import annotations

from lkm.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from lkm.modfile.object24 import Object24

PARAMETERS_HINT = (
    "Hint: insmod errors can be caused by incorrect module parameters, including invalid IO or IRQ parameters.\n"
    "      You may find more information in syslog or the output from dmesg"
)
GPL_HINT = (
    "Hint: You are trying to load a module without a GPL compatible license\n"
    "      and it has unresolved symbols.  Contact the module supplier for\n"
    "      assistance, only they can help you."
)
TAINTED = "  See http://www.tux.org/lkml/#export-tainted for information about tainted modules"


class Complaint(Record):
    """``lines`` are insmod's, each after the file's name and a colon; ``more`` stand as they are; ``why`` is ours."""

    lines: tuple[str, ...]
    more: tuple[str, ...] = ()
    why: tuple[str, ...] = ()


def no_version() -> Complaint:
    """It has no kernel_version in its .modinfo."""
    return Complaint(
        ("couldn't find the kernel version this module was compiled for",),
        why=(
            "why: there is no kernel_version= in its .modinfo, so this object file is no LKM.",
            "Part of Linux: it was compiled to be bound into the base kernel, where it then is already.",
            "To get an LKM, choose M instead of Y for it when you configure the kernel, then make modules.",
            "Your own: include <linux/module.h> and compile with -DMODULE (or #define MODULE before that).",
        ),
    )


def other_release(file: str, module: Object24, release: str) -> Complaint:
    """It was built for another kernel."""
    theirs, here = (
        f"{file} was compiled for kernel version {module.kernel_version}",
        f"this kernel is version {release}",
    )
    return Complaint(
        (f"kernel-module version mismatch\n\t{theirs}\n\twhile {here}.",),
        why=(
            "why: structures and functions may differ between these kernels.",
            f"Look for the same module in /lib/modules/{release}, or compile it against this kernel's headers.",
            "-f loads it all the same, and may crash the kernel.",
        ),
    )


def exists(name: str) -> Complaint:
    """A module of that name is loaded."""
    return Complaint(
        (f"a module named {name} already exists",),
        why=(f"why: see lsmod. 'rmmod {name}' removes that one; -o NAME loads this one by another name.",),
    )


def unresolved(
    symbols: Sequence[str],
    owners: Sequence[tuple[str, tuple[str, ...]]],
    others: Sequence[tuple[str, str]],
    gpl_only: Sequence[str],
    going: Sequence[str] = (),
) -> Complaint:
    """Symbols that nobody exports. ``owners``: files that would; ``others``: they are exported in another version.

    ``going``: the names of modules that are (deleted).
    """
    why = []
    found = {symbol for _, offered in owners for symbol in offered}
    for path, offered in owners:
        name = path.rsplit("/", 1)[-1].removesuffix(".o")
        if name in going:
            why.append(f"{', '.join(offered)}: exported by {name}, which is (deleted): nothing can use it any more.")
            continue
        why.append(f"{', '.join(offered)}: exported by {path}, which is not loaded.")
        why.append(f"Load it first: insmod {path} (modprobe of this module's name loads {name} by itself)")
    for symbol, offered_as in others:
        why.append(f"{symbol}: here it is {offered_as}; it was changed since this module was compiled.")
    if others:
        why.append("Compile the module against this kernel's headers, or take the one of this kernel's own tree.")
    if gpl_only:
        why.append(f"{', '.join(gpl_only)}: exported to modules with a GPL compatible license only.")
    left = [s for s in symbols if s not in found and s not in dict(others) and s not in gpl_only]
    if left:
        why.append(f"{', '.join(left)}: exported neither by the kernel (see ksyms -a) nor by any module file found.")
    hint = (GPL_HINT,) if gpl_only else ()
    return Complaint(tuple([f"unresolved symbol {symbol}" for symbol in symbols]), hint, tuple(why))


def bad_parameter(fault: str, module: Object24) -> Complaint:
    """A parameter that the module does not take, or a value that is not of its type."""
    known = [f"{p.name}={p.type}" + (f" ({p.description})" if p.description else "") for p in module.parameters]
    text = "it takes no parameters." if not known else "it takes: " + ", ".join(known)
    meaning = "[MIN[-MAX]]TYPE: how many values, by commas; b, h, i, l: numbers of 1, 2, 4, 4 bytes; s, cN: strings."
    return Complaint((fault,), why=(f"why: {text}", meaning if known else ""))


def start_failed(reason: str, log: Sequence[str]) -> Complaint:
    """Its init_module returned an error."""
    said = [f"the kernel log says: {line}" for line in log]
    why = said or ["why: its init did not say. Mostly no device was found where it looked; check its parameters."]
    return Complaint((f"init_module: {reason}",), (PARAMETERS_HINT,), tuple(why))


def never_returned() -> Complaint:
    """Its init hangs, or the kernel oopsed in it; insmod itself never said this."""
    return Complaint(
        ("init_module does not return",),
        why=(
            "why: it waits for ever, or crashed (see the kernel log). The real insmod would hang here, or be killed.",
            "The module stays (initializing), and cannot be removed until the machine is rebooted.",
        ),
    )


def license_warning(file: str, module: Object24, good: Sequence[str]) -> tuple[str, ...]:
    """Return the warning about a license, which taints the kernel; nothing for a good one."""
    if module.license in good:
        return ()
    kind = "no license" if module.license is None else f"non-GPL license - {module.license}"
    return (f"Warning: loading {file} will taint the kernel: {kind}", TAINTED)
