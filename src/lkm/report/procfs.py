"""The kernel's own text files, from values: /proc/modules, kallsyms, devices, filesystems, net/dev, interrupts.

Formats: kernel/module/procfs.c ``m_show``, kernel/kallsyms.c ``s_show``, fs/proc/devices.c, fs/filesystems.c,
drivers/char/misc.c, net/core/net-procfs.c, kernel/irq/proc.c; a lab test holds them to a real kernel. Addresses
are 0, as the kernel shows them to users who may not see them.
"""

from __future__ import annotations

from lkm.report.refusal import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from lkm.state.nouns import KernelState, LogRecord

_NET_DEV = (
    "Inter-|   Receive                                                |  Transmit\n"
    " face |bytes    packets errs drop fifo frame compressed multicast|"
    "bytes    packets errs drop fifo colls carrier compressed\n"
)


def modules(state: KernelState) -> str:
    """Return /proc/modules."""
    lines = []
    for module in state.modules:
        users = "".join(f"{holder}," for holder in module.holders) + ("[permanent]," if module.permanent else "")
        sign = {"Loading": "+", "Unloading": "-"}.get(module.state, "")
        marks = f" ({module.taint}{sign})" if module.taint or sign else ""
        where = f"0x{module.address:016x}"
        lines.append(f"{module.name} {module.size} {module.refcount} {users or '-'} {module.state} {where}{marks}\n")
    return "".join(lines)


def kallsyms(symbols: Iterable[tuple[str, str, bool]]) -> str:
    r"""Return /proc/kallsyms of exported symbols: (name, module or "" for the kernel, GPL only).

    Of a module's symbols the kernel calls those global that it exports to all (kernel/module/kallsyms.c
    ``is_exported``), so what is for the GPL only has a small letter. Other symbols are not known. Exported code and
    data are not told apart: all are text.

    >>> print(kallsyms([("printk", "", False), ("fat_scan", "fat", True)]), end="")
    0000000000000000 T printk
    0000000000000000 t fat_scan	[fat]
    """
    return "".join(
        [
            f"{0:016x} {'t' if module and gpl_only else 'T'} {name}{f'{chr(9)}[{module}]' if module else ''}\n"
            for name, module, gpl_only in symbols
        ]
    )


def devices(char: Iterable[tuple[int, str]], block: Iterable[tuple[int, str]]) -> str:
    """Return /proc/devices of (major, name); those of one major stay in their order."""
    rows = [[f"{major:3d} {name}\n" for major, name in sorted(kind, key=_number)] for kind in (char, block)]
    return "".join(["Character devices:\n", *rows[0], "\nBlock devices:\n", *rows[1]])


def misc(rows: Iterable[tuple[int, str]]) -> str:
    """Return /proc/misc of (minor, name), in the order of registration; the last one comes first."""
    return "".join([f"{minor:3d} {name}\n" for minor, name in reversed(list(rows))])


def _number(row: tuple[int, str]) -> int:
    return row[0]


def filesystems(rows: Iterable[tuple[str, bool]]) -> str:
    """Return /proc/filesystems of (name, nodev), in the order of registration."""
    return "".join([f"{'nodev' if nodev else ''}\t{name}\n" for name, nodev in rows])


def net_dev(names: Iterable[str]) -> str:
    """Return /proc/net/dev; the interfaces have had no traffic."""
    zeros = f"{0:7d} {0:7d} {0:4d} {0:4d} {0:4d} {0:5d} {0:10d} {0:9d} {0:8d} {0:7d} {0:4d} {0:4d} {0:4d} {0:5d}"
    return _NET_DEV + "".join([f"{name:>6}: {zeros} {0:7d} {0:10d}\n" for name in names])


def interrupts(rows: Iterable[tuple[int, str]], chip: str = "XT-PIC") -> str:
    """Return /proc/interrupts of one processor, of (number, name); none has come yet."""
    lines = [f"{number:3d}: {0:10d}  {chip:>8} {'':3}  {names}\n" for number, names in _shared(rows)]
    return f"{'':11}CPU0{'':7}\n" + "".join(lines)


def interrupts24(rows: Iterable[tuple[int, str]]) -> str:
    """Return the same as Linux 2.4 on i386 showed it (arch/i386/kernel/irq.c ``get_irq_list``)."""
    lines = [f"{number:3d}: {0:10d}  {'XT-PIC':>14}  {names}\n" for number, names in _shared(rows)]
    return f"{'':11}CPU0{'':7}\n" + "".join(lines) + f"NMI: {0:10d} \nERR: {0:10d}\n"


def _shared(rows: Iterable[tuple[int, str]]) -> list[tuple[int, str]]:
    """Return each number once, with all its names.

    >>> _shared([(11, "ne"), (0, "timer"), (11, "eth1")])
    [(0, 'timer'), (11, 'ne, eth1')]
    """
    found: dict[int, str] = {}
    for number, name in rows:
        found[number] = f"{found[number]}, {name}" if number in found else name
    return sorted(found.items())


def log(records: Iterable[LogRecord]) -> str:
    """Return the kernel log as dmesg(1) prints it.

    >>> from lkm.state.nouns import LogRecord
    >>> log([LogRecord(4, 1, 70_000_123, "fat: hello")])
    '[   70.000123] fat: hello\\n'
    """
    return "".join([f"[{r.usec // 1_000_000:5d}.{r.usec % 1_000_000:06d}] {printable(r.text)}\n" for r in records])
