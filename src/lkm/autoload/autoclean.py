"""One sweep over the marked modules: which of them go now, and why each other one stays. Without I/O.

The rule is that of 2.4's delete_module(NULL) (kernel/module.c: ``sys_delete_module``). Newest first, a sweep looks
at each marked module that nothing holds or uses and that was used once. When it was visited since the last sweep,
that is only cleared; otherwise it goes. What it alone held is just freed, and needs no second sweep: so a stack goes
in one sweep. After a pass in which anything went the whole list is gone through again, and then meets modules whose
visit was cleared a moment ago. On top stands what 2.4 had not: idle times, ``never``, and pins; they only keep.

>>> from lkm.autoload.marks import Mark
>>> marks = Marks("b", (Mark("fat", 1, 0, 0, used_once=True), Mark("msdos", 2, 0, 0, used_once=True)))
>>> samples = (Sample("msdos", 2), Sample("fat", 1, 1, ("msdos",)))
>>> sweep = Sweep(marks, samples, AutocleanSettings(), 100.0)
>>> sweep.next_module(), sweep.record(True, without(samples, "msdos")), sweep.next_module()
('msdos', None, 'fat')
"""

from __future__ import annotations

from lkm.autoload.marks import Mark, Marks, observe
from lkm.config.autoclean import AutocleanSettings
from lkm.origin import Origin
from lkm.record import Record
from lkm.state.usage import Sample

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

#: The word that keeps a module, or ``goes``; in the order in which they are looked for.
WORDS = {
    "unmarked": "it was not loaded to be removed again",
    "coming": "it is being loaded or removed",
    "permanent": "it has no exit function",
    "held": "modules use it",
    "never": "the configuration keeps it",
    "pinned": "it is pinned",
    "counted": "its use count is not 0",
    "interface": "a network interface of it is up",
    "device": "a driver of it has a device",
    "unused": "it was never seen in use",
    "visited": "it was in use since the last sweep",
    "idle": "it has not been idle for long enough",
    "refused": "it could not be removed",
    "goes": "it goes",
}


class Opinion(Record):
    """What a sweep says of a module: a word of WORDS, more in words, and the line of the configuration for it.

    ``until`` is the time until which it says so, if nothing happens to the module; None where time changes nothing.
    """

    module: str
    word: str
    detail: str = ""
    origin: Origin | None = None
    until: float | None = None

    @property
    def goes(self) -> bool:
        """Tell whether it goes."""
        return self.word == "goes"


class Sweep:
    """One sweep. Ask for ``next_module``, remove it, ``record`` what came of it; until there is none.

    ``marks`` are as the sweep leaves them, ``opinions`` what was last said of each marked module, by name.
    """

    def __init__(self, marks: Marks, samples: Sequence[Sample], settings: AutocleanSettings, now: float) -> None:
        """Take in a look at all marked modules that are loaded, newest first, as the kernel lists them."""
        self.marks = marks
        self.opinions: dict[str, Opinion] = {}
        self._settings = settings
        self._now = now
        self._samples: dict[str, Sample] = {}
        self._freed: set[str] = set()
        self._tried: set[str] = set()
        self._current = ""
        self._changed = False
        self._look(samples)
        self._seen = self.marks
        self._todo = list(reversed(self._samples))

    def _look(self, samples: Sequence[Sample]) -> None:
        fresh = {sample.module: sample for sample in samples}
        gone = self._samples.keys() - fresh.keys()
        for sample in samples:
            before = self._samples.get(sample.module)
            if before and not sample.holders and gone.intersection(before.holders):
                self._freed.add(sample.module)
        self._samples = fresh
        marks = [observe(mark, fresh[mark.module], self._now) for mark in self.marks.marks if mark.module in fresh]
        self.marks = self.marks._replace(marks=tuple(marks))

    def next_module(self) -> str | None:
        """Return what is to be removed now; None at the end."""
        while True:
            while self._todo:
                name = self._todo.pop()
                mark, sample = self.marks.of(name), self._samples.get(name)
                if mark is None or sample is None or name in self._tried:
                    continue
                freed = name in self._freed
                opinion = judge(mark, sample, self._settings, self._now, pins=self.marks.pins, freed=freed)
                self.opinions[name] = opinion
                if opinion.goes:
                    self._tried.add(name)
                    self._current = name
                    return name
                if opinion.word == "visited":
                    self.marks = self.marks.put((mark._replace(visited=False),))
            if not self._changed:
                return None
            self._changed = False
            self._todo = list(reversed(self._samples))

    def record(self, removed: bool, samples: Sequence[Sample], why: str = "") -> None:
        """Take down whether the module of ``next_module`` went (``why`` not), and how all marked ones are now."""
        before = set(self._samples)
        if not removed:
            self.opinions[self._current] = Opinion(self._current, "refused", why)
        self._look(samples)
        self._changed = self._changed or bool(before - self._samples.keys())

    def kept(self, removed: Sequence[str]) -> Marks:
        """Return the marks as they were when it began, without what it removed, and with the visits it cleared.

        What it saw of removals that were only imagined is not to be believed later.
        """
        left = [
            mark._replace(visited=after.visited) if (after := self.marks.of(mark.module)) is not None else mark
            for mark in self._seen.marks
            if mark.module not in removed
        ]
        return self._seen._replace(marks=tuple(left))


