r"""Texts of /proc that list what a kernel has: each line one thing of :mod:`lkm.state.snapshot`.

All readers pass over lines that they cannot understand: the texts are only compared with themselves. Formats:
fs/proc/devices.c, fs/filesystems.c, drivers/char/misc.c, kernel/irq/proc.c (and arch/i386/kernel/irq.c of 2.4),
net/core/net-procfs.c, crypto/proc.c, kernel/resource.c, fs/proc/proc_tty.c, drivers/tty/tty_ldisc.c, kernel/panic.c,
net/netfilter/x_tables.c, net/ipv4/tcp_cong.c, drivers/md/md.c.

>>> [thing.name for thing in devices("Character devices:\n  4 tty\n  4 ttyS\n\nBlock devices:\n  7 loop\n")]
['4 tty', '4 ttyS', '7 loop']
>>> [thing.name for thing in interrupts("  CPU0  CPU1\n 11:  0  4  IO-APIC  11-fasteoi   ne, eth 1\nNMI:  0  0  x\n")]
['11 ne', '11 eth 1']
"""

from __future__ import annotations

from lkm.state.snapshot import Thing
from lkm.state.users import crypto_blocks, device_rows, parse_protocols

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

#: Bit of /proc/sys/kernel/tainted → its letter (kernel/panic.c: ``taint_flags``; Documentation/admin-guide/
#: tainted-kernels.rst).
TAINT_LETTERS = "PFSRMBUDAWCIOELKXTNJ"


def devices(text: str) -> list[Thing]:
    """Return the majors of /proc/devices; one number may have several names."""
    return [Thing(kind, f"{major} {name}") for kind, major, name in device_rows(text)]


def filesystems(text: str) -> list[Thing]:
    r"""Return the file systems of /proc/filesystems.

    >>> filesystems("nodev\tproc\n\text4\n")[0]
    Thing(kind='filesystem', name='proc', value='nodev', owner='')
    """
    rows = [line.partition("\t") for line in text.split("\n")]
    return [Thing("filesystem", name, mark) for mark, tab, name in rows if tab and name]


def protocols(text: str) -> list[Thing]:
    """Return the socket protocols that modules have, of /proc/net/protocols."""
    return [Thing("protocol", name, "", module) for name, (module, _) in parse_protocols(text).items()]


def packets(text: str) -> list[Thing]:
    r"""Return the packet types of /proc/net/ptype; the kernel names the module of a function.

    >>> packets("Type Device      Function\n809b          atalk_rcv [appletalk]\nALL  eth0     packet_rcv\n")[0]
    Thing(kind='packet', name='809b atalk_rcv', value='', owner='appletalk')
    """
    found = []
    for line in text.split("\n")[1:]:
        words = line.split()
        owner = ""
        if len(words) > 2 and words[-1].startswith("[") and words[-1].endswith("]"):
            owner = words.pop()[1:-1]
        if 2 <= len(words) <= 3:
            found.append(Thing("packet", f"{words[0]} {words[-1]}", words[1] if len(words) == 3 else "", owner))
    return found


def interrupts(text: str) -> list[Thing]:
    """Return who has which interrupt, of /proc/interrupts. Lines that are not of a number are the processor's own.

    After the counts come the chip's columns, then two blanks and the names, with a comma and a blank between them.
    """
    head, *lines = text.split("\n")
    found = []
    for line in lines:
        number, colon, rest = line.partition(":")
        if not colon or not _is_number(number.strip()):
            continue
        counts = len(head.split()) or 1
        left, double, names = rest.rstrip().rpartition("  ")
        if double and len(left.split()) > counts:
            found += [Thing("interrupt", f"{number.strip()} {name}") for name in names.strip().split(", ") if name]
    return found


def interfaces(text: str) -> list[str]:
    r"""Return the names of the network interfaces of /proc/net/dev.

    >>> interfaces("Inter-|   Receive\n face |bytes\n    lo:       0    0\n")
    ['lo']
    """
    rows = [line.strip().rpartition(":") for line in text.split("\n")[2:]]
    return [name for name, colon, _ in rows if colon and name]


def algorithms(text: str) -> list[Thing]:
    r"""Return the algorithms of /proc/crypto, by their drivers.

    >>> algorithms("name : md4\ndriver : md4-generic\nmodule : md4\nrefcnt : 1\ntype : shash\n")
    [Thing(kind='crypto', name='md4-generic', value='md4 (shash)', owner='md4')]
    """
    found = []
    for fields in crypto_blocks(text):
        if name := fields.get("driver", fields.get("name", "")):
            owner = fields.get("module", "kernel")
            value = f"{fields.get('name', name)} ({fields.get('type', '?')})"
            found.append(Thing("crypto", name, value, "" if owner == "kernel" else owner.replace("-", "_")))
    return found


