"""Which modules of a tree a user without any right can have loaded, by which ways, and which of those matter here.

Pure: aliases and names of the tree are held against ``lkm.autoload.doors``, each way is followed as modprobe would
(configuration included), and what is loaded or wanted on this machine is held against the result.
"""

from __future__ import annotations

from lkm.autoload.doors import CHECKED, DOORS, LDISC, LIKELY, NAMESPACE, NODE, Door
from lkm.autoload.nouns import ALLOW, KERNEL, Request
from lkm.errors import FormatError, NotFound
from lkm.names import fold, fold_alias
from lkm.plan.resolve import resolve
from lkm.record import Record
from lkm.wildcard import has_wildcard, matches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from lkm.autoload.nouns import Verdict
    from lkm.plan.resolve import Candidate, World


class Node(Record):
    """A device file that any user may open: ``kind`` is ``char`` or ``block``."""

    path: str
    kind: str
    major: int
    minor: int

    def aliases(self) -> tuple[str, str]:
        """Return what the kernel asks for, in that order.

        >>> Node("/dev/net/tun", "char", 10, 200).aliases()
        ('char-major-10-200', 'char-major-10')
        """
        one = f"{self.kind}-major-{self.major}"
        return f"{one}-{self.minor}", one


class Host(Record):
    """What is known of the machine. ``shut`` says why nothing is loaded on request at all, "" if it is.

    ``no_namespaces`` and ``no_ldiscs`` say why users have no user namespaces and load no line disciplines; "": they
    do, or that is not known. ``loaded`` are the modules in the kernel, ``used`` those with users, ``wanted`` what is
    wanted here otherwise, with what says so.
    """

    shut: str = ""
    no_namespaces: str = ""
    no_ldiscs: str = ""
    nodes: tuple[Node, ...] = ()
    loaded: frozenset[str] = frozenset()
    used: frozenset[str] = frozenset()
    wanted: Mapping[str, str] = {}


class Way(Record):
    """One way to a module: through a door, by what is asked for there. ``closed``: what stops it, "" for nothing."""

    door: Door
    asks: str
    closed: str = ""
    node: str = ""


class Reach(Record):
    """A module that can be reached: ``ways`` to it, those that are open first; ``brings``: what it needs besides.

    ``state`` is ``used``, ``loaded``, ``wanted`` or "" for a module that nothing here needs; ``why`` tells more.
    ``kept_for`` is a module that is needed here, and needs this one.
    """

    module: str
    ways: tuple[Way, ...]
    brings: tuple[str, ...] = ()
    state: str = ""
    why: str = ""
    kept_for: str = ""

    @property
    def open(self) -> bool:
        """Tell whether any way is open."""
        return any(not way.closed for way in self.ways)

    @property
    def spare(self) -> bool:
        """Tell whether it can be had loaded, and nothing here needs it."""
        return self.open and not self.state and not self.kept_for


def door_of(alias: str) -> Door | None:
    """Return the door at which an alias, folded, is asked for.

    >>> door_of("net_pf_2_proto_132").kind, door_of("tcp_bbr")
    ('protocol', None)
    """
    if any(matches(pattern, alias) for pattern in CHECKED):
        return None
    for door in DOORS:
        if any(matches(pattern, alias) for pattern in door.aliases):
            return door
    return None


