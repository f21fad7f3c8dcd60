"""Modules as a graph: who needs whom, what softdeps and weakdeps bring together; and parts of it.

modules.dep lists all that a module needs, directly or not. An edge is drawn only where no way leads around it (the
transitive reduction), so that a picture of thousands can be read; nothing is lost by that.
"""

from __future__ import annotations

from lkm.names import fold, name_from_path
from lkm.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from lkm.config.nouns import Settings
    from lkm.index.lookup import DepEntry

NEEDS, PRE, POST, WEAK = "needs", "pre", "post", "weak"


class Node(Record):
    """A module: its file as in modules.dep, the bytes of it (-1: unknown), and whether the kernel has it loaded."""

    name: str
    path: str
    size: int = -1
    loaded: bool = False


class Edge(Record):
    """``user`` needs ``other``, or has a softdep (``pre``, ``post``) or weakdep on it; ``origin`` says where."""

    user: str
    other: str
    kind: str = NEEDS
    origin: str = ""


class Graph(Record):
    """Nodes by name, edges by names and kind."""

    release: str
    nodes: tuple[Node, ...] = ()
    edges: tuple[Edge, ...] = ()


def build(
    release: str,
    entries: Iterable[DepEntry],
    settings: Settings,
    meant: Callable[[str], Iterable[str]],
    sizes: Mapping[str, int],
    loaded: Collection[str] = (),
) -> Graph:
    """Return the graph of a tree; ``meant`` gives the modules of an alias, ``sizes`` bytes by path as in modules.dep.

    >>> from lkm.config.nouns import Settings
    >>> from lkm.index.lookup import DepEntry
    >>> rows = [DepEntry("a", "a.ko", ("b.ko", "c.ko")), DepEntry("b", "b.ko", ("c.ko",)), DepEntry("c", "c.ko")]
    >>> [(e.user, e.other) for e in build("6", rows, Settings(), lambda _: (), {}).edges]
    [('a', 'b'), ('b', 'c')]
    """
    needs: dict[str, frozenset[str]] = {}
    nodes = []
    for entry in entries:
        needs[entry.name] = frozenset(map(name_from_path, entry.depends))
        nodes.append(Node(entry.name, entry.path, sizes.get(entry.path, -1), entry.name in loaded))
    edges = {}
    for name, others in needs.items():
        around = frozenset().union(*[needs.get(other, frozenset()) - {other} for other in others])
        for other in others - around:
            if other in needs:
                edges[name, other, NEEDS] = Edge(name, other)
    for user, kind, origin, name in _soft(settings):
        for other in [name] if name in needs else sorted(set(meant(name))):
            if user in needs and other in needs:
                edges.setdefault((user, other, kind), Edge(user, other, kind, origin))
    return Graph(release, tuple(sorted(nodes, key=lambda n: n.name)), tuple([edges[key] for key in sorted(edges)]))


def _soft(settings: Settings) -> Iterator[tuple[str, str, str, str]]:
    """Yield user, kind, where it is said, and the name that is said, of each softdep and weakdep."""
    for soft in settings.softdeps:
        for kind, names in ((PRE, soft.pre), (POST, soft.post)):
            yield from [(soft.module, kind, str(soft.origin), fold(name)) for name in names]
    for weak in settings.weakdeps:
        yield from [(weak.module, WEAK, str(weak.origin), fold(name)) for name in weak.modules]


def part(graph: Graph, names: Iterable[str], depth: int = -1, *, down: bool = True, up: bool = False) -> Graph:
    """Return what is reached from modules: what they need (``down``), who needs them (``up``), so many steps far.

    >>> row = Graph("6", tuple([Node(n, "") for n in "abcd"]), (Edge("a", "b"), Edge("b", "c"), Edge("d", "b")))
    >>> [[n.name for n in part(row, "b", *how, **ways).nodes] for how, ways in (
    ...     ((), {}), ((), {"up": True}), ((1,), {"down": False, "up": True}))]
    [['b', 'c'], ['a', 'b', 'c', 'd'], ['a', 'b', 'd']]
    """
    reached = set(names)
    for wanted, turn in ((down, False), (up, True)):
        steps: dict[str, list[str]] = {}
        for edge in graph.edges if wanted else ():
            start, end = (edge.other, edge.user) if turn else (edge.user, edge.other)
            steps.setdefault(start, []).append(end)
        last = found = set(names)
        left = depth
        while last and left:
            last = {end for start in last for end in steps.get(start, ())} - found
            found = found | last
            left -= 1
        reached |= found
    kept = tuple([node for node in graph.nodes if node.name in reached])
    edges = tuple([edge for edge in graph.edges if edge.user in reached and edge.other in reached])
    return Graph(graph.release, kept, edges)
