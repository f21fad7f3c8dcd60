"""A graph of modules as DOT, as SVG, and as JSON, alone or within a page of HTML."""

from __future__ import annotations

import json

from lkm.index.graph import NEEDS, POST, PRE, WEAK
from lkm.report.layout import place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.index.graph import Edge, Graph

#: What stands in the page where the data goes.
HOLE = "{{graph}}"
_DASHES = {PRE: "dashed", POST: "dashed", WEAK: "dotted"}
_STYLE = """
text{font:12px DejaVu Sans Mono,monospace;text-anchor:middle;dominant-baseline:central;fill:#1c2733}
rect{fill:#fff;stroke:#5b6b7c;rx:5px}.in rect{fill:#bfe3c6;stroke:#2c7a45}
path{fill:none;stroke:#8a99a8;stroke-opacity:.7}.pre,.post{stroke:#b8651b;stroke-dasharray:5 4}
.weak{stroke:#7a5bb0;stroke-dasharray:2 4}
"""


def dot(graph: Graph) -> str:
    """Return the graph in graphviz's language: softdeps dashed, weakdeps dotted, loaded modules filled."""
    lines = ["digraph modules {", "  rankdir=TB;", '  node [shape=box, fontname="monospace"];']
    for node in graph.nodes:
        size = f"\\n{_human(node.size)}" if node.size >= 0 else ""
        filled = ', style=filled, fillcolor="#bfe3c6"' if node.loaded else ""
        height = f", height={0.3 + min(node.size, 4 << 20) / (4 << 20):.2f}" if node.size >= 0 else ""
        lines.append(f'  "{_quoted(node.name)}" [label="{_quoted(node.name)}{size}"{filled}{height}];')
    for edge in graph.edges:
        style = f' [style={_DASHES[edge.kind]}, label="{edge.kind}"]' if edge.kind != NEEDS else ""
        lines.append(f'  "{_quoted(edge.user)}" -> "{_quoted(edge.other)}"{style};')
    return "\n".join([*lines, "}"]) + "\n"


def svg(graph: Graph) -> str:
    """Return a drawing: users above what they need, bigger files in taller boxes; a box's title tells all of it."""
    boxes, width, height = place(graph)
    title = f"{len(graph.nodes)} modules of {graph.release}"
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}">']
    out += [f"<title>{_escaped(title)}</title>", f"<style>{_STYLE.strip()}</style>"]
    out.append('<rect width="100%" height="100%" style="fill:#fff;stroke:none"/>')
    for edge in graph.edges:
        if edge.user == edge.other:
            continue
        one, other = boxes[edge.user], boxes[edge.other]
        turn = 1 if other.y >= one.y else -1
        y, end = one.y + turn * one.height / 2, other.y - turn * other.height / 2
        bend = max(20.0, abs(end - y) / 2) * turn
        way = f"M{one.x:g} {y:g}C{one.x:g} {y + bend:g} {other.x:g} {end - bend:g} {other.x:g} {end:g}"
        out.append(f'<path class="{edge.kind}" d="{way}"><title>{_escaped(_words(edge))}</title></path>')
    for node in graph.nodes:
        box = boxes[node.name]
        left, above = box.x - box.width / 2, box.y - box.height / 2
        mark = ' class="in"' if node.loaded else ""
        told = [node.path, _human(node.size) if node.size >= 0 else "", "loaded" if node.loaded else ""]
        out.append(
            f"<g{mark}>"
            f"<title>{_escaped(', '.join(filter(None, told)))}</title>"
            f'<rect x="{left:g}" y="{above:g}" width="{box.width:g}" height="{box.height:g}"/>'
            f'<text x="{box.x:g}" y="{box.y:g}">{_escaped(node.name)}</text></g>'
        )
    return "\n".join([*out, "</svg>"]) + "\n"


def as_fields(graph: Graph) -> dict[str, object]:
    """Return the graph as fields of an object of schema lkm/1."""
    modules = [{"name": n.name, "file": n.path, "size": n.size, "loaded": n.loaded} for n in graph.nodes]
    edges = [{"from": e.user, "to": e.other, "kind": e.kind, "origin": e.origin or None} for e in graph.edges]
    return {"release": graph.release, "modules": modules, "edges": edges}


def page(graph: Graph, template: str, start: str = "") -> str:
    """Return the page of HTML with the graph in it, one file that asks for no other; it opens with ``start``."""
    place_of = {node.name: at for at, node in enumerate(graph.nodes)}
    data = {
        "release": graph.release,
        "nodes": [[n.name, n.path, n.size, int(n.loaded)] for n in graph.nodes],
        "start": start,
        "edges": [[place_of[e.user], place_of[e.other], e.kind, e.origin] for e in graph.edges],
    }
    text = json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")
    return template.replace(HOLE, text)


def _words(edge: Edge) -> str:
    what = {NEEDS: "needs", PRE: "wants before it", POST: "wants after it", WEAK: "may ask for"}[edge.kind]
    return f"{edge.user} {what} {edge.other}" + (f" ({edge.origin})" if edge.origin else "")


def _human(size: int) -> str:
    """Return a size for people.

    >>> _human(500), _human(20480), _human(3 << 20)
    ('500 B', '20 KiB', '3.0 MiB')
    """
    if size < 1024:
        return f"{size} B"
    return f"{size / (1 << 20):.1f} MiB" if size >= 1 << 20 else f"{size // 1024} KiB"


def _quoted(name: str) -> str:
    r"""Return a name as it stands within DOT's quotes; a file's name may have any character.

    >>> print(_quoted('a"b'))
    a\"b
    """
    return name.replace("\\", "\\\\").replace('"', '\\"')


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