class Surface:
    """The modules of a world that can be reached.

    ``aliases`` are (alias, module) as modules.alias has them, ``names`` the names of all modules. ``policy`` is what
    the helper goes by, if it does.
    """

    def __init__(
        self,
        world: World,
        aliases: Iterable[tuple[str, str]],
        names: Iterable[str],
        host: Host,
        policy: Callable[[Request], Verdict] | None = None,
    ) -> None:
        self._world = world
        self._host = host
        self._policy = policy
        self._found: dict[str, set[Way]] = {}
        self._resolved: dict[str, tuple[Candidate, ...]] = {}
        self._bases: dict[str, str] = {}
        by_config = [(str(alias.pattern), str(alias.module)) for alias in world.settings.aliases]
        self._names = frozenset(names)
        self._owners: dict[str, set[str]] = {}
        for alias, module in sorted({*aliases, *by_config}):
            self._add_alias(alias, module)
        for name in sorted(self._names):
            self._add_name(name)

    def reaches(self) -> tuple[Reach, ...]:
        """Return all modules to which there is a way, open or closed, by name."""
        kept: dict[str, str] = {}
        for module in sorted({*self._host.used, *self._host.loaded, *self._host.wanted}):
            for need in self._needs(module):
                kept.setdefault(need, module)
        return tuple([self._reach(module, kept) for module in sorted(self._found)])

    def _reach(self, module: str, kept: Mapping[str, str]) -> Reach:
        host = self._host
        found = [
            way._replace(closed=self._shut(way.door) or self._barred(module, way.asks)) for way in self._found[module]
        ]
        ways = tuple(sorted(found, key=_rank))
        state, why = "", ""
        if module in host.used:
            state, why = "used", "it is in use"
        elif module in host.loaded:
            state, why = "loaded", "it is loaded"
        elif module in host.wanted:
            state, why = "wanted", host.wanted[module]
        return Reach(module, ways, self._needs(module), state, why, kept.get(module, ""))

    def _needs(self, module: str) -> tuple[str, ...]:
        entry = self._world.entry(module)
        found = resolve(module, self._world) if entry else ()
        try:
            return tuple([str(need.module) for one in found for need in self._world.needs(one)])
        except NotFound:
            return ()

    # Ways

    def _add_alias(self, alias: str, module: str) -> None:
        # Devices' aliases have a colon after the bus; of what is asked for at doors only IP sets have one.
        if ":" in alias and not alias.startswith("ip_set_"):
            return
        try:
            folded = fold_alias(alias)
        except FormatError:
            return
        self._owners.setdefault(folded, set()).add(fold(module))
        door = door_of(folded)
        if door is None:
            return
        if door.who == NODE:
            for node in self._host.nodes:
                for asks in node.aliases():
                    if matches(folded, fold_alias(asks)):
                        self._add(module, door, asks, node.path)
        elif not has_wildcard(alias):
            self._add(module, door, alias)

    def _add_name(self, name: str) -> None:
        for door in DOORS:
            if any(matches(pattern, name) for pattern in door.names):
                # The kernel puts "crypto-" or "algif-" before a name that the user chose.
                self._add(name, door, name.replace("_", "-", 1) if door.kind == "crypto" else name)
                return

    def _add(self, module: str, door: Door, asks: str, node: str = "") -> None:
        name = fold(module)
        if name in self._names:
            self._found.setdefault(name, set()).add(Way(door, asks, "", node))

    def _shut(self, door: Door) -> str:
        """Return what keeps a door shut for all that is asked for there."""
        host = self._host
        if host.shut:
            return host.shut
        if door.who == NAMESPACE and host.no_namespaces:
            return host.no_namespaces
        if door.who == LDISC and host.no_ldiscs:
            return host.no_ldiscs
        if door.base not in self._bases:
            self._bases[door.base] = self._no_base(door.base) if door.base else ""
        return self._bases[door.base]

    def _no_base(self, base: str) -> str:
        """Return why what must be there first cannot be; "" where it can, or where nothing tells.

        What no module of the tree serves is built in, or was left out: that is not known, and counts as there.
        """
        owners = self._owners.get(fold_alias(base), set()) | ({base} & self._names)
        if not owners or owners & self._host.loaded:
            return ""
        door = door_of(fold_alias(base))
        if door is not None and (shut := self._shut(door)):
            return shut
        reasons = [self._barred(owner, base) for owner in sorted(owners)]
        return f"{base} comes first: {reasons[0]}" if all(reasons) else ""

    def _barred(self, module: str, asks: str) -> str:
        """Return what in the configuration keeps modprobe from loading a module that is asked for, "" for nothing."""
        world = self._world
        if asks not in self._resolved:
            self._resolved[asks] = resolve(asks, world)
        found = [candidate for candidate in self._resolved[asks] if candidate.module == module]
        if not found:
            origin = next((str(one.origin) for one in self._resolved[asks]), "modprobe finds nothing")
            return f"{asks} means something else: {origin}"
        rule = world.blacklisted(module) if found[0].alias else None
        if rule:
            return f"blacklisted: {rule.origin}"
        command = world.command(found[0], "install")
        if command and not _loads(command.command):
            return f"an install command instead: {command.origin}"
        for name in (module, *self._needs(module)):
            forbid = world.forbidden(name)
            if forbid and name not in self._host.loaded:
                return f"forbidden: {forbid.origin}" if name == module else f"{name} is forbidden: {forbid.origin}"
        verdict = self._policy(Request(asks, KERNEL, 0.0)) if self._policy else None
        return f"policy: {verdict.origin or verdict.reason}" if verdict and verdict.word != ALLOW else ""


def _loads(command: str) -> bool:
    """Tell whether an install command may load a module: it is more than one that does nothing."""
    return "modprobe" in command or "insmod" in command


def _rank(way: Way) -> tuple[bool, bool, int, str, str]:
    """Return what ways are sorted by: open ones, certain ones, those of which there are many, first."""
    return bool(way.closed), way.door.certainty == LIKELY, DOORS.index(way.door), way.asks, way.node
