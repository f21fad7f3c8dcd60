"""Owners, needs and circles of drawn module graphs."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lkm.index.resolve import all_needs, circles, direct_needs, owners_of, users_first

GRAPHS = st.integers(1, 8).flatmap(
    lambda n: st.lists(st.lists(st.integers(0, n - 1), unique=True, max_size=4), min_size=n, max_size=n)
)


def reach(graph: list[list[int]], start: int) -> set[int]:
    seen: set[int] = set()
    todo = list(graph[start])
    while todo:
        module = todo.pop()
        if module not in seen:
            seen.add(module)
            todo += graph[module]
    return seen


@given(GRAPHS)
def test_users_stand_before_what_they_need_unless_there_is_a_circle(graph: list[list[int]]) -> None:
    order = users_first(graph)
    assert len(set(order)) == len(order)
    in_circle = {m for m in range(len(graph)) if m in reach(graph, m)}
    below = in_circle.union(*(reach(graph, m) for m in in_circle))
    assert set(order) == set(range(len(graph))) - below
    place = {module: at for at, module in enumerate(order)}
    assert all(place[m] < place[n] for m in order for n in graph[m] if n in place)


@given(GRAPHS)
def test_all_needs_is_what_can_be_reached_in_that_order(graph: list[list[int]]) -> None:
    order = users_first(graph)
    if len(order) == len(graph):
        place = {module: at for at, module in enumerate(order)}
        for module, needed in enumerate(all_needs(graph, order)):
            assert needed == sorted(reach(graph, module), key=place.__getitem__)


@given(GRAPHS)
def test_every_module_in_a_circle_is_named_and_every_circle_is_one(graph: list[list[int]]) -> None:
    found, members = circles(graph)
    assert members == {m for m in range(len(graph)) if m in reach(graph, m)}
    for circle in found:
        for user, needed in zip(circle, circle[1:] + circle[:1], strict=True):
            assert needed in graph[user]
        assert len(set(circle)) == len(circle)
    starts = [circle[0] for circle in found]
    groups = {frozenset(n for n in members if n in reach(graph, m) and m in reach(graph, n)) for m in members}
    assert starts == sorted(min(group) for group in groups)


def test_the_last_owner_of_a_symbol_stands() -> None:
    owners = owners_of([[b"f", b"g"], [b"f"]])
    assert owners == {b"f": 1, b"g": 0}
    assert direct_needs([[b"x", b"g", b"f", b"g"], []], owners) == [[0, 1], []]


def test_a_chain_of_thousands_is_no_recursion() -> None:
    chain = [[i + 1] for i in range(5000)] + [[]]
    assert users_first(chain) == list(range(5001))
    ring = [[(i + 1) % 5000] for i in range(5000)]
    found, members = circles(ring)
    assert found == [list(range(5000))]
    assert len(members) == 5000
