"""What ``lkm check`` tells of a tree as a whole: files that do not count, circles, softdeps, exports twice."""

from __future__ import annotations

import itertools

from lkm.diagnose.finding import Fact
from lkm.names import name_from_path
from lkm.plan.resolve import World, resolve
from lkm.record import Record
from lkm.system.tree import list_modules
from lkm.wildcard import has_wildcard

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from lkm.config.nouns import Options, Settings
    from lkm.diagnose.finding import Finding
    from lkm.system.moduletree import IndexedTree


class Notes(Record):
    """By name of a module: ``shadows`` the files that do not count, ``cycles`` the circle that it is in, ``softdeps``
    those that are nowhere. ``unindexed``: files that no index has.
    """

    shadows: dict[str, tuple[str, ...]]
    unindexed: tuple[str, ...]
    cycles: dict[str, tuple[str, ...]]
    softdeps: dict[str, tuple[Fact, ...]]

    def concerned(self) -> set[str]:
        """Return the modules of which there is anything to tell."""
        return {*self.shadows, *self.cycles, *self.softdeps}


def notes_on(tree: IndexedTree, world: World) -> Notes:
    """Look at the whole tree; ``world`` has its indexes and the configuration."""
    names = tree.names()
    indexed = {tree.path(name): name for name in names}
    shadows: dict[str, tuple[str, ...]] = {}
    unindexed = []
    for path in sorted(list_modules(tree.origin())):
        if path in indexed:
            continue
        name = str(name_from_path(path))
        if tree.path(name):
            shadows[name] = (*shadows.get(name, ()), path)
        else:
            unindexed.append(path)
    return Notes(shadows, tuple(unindexed), _cycles(unindexed, tree), _softdeps(world, set(names)))


def of_settings(settings: Settings) -> tuple[set[str], bool]:
    """Return the names of modules that the configuration speaks of, and whether it speaks of some by a wildcard."""
    names = {str(each.module) for each in settings.options}
    names |= {str(each.module) for each in settings.blacklists} | {str(each.module) for each in settings.forbids}
    names |= {str(each.module) for each in settings.installs}
    return names, any(has_wildcard(name) for name in names)


def with_origins(findings: Iterable[Finding], options: Iterable[Options]) -> tuple[Finding, ...]:
    """Return findings about parameters with the lines of the configuration that give these."""
    found = []
    for finding in findings:
        if finding.code in ("bad-parameter", "unknown-parameter"):
            said = [o for o in options if any(_is_about(finding, word) for word in o.text.split())]
            lines = [Fact(f"options {o.module} {o.text.strip()}", str(o.origin)) for o in said]
            finding = finding._replace(facts=(*finding.facts, *lines))
        found.append(finding)
    return tuple(found)


def _is_about(finding: Finding, word: str) -> bool:
    name = word.partition("=")[0].strip('"')
    return f"parameter {name} " in finding.what or f"parameter '{name}'" in finding.what


def _softdeps(world: World, names: set[str]) -> dict[str, tuple[Fact, ...]]:
    found: dict[str, tuple[Fact, ...]] = {}
    known: dict[str, bool] = {}
    for softdep in world.settings.softdeps:
        if softdep.module not in names:
            continue
        for name in (*softdep.pre, *softdep.post):
            if name not in known:
                known[name] = bool(resolve(name, world))
            if not known[name]:
                facts = found.get(softdep.module, ())
                found[softdep.module] = (*facts, Fact(name, str(softdep.origin)))
    return found


def rivals_of(
    twins: Iterable[tuple[str, str, str]], exports: Sequence[Mapping[str, str]]
) -> dict[str, tuple[tuple[str, str], ...]]:
    """Return by name of a module the symbols that it shares, each with the other module.

    ``twins`` are (module, symbol, owner) of modules that a kernel has refused for such a symbol; ``exports`` tell of
    each kernel that was tried who owned a symbol there.
    """
    found: dict[str, set[tuple[str, str]]] = {}
    pairs = list(twins)
    for one, other in itertools.pairwise(exports):
        pairs += [
            (owner, symbol, other[symbol]) for symbol, owner in one.items() if other.get(symbol, owner) != owner
        ]
    for name, symbol, owner in pairs:
        found.setdefault(name, set()).add((symbol, owner))
        found.setdefault(owner, set()).add((symbol, name))
    return {name: tuple(sorted(shared)) for name, shared in found.items()}


def _cycles(paths: Iterable[str], tree: IndexedTree) -> dict[str, tuple[str, ...]]:
    """Return the circles among files that depmod has left out, by what they export and need."""
    facts = {str(name_from_path(path)): tree.read(path) for path in paths}
    owner = {export.name: name for name, each in facts.items() if each for export in each.exports}
    needs = {
        name: sorted({owner[need.name] for need in each.needs if owner.get(need.name, name) != name})
        for name, each in facts.items()
        if each
    }
    found = {}
    for start in needs:
        if circle := _circle(start, needs):
            found[start] = circle
    return found


def _circle(start: str, needs: dict[str, list[str]]) -> tuple[str, ...]:
    """Return the shortest way from a module back to itself, () where there is none."""
    ways: list[tuple[str, ...]] = [(start,)]
    seen = set()
    for way in ways:
        for need in needs.get(way[-1], ()):
            if need == start:
                return way
            if need not in seen:
                seen.add(need)
                ways.append((*way, need))
    return ()
