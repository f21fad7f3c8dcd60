"""Unloading by name, alias or file, with what was alone needed for it."""

from __future__ import annotations

from lkm.errors import FormatError
from lkm.manager.requests import Requests
from lkm.names import fold, is_module_path, name_from_path
from lkm.plan.imagine import imagine
from lkm.plan.resolve import COMMAND_LINE, Candidate, resolve
from lkm.plan.unload import RemoveRequest, plan_unload
from lkm.record import Record
from lkm.report.causes import cause_of
from lkm.report.document import Attempt
from lkm.system.follow import Driver

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.manager.requests import Call
    from lkm.manager.session import Session
    from lkm.manager.watch import Watch
    from lkm.plan.progress import Entry
    from lkm.state.nouns import KernelState


class How(Record):
    """How to unload.

    ``holders``: the modules that use it go first. ``wait``: try again for so many milliseconds while it is in use.
    ``ignore_remove``: commands and softdeps of what is named are passed over. ``force``: even if it is in use, where
    the kernel was built to allow that; that can crash it.
    """

    holders: bool = False
    wait: int = 0
    ignore_remove: bool = False
    force: bool = False


class Unloading(Requests):
    """Unloads in a way; see :class:`lkm.manager.requests.Requests`."""

    def __init__(self, session: Session, how: How, call: Call) -> None:
        super().__init__(session, call)
        self.how = how

    def unload(self, word: str) -> None:
        """Remove what a word means. What is not loaded is no failure."""
        watch = self.watch()
        driver = self._driver(watch)
        state = driver.state()
        world = self.session.world
        named = "/" in word or is_module_path(word)
        name = name_from_path(word) if named else fold(word)
        try:
            candidates = resolve(name if named else word, world)
        except FormatError:
            candidates = ()
        if not candidates and state.find(name):  # not of this tree, but there
            candidates = (Candidate(name, "", COMMAND_LINE),)
        if not candidates:
            self.not_found(word, f"there is no module or alias {word} in {world.directory}, and none is loaded")
        for candidate in candidates:
            self._unload_one(candidate, word, driver, watch)

    def _driver(self, watch: Watch | None) -> Driver:
        def after(entry: Entry) -> None:
            if watch:
                watch.after(entry)
            self.call.listener.did(entry)

        return Driver(
            self.session.kernel,
            force=self.how.force,
            wait=self.how.wait,
            environment=self.session.environment,
            before=watch.before if watch else lambda _: None,
            after=after,
            to_stderr=self.call.to_stderr,
        )

    def _unload_one(self, candidate: Candidate, word: str, driver: Driver, watch: Watch | None) -> None:
        how = self.how
        request = RemoveRequest(
            word, holders=how.holders, ignore_commands=how.ignore_remove, wait=how.wait > 0 or how.force
        )
        state = self.imagined or driver.state()
        plan = plan_unload(candidate, request, self.session.world, state)
        self.call.listener.planned(candidate, plan)
        attempt = Attempt(word, "done", candidate.module, candidate.alias, candidate.origin, plan)
        if self.call.planned:
            journal, self.imagined = imagine(plan, state)
            for entry in journal.entries:
                self.call.listener.did(entry)
            self._judge(attempt._replace(entries=journal.entries, planned=True), journal.failure, state)
        else:
            journal = driver.follow(plan, state)
            self._judge(attempt._replace(entries=journal.entries), journal.failure, driver.state(), watch)

    def _judge(self, attempt: Attempt, failure: Entry | None, state: KernelState, watch: Watch | None = None) -> None:
        """Tell what came of it, and why it failed if it did."""
        attempt = attempt._replace(effects=watch.take() if watch else None)
        module = state.find(failure.step.module) if failure else None
        if failure is None or cause_of(failure, privileged=self.privileged, module=module) == "done":
            self.call.listener.came(attempt)
            return
        would = "would not be" if attempt.planned else "was not"
        told = self.explainer.entry(failure, alias=attempt.alias)
        self.refused(attempt, f"{failure.step.module} {would} removed", failure, told, module=module)
