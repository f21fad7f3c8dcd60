"""What a kernel shows of itself at one moment, as things that can be compared: majors, file systems, nodes.

A thing has a kind and a name, which together are unique in a snapshot, and a value that may change. The laws:
``diff(a, a)`` is empty, ``apply(a, diff(a, b)) == b.things``, and ``diff(b, a)`` is ``diff(a, b)`` turned round.

>>> a = snapshot([Thing("filesystem", "ext4")])
>>> b = snapshot([Thing("filesystem", "ext4"), Thing("filesystem", "msdos")])
>>> [(c.kind, c.name, c.sign) for c in diff(a, b)]
[('filesystem', 'msdos', '+')]
"""

from __future__ import annotations

from lkm.record import Record
from lkm.state.nouns import KernelState

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

#: Kind → what it is called; the order is that of reports. ``family`` and ``rtnl-link`` only simulated kernels show.
KINDS = {
    "driver": "driver",
    "device": "device",
    "filesystem": "file system",
    "family": "protocol family",
    "protocol": "protocol",
    "packet": "packet type",
    "genl": "Netlink family",
    "xt-match": "iptables match",
    "xt-target": "iptables target",
    "xt-table": "iptables table",
    "congestion": "congestion control",
    "rtnl-link": "link kind",
    "netdev": "network interface",
    "crypto": "algorithm",
    "char": "char major",
    "block": "block major",
    "misc": "misc device",
    "node": "device node",
    "tty": "tty driver",
    "ldisc": "line discipline",
    "interrupt": "interrupt",
    "iomem": "memory range",
    "ioport": "port range",
    "raid": "RAID personality",
    "bus": "bus",
    "class": "class",
    "object": "class device",
    "proc": "file",
    "sys": "file",
    "parameter": "parameter",
    "taint": "taint",
}


class Thing(Record):
    """One thing that a kernel has. ``owner`` is the module that it belongs to, "" where the kernel does not say.

    ``name`` and ``value`` by kind: ``char``, ``block``, ``misc``, ``family``: number, blank, name; ``filesystem``:
    name, and ``nodev`` or ""; ``protocol``: name; ``packet``: type and function; ``genl``, ``congestion``, ``raid``:
    name; ``xt-match``, ``xt-target``, ``xt-table``: ``ip``, ``ip6`` or ``arp``, blank, name; ``netdev``:
    name; ``crypto``: the driver, and name and type; ``driver``: bus/driver; ``device``: bus/device, and the driver
    bound to it or ""; ``node``: path in /dev, and ``char`` or ``block`` and MAJOR:MINOR; ``tty``: path, and driver;
    ``ldisc``: name, and number; ``interrupt``: number, blank, name; ``iomem`` and ``ioport``: range, blank, name;
    ``object``: class/device; ``proc``, ``sys``: path; ``parameter``: module.name, and its value; ``taint``: letter.
    """

    kind: str
    name: str
    value: str = ""
    owner: str = ""


class Change(Record):
    """A thing that came (``before`` is None), went (``after`` is None) or has another value or owner."""

    before: Thing | None
    after: Thing | None

    @property
    def thing(self) -> Thing:
        """Return the thing, as it is now or was."""
        found = self.after or self.before
        assert found is not None
        return found

    @property
    def kind(self) -> str:
        """Return the thing's kind."""
        return self.thing.kind

    @property
    def name(self) -> str:
        """Return the thing's name."""
        return self.thing.name

    @property
    def sign(self) -> str:
        """Return ``+``, ``-`` or ``~``."""
        return "+" if self.before is None else "-" if self.after is None else "~"


class Snapshot(Record):
    """What is loaded, and the things there are: unique by kind and name, in the order of KINDS, then by name."""

    state: KernelState = KernelState()
    things: tuple[Thing, ...] = ()


def snapshot(things: Iterable[Thing], state: KernelState | None = None) -> Snapshot:
    """Return a snapshot; of several things with one kind and name the first counts."""
    known: dict[tuple[str, str], Thing] = {}
    for thing in things:
        known.setdefault((thing.kind, thing.name), thing)
    return Snapshot(state or KernelState(), _sorted(known.values()))


def diff(before: Snapshot, after: Snapshot) -> tuple[Change, ...]:
    """Return the changes in the things, in the order of KINDS, then by name, loop2 before loop10."""
    old = {(thing.kind, thing.name): thing for thing in before.things}
    new = {(thing.kind, thing.name): thing for thing in after.things}
    keys = [*old, *[key for key in new if key not in old]]
    found = [Change(old.get(key), new.get(key)) for key in keys if old.get(key) != new.get(key)]
    return tuple(sorted(found, key=lambda change: (*_key(change.thing)[:2], natural(change.name), change.name)))


def apply(before: Snapshot, changes: Iterable[Change]) -> tuple[Thing, ...]:
    """Return the things that changes lead to from a snapshot."""
    things = {(thing.kind, thing.name): thing for thing in before.things}
    for change in changes:
        key = (change.kind, change.name)
        if change.after is None:
            things.pop(key, None)
        else:
            things[key] = change.after
    return _sorted(things.values())


def _sorted(things: Iterable[Thing]) -> tuple[Thing, ...]:
    return tuple(sorted(things, key=_key))


_ORDER = {kind: place for place, kind in enumerate(KINDS)}


def _key(thing: Thing) -> tuple[int, str, str]:
    return _ORDER.get(thing.kind, len(_ORDER)), thing.kind, thing.name


def natural(name: str) -> list[tuple[int, str]]:
    """Return a key that sorts numbers in names as numbers.

    >>> sorted(["loop10", "loop2", "loop"], key=natural)
    ['loop', 'loop2', 'loop10']
    """
    parts: list[tuple[int, str]] = []
    digits = text = ""
    for char in name:
        if char.isascii() and char.isdigit():
            if text:
                parts.append((-1, text))
                text = ""
            digits += char
        else:
            if digits:
                parts.append((int(digits), ""))
                digits = ""
            text += char
    if text:
        parts.append((-1, text))
    if digits:
        parts.append((int(digits), ""))
    return parts
