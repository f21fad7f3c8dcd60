"""Softdeps that go round in a circle.

Each of some modules is to be loaded before the next, and the last before the first. modprobe breaks the circle
wherever it enters it, so the order depends on who is asked for first. What modules need counts too.

Remedy: take one of the softdeps away.
"""

from __future__ import annotations

from lkm.config.nouns import Softdep
from lkm.index.resolve import circles
from lkm.lint.case import flaw
from lkm.lint.nouns import WARNING
from lkm.names import fold

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.lint.case import Case
    from lkm.lint.nouns import Flaw

CODE = "softdep-cycle"
NEEDS_TREE = False


def find(case: Case) -> Iterator[Flaw]:
    """Yield a flaw for each circle that one of the files takes part in."""
    before: dict[str, set[str]] = {}  # module → what comes before it
    told: dict[tuple[str, str], Softdep] = {}
    for soft in case.settings.softdeps:
        pairs = [(soft.module, fold(name)) for name in soft.pre] + [(fold(name), soft.module) for name in soft.post]
        for later, earlier in pairs:
            before.setdefault(later, set()).add(earlier)
            before.setdefault(earlier, set())
            told.setdefault((later, earlier), soft)
    names = sorted(before)
    for name in names:
        before[name].update([need for need in (case.tree.needs(name) if case.tree else ()) if need in before])
    place = {name: at for at, name in enumerate(names)}
    found, _ = circles([sorted([place[other] for other in before[name]]) for name in names])
    written = {fact: statement for fact, statement, _ in case.directives() if isinstance(fact, Softdep)}
    for circle in found:
        way = [names[at] for at in circle]
        steps = [(later, earlier) for later, earlier in zip(way, [*way[1:], way[0]], strict=True)]
        own = [(step, told[step]) for step in steps if step in told and told[step] in written]
        if not own:
            continue
        (late, early), by = own[-1]
        statement = written[by]
        word = early if late == statement.name else late
        what = "a circle: each of these is to come after the next: " + ", ".join([*way, way[0]])
        why = "modprobe breaks it wherever it enters it"
        yield flaw(CODE, WARNING, statement, word, what, why, "take one of the softdeps away")
