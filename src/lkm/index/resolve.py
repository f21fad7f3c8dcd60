"""Which modules need which: owners of symbols, direct and indirect needs, and circles.

Modules are numbers here: places in the list of modules in their final order.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def owners_of(exports: Sequence[Iterable[bytes]]) -> dict[bytes, int]:
    """Return symbol → module, given what every module exports. Of several owners the last one stands (as in kmod)."""
    owners: dict[bytes, int] = {}
    for module, symbols in enumerate(exports):
        for symbol in symbols:
            owners[symbol] = module
    return owners


def direct_needs(needs: Iterable[Iterable[bytes]], owners: dict[bytes, int]) -> list[Sequence[int]]:
    """Return for every module those that own a symbol it needs, each once, in the order of its symbols."""
    out = []
    get = owners.get
    for symbols in needs:
        found = dict.fromkeys(map(get, symbols))
        found.pop(None, None)
        out.append(list(found))
    return out  # type: ignore[return-value]  # None was taken out


def users_first(direct: Sequence[Sequence[int]]) -> list[int]:
    """Return the modules so that each stands before all that it needs; those in or below a circle are missing.

    Of the modules whose users all stand already, the one that became free last is next (kmod: depmod.c,
    ``depmod_calculate_dependencies``); the order shows in modules.dep.
    """
    users = [0] * len(direct)
    for needed in direct:
        for module in needed:
            users[module] += 1
    free = [module for module, count in enumerate(users) if not count]
    order = []
    while free:
        module = free.pop()
        order.append(module)
        for needed_module in direct[module]:
            users[needed_module] -= 1
            if not users[needed_module]:
                free.append(needed_module)
    return order


def all_needs(direct: Sequence[Sequence[int]], order: list[int]) -> list[list[int]]:
    """Return for every module all that it needs, in ``order`` (users first, as ``users_first`` gives it)."""
    place = {module: at for at, module in enumerate(order)}
    closures: list[frozenset[int]] = [frozenset()] * len(direct)
    out: list[list[int]] = [[]] * len(direct)
    for module in reversed(order):
        needed = direct[module]
        if needed:
            closure = frozenset([place[m] for m in needed]).union(*[closures[m] for m in needed])
            closures[module] = closure
            out[module] = [order[at] for at in sorted(closure)]
    return out


def circles(direct: Sequence[Sequence[int]]) -> tuple[list[list[int]], set[int]]:
    """Return circles of modules that need each other, and all modules that are in any.

    There is one circle for each group of modules that reach one another: a shortest one through the group's lowest
    module, which stands first.
    """
    users: list[list[int]] = [[] for _ in direct]
    for module, needed in enumerate(direct):
        for other in needed:
            users[other].append(module)
    rest = set(range(len(direct))).difference(users_first(direct))
    found = []
    members: set[int] = set()
    while rest:
        start = min(rest)
        group = _reach(start, direct, rest) & _reach(start, users, rest)
        if group:
            found.append(_circle_through(start, direct, group))
        members |= group
        rest -= group | {start}
    return found, members


def _reach(start: int, edges: Sequence[Sequence[int]], within: set[int]) -> set[int]:
    """Return what edges lead to from ``start``, itself only when in a circle."""
    seen: set[int] = set()
    todo = [start]
    while todo:
        for module in edges[todo.pop()]:
            if module in within and module not in seen:
                seen.add(module)
                todo.append(module)
    return seen


def _circle_through(start: int, direct: Sequence[Sequence[int]], group: set[int]) -> list[int]:
    """Return a shortest circle through a module of a group that has one, breadth first."""
    came_from: dict[int, int] = {}
    todo = [start]
    for module in todo:
        for needed in direct[module]:
            if needed == start:
                path = [module]
                while path[-1] != start:
                    path.append(came_from[path[-1]])
                return path[::-1]
            if needed in group and needed not in came_from:
                came_from[needed] = module
                todo.append(needed)
    raise ValueError("no circle goes through this module")
