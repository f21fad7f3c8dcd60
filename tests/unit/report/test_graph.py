"""Against tests/golden/graph; ``LKM_GOLDEN=1`` writes the files anew."""

from __future__ import annotations

import json
import os
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from lkm.index.graph import Edge, Graph, Node
from lkm.report.document import document, text_of
from lkm.report.graph import HOLE, as_fields, dot, page, svg
from tests.support import schema

GOLDEN = Path(__file__).parents[2] / "golden/graph"
TEMPLATE = Path(svg.__code__.co_filename).with_name("graph.html").read_text()
SMALL = Graph(
    "6.1",
    (
        Node("crc", "kernel/lib/crc.ko", 4000),
        Node("ext4", "kernel/fs/ext4/ext4.ko", 2 << 20, True),
        Node("jbd2", "kernel/fs/jbd2.ko", 300 << 10, True),
        Node("loop", "kernel/drivers/block/loop.ko"),
    ),
    (Edge("ext4", "crc", "pre", "modules.softdep:3"), Edge("ext4", "jbd2"), Edge("jbd2", "crc", "weak", "x.conf:1")),
)


def as_json(graph: Graph) -> str:
    return json.dumps(as_fields(graph), indent=1) + "\n"


@pytest.mark.parametrize(("form", "make"), [("dot", dot), ("svg", svg), ("json", as_json)])
def test_small(form: str, make: object) -> None:
    assert callable(make)
    text = make(SMALL)
    if "LKM_GOLDEN" in os.environ:
        (GOLDEN / f"small.{form}").write_text(text)
    assert text == (GOLDEN / f"small.{form}").read_text()


def test_the_drawing_is_xml_and_the_object_as_the_schema_says() -> None:
    odd = Graph("6<1>", (Node("a", "k/a&b<c>.ko"),), ())
    assert ET.fromstring(svg(odd)).tag.endswith("svg")
    schema.check(text_of(document("graph", 0, as_fields(SMALL))))


def test_names_with_quotes() -> None:
    text = dot(Graph("6", (Node('a"b', "x.ko"), Node("c", "c.ko")), (Edge('a"b', "c"),)))
    assert '  "a\\"b" [label="a\\"b"];' in text and '"a\\"b" -> "c";' in text


def test_the_page_is_one_file_that_asks_for_no_other() -> None:
    odd = SMALL._replace(nodes=(*SMALL.nodes, Node("z", "k/</script><script>alert(1)</script>.ko")))
    text = page(odd, TEMPLATE)
    assert HOLE not in text
    assert text.count("</script>") == TEMPLATE.count("</script>")
    assert set(re.findall(r"https?://[^\"]*", text)) == {"http://www.w3.org/2000/svg"}
    assert re.search(r"(?:src|href)=|@import|url\(", text) is None
    assert "default-src 'none'" in text
