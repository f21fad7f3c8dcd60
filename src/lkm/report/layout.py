"""Where the boxes of a graph stand: users above what they need, in rows, each near those that it is joined to.

A layered drawing after Sugiyama, with its second step (fewer crossings) by barycentres. Rows that are too wide are
broken, as most modules of a kernel are used by nobody and would all stand in the first. graphviz takes minutes for
4,000 modules and is not on most machines; this takes a second, and its result is the same everywhere.
"""

from __future__ import annotations

from lkm.index.graph import NEEDS
from lkm.index.resolve import users_first
from lkm.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from lkm.index.graph import Edge, Graph, Node

GAP, ROW_GAP, LETTER, MARGIN = 14, 46, 7, 20
_SWEEPS = 4


class Box(Record):
    """A module's box: centre and size, in pixels."""

    x: float
    y: float
    width: float
    height: float


def weight(node: Node) -> float:
    """Return the height of a box: more for bigger files, by their logarithm.

    >>> from lkm.index.graph import Node
    >>> [weight(Node("a", "", size)) for size in (-1, 8_000, 64_000, 4_000_000)]
    [20, 20, 24, 44]
    """
    doublings = (max(node.size, 0) >> 14).bit_length()
    return 44 if doublings > 7 else 20 + 2 * doublings


def place(graph: Graph) -> tuple[dict[str, Box], float, float]:
    """Return the boxes by name, and the width and height of the whole."""
    if not graph.nodes:
        return {}, 2 * MARGIN, 2 * MARGIN
    sizes = {n.name: (len(n.name) * LETTER + 16.0, float(weight(n))) for n in graph.nodes}
    area = sum((width + GAP) * (height + ROW_GAP) for width, height in sizes.values())
    widest = max(900.0, area**0.5 * 1.3)
    rows = [row for layer in _layers(graph) for row in _broken(layer, sizes, widest)]
    width = max(sum(sizes[n][0] + GAP for n in row) - GAP for row in rows) + 2 * MARGIN
    boxes = {}
    y = float(MARGIN)
    for row in rows:
        high = max(sizes[name][1] for name in row)
        x = (width - (sum(sizes[n][0] + GAP for n in row) - GAP)) / 2
        for name in row:
            wide, tall = sizes[name]
            boxes[name] = Box(round(x + wide / 2, 1), round(y + high / 2, 1), wide, tall)
            x += wide + GAP
        y += high + ROW_GAP
    return boxes, round(width, 1), round(y - ROW_GAP + MARGIN, 1)


def _layers(graph: Graph) -> list[list[str]]:
    """Return the layers from the top, those that are joined to nobody last; each in a good order."""
    joined = {name for edge in graph.edges for name in (edge.user, edge.other)}
    names = [node.name for node in graph.nodes if node.name in joined]
    place_of = {name: at for at, name in enumerate(names)}
    edges = [edge for edge in graph.edges if edge.user != edge.other]
    beside: dict[str, list[str]] = {name: [] for name in names}
    for edge in edges:
        beside[edge.user].append(edge.other)
        beside[edge.other].append(edge.user)
    below = _below(place_of, edges)
    order = users_first(below)
    if len(order) < len(names):  # softdeps may go round in circles, needs do not
        below = _below(place_of, [edge for edge in edges if edge.kind == NEEDS])
        order = users_first(below)
    depth = [0] * len(names)
    for at in reversed(order):  # from below: who needs nothing is in layer 0
        depth[at] = max([depth[other] + 1 for other in below[at]], default=0)
    top = max(depth, default=0)
    layers: list[list[str]] = [[] for _ in range(top + 1)] if names else []
    for at, name in enumerate(names):
        layers[top - depth[at]].append(name)
    _order(layers, beside)
    alone = [node.name for node in graph.nodes if node.name not in joined]
    return [layer for layer in (*layers, alone) if layer]


def _below(place_of: dict[str, int], edges: Iterable[Edge]) -> list[list[int]]:
    """Return for each place those that stand below it."""
    below: list[list[int]] = [[] for _ in place_of]
    for edge in edges:
        below[place_of[edge.user]].append(place_of[edge.other])
    return below


def _order(layers: list[list[str]], beside: dict[str, list[str]]) -> None:
    """Sort each layer by the middle of what each is joined to; the places are parts of a layer's width."""
    spot = {name: (at + 0.5) / len(layer) for layer in layers for at, name in enumerate(layer)}
    for sweep in range(_SWEEPS):
        for layer in layers if sweep % 2 else reversed(layers):
            middles = {n: sum(spot[o] for o in beside[n]) / max(1, len(beside[n])) for n in layer}
            layer.sort(key=lambda name: (middles[name], name))
            for at, name in enumerate(layer):
                spot[name] = (at + 0.5) / len(layer)


def _broken(layer: list[str], sizes: dict[str, tuple[float, float]], widest: float) -> list[list[str]]:
    """Break a layer into rows of about one width. Neighbours stay in one row, or in rows one below the other."""
    whole = sum(sizes[name][0] + GAP for name in layer)
    count = max(1, int(whole / widest + 0.999))
    columns = [layer[at : at + count] for at in range(0, len(layer), count)]
    rows = [[column[at] for column in columns if at < len(column)] for at in range(count)]
    return [row for row in rows if row]
