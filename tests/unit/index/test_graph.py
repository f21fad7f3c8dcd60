from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lkm.config.nouns import Settings
from lkm.config.settings import assemble
from lkm.index.graph import Edge, Graph, Node, build, part
from lkm.index.lookup import DepEntry
from lkm.names import ModuleName


def entry(name: str, *needs: str) -> DepEntry:
    return DepEntry(ModuleName(name), f"k/{name}.ko", tuple(f"k/{need}.ko" for need in needs))


def test_soft_and_weak_edges_with_their_places() -> None:
    text = "softdep a pre: b-c post: other\nsoftdep a pre: fs-x nosuch\nweakdep b_c a\n"
    settings = assemble([("x.conf", text)], "")
    rows = [entry("a"), entry("b_c"), entry("d")]
    graph = build("6", rows, settings, _meant, {"k/a.ko": 5}, ["d"])
    assert [tuple(edge._values()) for edge in graph.edges] == [
        ("a", "b_c", "pre", "x.conf:1"),
        ("a", "d", "post", "x.conf:1"),
        ("a", "d", "pre", "x.conf:2"),
        ("b_c", "a", "weak", "x.conf:3"),
    ]
    assert [(n.size, n.loaded) for n in graph.nodes] == [(5, False), (-1, False), (-1, True)]


def _meant(alias: str) -> list[str]:
    return ["d"] if alias in ("other", "fs_x") else []


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=25))
def test_what_is_left_out_is_still_reached(pairs: list[tuple[int, int]]) -> None:
    direct = {n: {b for a, b in pairs if a == n and b < n} for n in range(10)}  # no circles
    whole: dict[int, set[int]] = {}
    for n in range(10):
        whole[n] = direct[n].union(*[whole[m] for m in direct[n]])
    rows = [entry(f"m{n}", *[f"m{m}" for m in sorted(whole[n])]) for n in range(10)]
    graph = build("6", rows, Settings(), lambda _: (), {})
    for n in range(10):
        assert {node.name for node in part(graph, [f"m{n}"]).nodes} == {f"m{m}" for m in (n, *whole[n])}
    # and no edge can be spared
    for edge in graph.edges:
        fewer = Graph("6", graph.nodes, tuple(e for e in graph.edges if e != edge))
        assert edge.other not in {node.name for node in part(fewer, [edge.user]).nodes}


def test_modules_that_need_each_other() -> None:
    graph = build("6", [entry("a", "b"), entry("b", "a")], Settings(), lambda _: (), {})
    assert [(e.user, e.other) for e in graph.edges] == [("a", "b"), ("b", "a")]
    assert len(part(graph, ["a"], up=True).nodes) == 2


def test_depth_and_direction() -> None:
    row = Graph("6", tuple(Node(n, "") for n in "abcd"), (Edge("a", "b"), Edge("b", "c"), Edge("c", "d", "pre")))
    assert [n.name for n in part(row, ["b"], 1).nodes] == ["b", "c"]
    assert [n.name for n in part(row, ["b"], 0).nodes] == ["b"]
    assert [n.name for n in part(row, ["c"], down=False, up=True).nodes] == ["a", "b", "c"]