def misc(text: str) -> list[Thing]:
    r"""Return the devices of /proc/misc.

    >>> misc("200 tun\n")
    [Thing(kind='misc', name='200 tun', value='', owner='')]
    """
    rows = [line.strip().partition(" ") for line in text.split("\n")]
    return [Thing("misc", f"{minor} {name}") for minor, blank, name in rows if blank and _is_number(minor)]


def ranges(text: str, kind: str) -> list[Thing]:
    r"""Return the ranges of /proc/iomem (kind ``iomem``) or /proc/ioports (``ioport``), the inner ones too.

    >>> ranges("0000-001f : dma1\n  0000-000f : x y\n", "ioport")[1].name
    '0000-000f x y'
    """
    rows = [line.strip().partition(" : ") for line in text.split("\n")]
    return [Thing(kind, f"{place} {name}") for place, colon, name in rows if colon]


def tty_drivers(text: str) -> list[Thing]:
    r"""Return the drivers of /proc/tty/drivers.

    >>> tty_drivers("UML console          /dev/tty        4 0-15 console\n")
    [Thing(kind='tty', name='/dev/tty', value='UML console', owner='')]
    """
    rows = [line.partition(" /dev/") for line in text.split("\n")]
    return [Thing("tty", f"/dev/{rest.split()[0]}", name.rstrip()) for name, at, rest in rows if at and rest.split()]


def line_disciplines(text: str) -> list[Thing]:
    r"""Return the line disciplines of /proc/tty/ldiscs.

    >>> line_disciplines("n_tty       0\n")
    [Thing(kind='ldisc', name='n_tty', value='0', owner='')]
    """
    rows = [line.split() for line in text.split("\n")]
    return [Thing("ldisc", words[0], words[1]) for words in rows if len(words) == 2 and _is_number(words[1])]


def xtables(text: str, kind: str, family: str) -> list[Thing]:
    r"""Return what iptables has for a family: of /proc/net/ip_tables_matches and the like, a line for each revision.

    >>> [thing.name for thing in xtables("conntrack\nconntrack\ntcp\n", "xt-match", "ip")]
    ['ip conntrack', 'ip tcp']
    """
    return [Thing(kind, f"{family} {name}") for name in dict.fromkeys(text.split("\n")) if name]


def congestion_controls(text: str) -> list[Thing]:
    r"""Return those of /proc/sys/net/ipv4/tcp_available_congestion_control.

    >>> [thing.name for thing in congestion_controls("reno cubic\n")]
    ['reno', 'cubic']
    """
    return [Thing("congestion", name) for name in text.split()]


def personalities(text: str) -> list[Thing]:
    r"""Return the RAID personalities of /proc/mdstat.

    >>> [thing.name for thing in personalities("Personalities : [raid1] [raid0] \nunused devices: <none>\n")]
    ['raid1', 'raid0']
    """
    words = text.partition("\n")[0].split()
    return [Thing("raid", word[1:-1]) for word in words if len(word) > 2 and (word[0], word[-1]) == ("[", "]")]


def taint(text: str) -> list[Thing]:
    r"""Return the flags of /proc/sys/kernel/tainted.

    >>> [flag.name for flag in taint("12289\n")]
    ['P', 'O', 'E']
    """
    number = int(text) if _is_number(text.strip()) else 0
    return [Thing("taint", letter) for bit, letter in enumerate(TAINT_LETTERS) if number >> bit & 1]


#: File below /proc → what reads it.
FILES: dict[str, Callable[[str], list[Thing]]] = {
    "devices": devices,
    "filesystems": filesystems,
    "net/protocols": protocols,
    "net/ptype": packets,
    "interrupts": interrupts,
    "crypto": algorithms,
    "misc": misc,
    "iomem": lambda text: ranges(text, "iomem"),
    "ioports": lambda text: ranges(text, "ioport"),
    "tty/drivers": tty_drivers,
    "tty/ldiscs": line_disciplines,
    "sys/kernel/tainted": taint,
    "sys/net/ipv4/tcp_available_congestion_control": congestion_controls,
    "mdstat": personalities,
}
#: File below /proc → kind and family of :func:`xtables`. They are there with ip_tables and its like.
XTABLES = {
    f"net/{family}_tables_{what}": (kind, family)
    for family in ("ip", "ip6", "arp")
    for what, kind in (("matches", "xt-match"), ("targets", "xt-target"), ("names", "xt-table"))
}


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()
