from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lkm.index.graph import Edge, Graph, Node
from lkm.report.layout import place

NAMES = [f"m{'x' * n}{n}" for n in range(12)]
PAIRS = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES), st.sampled_from(["needs", "pre"])))


def graph(pairs: list[tuple[str, str, str]]) -> Graph:
    nodes = tuple(Node(name, "", 1 << at) for at, name in enumerate(NAMES))
    return Graph("6", nodes, tuple(Edge(*pair) for pair in sorted(set(pairs))))


@given(PAIRS)
def test_all_stand_and_none_on_another(pairs: list[tuple[str, str, str]]) -> None:
    boxes, width, height = place(graph(pairs))
    assert sorted(boxes) == sorted(NAMES)
    rows = list(boxes.values())
    for at, one in enumerate(rows):
        assert one.width / 2 <= one.x <= width - one.width / 2
        assert one.height / 2 <= one.y <= height - one.height / 2
        for other in rows[:at]:
            apart_x = abs(one.x - other.x) >= (one.width + other.width) / 2
            assert apart_x or abs(one.y - other.y) >= (one.height + other.height) / 2


@given(PAIRS)
def test_users_are_above_what_they_need(pairs: list[tuple[str, str, str]]) -> None:
    downwards = [(a, b, kind) for a, b, kind in pairs if NAMES.index(a) < NAMES.index(b)]
    boxes, _, _ = place(graph(downwards))
    for user, other, _ in downwards:
        assert boxes[user].y < boxes[other].y


def test_wide_layers_are_broken_and_nothing_is_nothing() -> None:
    many = Graph("6", tuple(Node(f"module{n:04}", "") for n in range(1000)))
    _, width, height = place(many)
    assert 0.5 < width / height < 3
    assert place(Graph("6")) == ({}, 40, 40)
