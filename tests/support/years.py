"""Histories of modules on a simulated clock, played to the rules of Linux 2.4 and to ours: marks, looks, sweeps."""

from __future__ import annotations

from hypothesis import strategies as st

from lkm.autoload.autoclean import Sweep
from lkm.autoload.marks import Mark, Marks, observe
from lkm.config.autoclean import DEFAULT, AutocleanSettings, Rule
from lkm.kernel.sim import rules24
from lkm.kernel.sim.rules24 import AUTOCLEAN, State24
from lkm.state.usage import Sample

#: What 2.4 had: no idle times, and what was never used stays.
LIKE_24 = AutocleanSettings(rules=(Rule("idle", "", 0, DEFAULT), Rule("unused", "", None, DEFAULT)))
YEAR = 365 * 86400.0
NAMES = ("a", "b", "c", "d", "e")
#: What each module may need: those after it, so that there are no circles.
NEEDS = {name: NAMES[at + 1 :] for at, name in enumerate(NAMES)}

#: (seconds that go by first, what happens, to which module, which of what it may need as bits).
EVENTS = st.lists(
    st.tuples(
        st.sampled_from([0.0, 1.0, 59.0, 60.0, 3600.0, 40 * 86400.0]),
        st.sampled_from(["load", "load", "plain", "use", "release", "touch", "touch", "delete", *["sweep"] * 4]),
        st.sampled_from(NAMES),
        st.integers(0, 15),
    ),
    min_size=40,
    max_size=80,
)
Event = tuple[float, str, str, int]


class Both:
    """One history in two worlds. ``instances`` count loads; ``inside`` are modules that use a module by its count."""

    def __init__(self, settings: AutocleanSettings = LIKE_24) -> None:
        self.settings = settings
        self.state: State24 = ()
        self.marks = Marks("b")
        self.now = 0.0
        self.instances: dict[str, int] = {}
        self.inside: dict[str, tuple[str, ...]] = {}

    def samples(self) -> tuple[Sample, ...]:
        return tuple(
            [Sample(m.name, self.instances[m.name], m.usecount + len(m.holders), m.holders) for m in self.state]
        )

    def look(self) -> None:
        """Look at all marked modules, as a sweep or a daemon does."""
        seen = {sample.module: sample for sample in self.samples()}
        kept = [observe(mark, seen[mark.module], self.now) for mark in self.marks.marks if mark.module in seen]
        self.marks = self.marks._replace(marks=tuple(kept))

    def load(self, name: str, bits: int, flags: int) -> None:
        """Load a module, and before it what it needs, as modprobe does."""
        needs = tuple([n for at, n in enumerate(NEEDS[name]) if bits >> at & 1])
        if rules24.find(self.state, name):
            return
        for need in needs:
            self.load(need, bits >> 1, flags)
        state, number = rules24.create(self.state, name, 4096)
        assert not number
        state, number = rules24.begin(state, name, needs, flags)
        assert not number
        self.state, _ = rules24.finish(state, name, 0)
        self.instances[name] = self.instances.get(name, 0) + 1
        if flags:
            self.marks = self.marks.put((Mark(name, self.instances[name], self.now, self.now),))
        used = rules24.find(self.state, needs[0]) if needs and bits & 8 else None
        if used is not None:  # as lp uses the driver of a port, by its count
            self.inside[name] = (used.name,)
            self.state = rules24.use(self.state, used.name)

    def ours(self) -> list[str]:
        """Sweep by our rules, on a copy of the world; return what went, in order."""
        state = self.state
        sweep = Sweep(self.marks, self.samples(), self.settings, self.now)
        freed = []
        while (name := sweep.next_module()) is not None:
            for used in self.inside.get(name, ()):
                self.state = rules24.release(self.state, used)
            self.state = rules24.free(self.state, name, tag=False)
            freed.append(name)
            sweep.record(True, self.samples())
        self.state = state
        self.marks = sweep.marks
        return freed

    def play(self, event: Event) -> tuple[list[str], list[str]]:
        """Let one thing happen; return what a sweep removed by the rules of 2.4, and by ours."""
        seconds, what, name, bits = event
        self.now += seconds
        module = rules24.find(self.state, name)
        theirs: list[str] = []
        mine: list[str] = []
        if what in ("load", "plain"):
            self.load(name, bits, AUTOCLEAN if what == "load" else 0)
        elif what == "sweep":
            mine = self.ours()
            self.state, freed = rules24.sweep(self.state, self.inside)
            theirs = list(freed)
        elif module is not None and what == "touch":
            self.state = rules24.use(self.state, name)
            self.look()
            self.state = rules24.release(self.state, name)
        elif module is not None and what == "use":
            self.state = rules24.use(self.state, name)
        elif module is not None and what == "release" and module.usecount > self._held(name):
            self.state = rules24.release(self.state, name)
        elif module is not None and what == "delete" and not rules24.refusal(self.state, name):
            for used in self.inside.get(name, ()):
                self.state = rules24.release(self.state, used)
            self.state = rules24.free(self.state, name, tag=False)
        for gone in [user for user in self.inside if not rules24.find(self.state, user)]:
            del self.inside[gone]
        self.look()
        return theirs, mine

    def _held(self, name: str) -> int:
        return sum([name in used for used in self.inside.values()])