def judge(
    mark: Mark,
    sample: Sample,
    settings: AutocleanSettings,
    now: float,
    *,
    pins: Sequence[str] = (),
    freed: bool = False,
) -> Opinion:
    """Return what is said of one marked module; ``freed``: what held it went in this sweep."""
    kept = _kept(sample, settings, pins)
    if kept is not None:
        return kept
    if not mark.used_once:
        unused = settings.unused(mark.module)
        if unused.seconds is None:
            return Opinion(mark.module, "unused", "", unused.origin)
        if now - mark.loaded < unused.seconds:
            detail = f"loaded {_span(now - mark.loaded)} ago; after {_span(unused.seconds)} it counts as used"
            return Opinion(mark.module, "unused", detail, unused.origin, mark.loaded + unused.seconds)
    if mark.visited and not freed:
        return Opinion(mark.module, "visited", "the next one may remove it", None, now)
    idle = settings.idle(mark.module)
    if freed and not idle.pattern:
        return Opinion(mark.module, "goes", "as does what held it")
    spent, wanted = now - mark.last_use, idle.seconds or 0
    detail = f"idle for {_span(spent)} of {_span(wanted)}"
    if spent < wanted:
        return Opinion(mark.module, "idle", detail, idle.origin, mark.last_use + wanted)
    return Opinion(mark.module, "goes", detail, idle.origin)


def _kept(sample: Sample, settings: AutocleanSettings, pins: Sequence[str]) -> Opinion | None:
    """Return what keeps a module whatever its past is, or None."""
    name = sample.module
    if not sample.live:
        return Opinion(name, "coming")
    if sample.permanent:
        return Opinion(name, "permanent")
    if sample.holders:
        return Opinion(name, "held", " ".join(sample.holders))
    never = settings.never(name)
    if never is not None:
        return Opinion(name, "never", never.because, never.origin)
    if name in pins:
        return Opinion(name, "pinned")
    if sample.counted:
        return Opinion(name, "counted", f"{sample.counted}")
    if sample.interfaces:
        return Opinion(name, "interface", " ".join(sample.interfaces))
    if sample.devices:
        return Opinion(name, "device", " ".join(sample.devices))
    return None


def without(samples: Sequence[Sample], module: str) -> tuple[Sample, ...]:
    """Return samples as they would be if a module had gone: what it held is held and counted once less."""
    left = []
    for sample in samples:
        if sample.module == module:
            continue
        if module in sample.holders:
            holders = tuple([holder for holder in sample.holders if holder != module])
            sample = sample._replace(holders=holders, count=sample.count - 1)
        left.append(sample)
    return tuple(left)


def foresee(marks: Marks, samples: Sequence[Sample], settings: AutocleanSettings, now: float) -> Sweep:
    """Return a sweep that is over, in which everything that was to go went, and nothing happened."""
    sweep = Sweep(marks, samples, settings, now)
    left = tuple(samples)
    while (name := sweep.next_module()) is not None:
        left = without(left, name)
        sweep.record(True, left)
    return sweep


def _span(seconds: float) -> str:
    """Return a time in words.

    >>> _span(59.6), _span(600), _span(7260)
    ('59 s', '10 min', '2 h')
    """
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return f"{int(seconds)} s"
