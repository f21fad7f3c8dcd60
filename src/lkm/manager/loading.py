"""Loading by name, alias or file, with what is needed: what failed is undone, and told with its cause."""

from __future__ import annotations

from lkm.errors import NotFound
from lkm.kernel.interface import IGNORE_MODVERSIONS, IGNORE_VERMAGIC
from lkm.manager.requests import Requests
from lkm.plan.imagine import imagine
from lkm.plan.load import Request, plan_load
from lkm.plan.progress import Entry, Skipped
from lkm.plan.resolve import from_path, resolve
from lkm.plan.steps import Blacklisted
from lkm.record import Record
from lkm.report.document import Attempt
from lkm.report.effects import left_lines
from lkm.report.undo import undone
from lkm.system.follow import Driver
from lkm.system.interrupts import Interrupts, name_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.manager.requests import Call
    from lkm.manager.session import Session
    from lkm.manager.watch import Watch
    from lkm.plan.progress import Journal
    from lkm.plan.resolve import Candidate
    from lkm.plan.steps import Plan
    from lkm.state.nouns import KernelState


class How(Record):
    """How to load.

    ``use_blacklist``: the blacklist holds for names too, not only for aliases. ``ignore_install``: commands and
    softdeps of what is named are passed over. ``override_forbid``: what the configuration forbids is loaded.
    ``keep_partial``: when it fails, what was loaded for it stays. ``force_modversion``, ``force_vermagic``: symbol
    versions, or the kernel it was built for, do not count; that can crash the kernel.
    """

    use_blacklist: bool = False
    ignore_install: bool = False
    override_forbid: bool = False
    keep_partial: bool = False
    force_modversion: bool = False
    force_vermagic: bool = False


class Loading(Requests):
    """Loads in a way; see :class:`lkm.manager.requests.Requests`."""

    def __init__(self, session: Session, how: How, call: Call) -> None:
        super().__init__(session, call)
        self.how = how

    def load(self, word: str, options: str = "") -> None:
        """Load what a word means, given parameters as one text. Raises Interrupted when a signal came meanwhile."""
        world = self.session.world
        if word.startswith(("/", "./", "../")):
            try:
                candidates: tuple[Candidate, ...] = (from_path(word, world),)
            except NotFound as error:
                hint = "a path was named; without / it would be a module's name"
                self.not_found(word, f"{word}: {error.what}", hint)
                return
        else:
            candidates = resolve(word, world)
        if not candidates:
            self.not_found(word, f"there is no module or alias {word} in {world.directory}")
        for candidate in candidates:
            self._load_one(candidate, word, options)

    def _load_one(self, candidate: Candidate, word: str, options: str) -> None:
        how = self.how
        request = Request(
            word,
            options,
            ignore_commands=how.ignore_install,
            use_blacklist=how.use_blacklist,
            override_forbid=how.override_forbid,
        )
        with Interrupts() as interrupts:
            watch = self.watch()
            driver = self._driver(interrupts, watch)
            state = self.imagined or driver.state()
            plan = plan_load(candidate, request, self.session.world, state)
            self.call.listener.planned(candidate, plan)
            attempt = Attempt(word, "done", candidate.module, candidate.alias, candidate.origin, plan)
            if plan.steps and isinstance(plan.steps[0], Blacklisted):
                self._blacklisted(attempt, plan.steps[0])
            elif self.call.planned:
                self._foretell(attempt, plan, state)
            else:
                self._follow(attempt, driver, plan, state, interrupts, watch)

    def _driver(self, interrupts: Interrupts, watch: Watch | None) -> Driver:
        def after(entry: Entry) -> None:
            if watch:
                watch.after(entry)
            self.call.listener.did(entry)

        versions = IGNORE_MODVERSIONS if self.how.force_modversion else 0
        vermagic = IGNORE_VERMAGIC if self.how.force_vermagic else 0
        return Driver(
            self.session.kernel,
            flags=versions | vermagic,
            environment=self.session.environment,
            before=watch.before if watch else lambda _: None,
            after=after,
            interrupts=interrupts,
            to_stderr=self.call.to_stderr,
        )

    def _blacklisted(self, attempt: Attempt, step: Blacklisted) -> None:
        told = self.explainer.entry(Entry(step, Skipped("blacklisted")), alias=attempt.alias)
        attempt = attempt._replace(cause="blacklisted", planned=self.call.planned)
        self.failed(attempt, f"{step.module} ({step.origin})", told)

    def _foretell(self, attempt: Attempt, plan: Plan, state: KernelState) -> None:
        """Tell of the plan as far as it would get."""
        journal, self.imagined = imagine(plan, state)
        attempt = attempt._replace(entries=journal.entries, planned=True)
        for entry in journal.entries:
            self.call.listener.did(entry)
        if journal.failure:
            told = self.explainer.entry(journal.failure, alias=attempt.alias)
            self.refused(attempt, f"{attempt.module} would not be loaded", journal.failure, told)
        else:
            self.call.listener.came(attempt)

    def _follow(
        self,
        attempt: Attempt,
        driver: Driver,
        plan: Plan,
        state: KernelState,
        interrupts: Interrupts,
        watch: Watch | None,
    ) -> None:
        journal = driver.follow(plan, state)
        failure = journal.failure
        attempt = attempt._replace(entries=journal.entries)
        if not interrupts.caught and failure is None:
            self.call.listener.came(attempt._replace(effects=watch.take() if watch else None))
            return
        text = f"{attempt.module} was not loaded"
        told = None
        if failure and not interrupts.caught:  # before anything is undone: what is loaded now is evidence
            told = self.explainer.entry(failure, alias=attempt.alias)
        lines: tuple[str, ...] = ()
        if not self.how.keep_partial:
            attempt = attempt._replace(undone=self._undo(driver, journal, attempt.word, state))
            lines = undone(attempt.undone, attempt.word)
        if watch:
            attempt = attempt._replace(effects=watch.left())
            lines += left_lines(attempt.effects) if attempt.effects else ()
        if failure and told:
            self.refused(attempt, text, failure, told, *lines)
        else:
            caught = f"it was {name_of(interrupts.caught)}"
            self.failed(attempt._replace(cause="interrupted"), text, None, caught, *lines)

    def _undo(self, driver: Driver, journal: Journal, word: str, before: KernelState) -> tuple[Entry, ...]:
        return driver.undo(journal, word, before).entries
