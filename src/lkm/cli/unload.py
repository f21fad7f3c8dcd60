"""``lkm unload``: remove modules, and what they alone needed; ``modprobe -r`` with friendlier words."""

from __future__ import annotations

from lkm.cli import verbs
from lkm.cli.modprobe import milliseconds
from lkm.cli.options import Option
from lkm.cli.watch import watching, with_effects
from lkm.errors import FormatError, LkmError, UsageError
from lkm.names import fold, is_module_path, name_from_path
from lkm.plan.imagine import imagine
from lkm.plan.resolve import COMMAND_LINE, Candidate, resolve
from lkm.plan.unload import RemoveRequest, plan_unload
from lkm.report import steps
from lkm.report.causes import cause_of
from lkm.report.document import Attempt
from lkm.system.follow import Driver

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.cli.verbs import Verb
    from lkm.cli.watch import Watch
    from lkm.plan.progress import Entry
    from lkm.report.document import Object
    from lkm.state.nouns import KernelState

USAGE = """lkm unload [options] NAME|ALIAS|FILE...

Removes each, and what it alone needed, as the configuration of modprobe says. What is not loaded is no error. The
exit status tells why: docs/exit-codes.md."""
OPTIONS = (
    Option("n", "dry-run", "", "do nothing; print the plan, with a reason for each step"),
    Option("", "holders", "", "remove the modules that use it first"),
    Option("w", "wait", "MSEC", "try again for so long while a module is in use"),
    Option("i", "ignore-remove", "", "ignore commands and softdeps of what is named"),
    Option("f", "force", "", "even if it is in use, where the kernel was built to allow that. DANGEROUS"),
    Option("", "no-effects", "", "do not look at what it changes in the kernel"),
    *verbs.FAILURE,
    *verbs.COMMON,
)


def main(argv: list[str]) -> int:
    """Remove; see docs/exit-codes.md for the status."""
    return verbs.main("unload", USAGE, OPTIONS, argv[1:], _work)


def _work(verb: Verb, operands: list[str], fields: Object) -> int:
    try:
        wait = milliseconds(verb.given.get("wait", "0"))
    except LkmError as error:
        raise UsageError(error.what, hint="a number of milliseconds") from None
    for word in operands:
        _unload(verb, word, wait)
    fields |= verb.fields()
    return verb.status()


def _unload(verb: Verb, word: str, wait: int) -> None:
    watch = watching(verb)
    driver = _driver(verb, wait, watch)
    state = driver.state()
    name = name_from_path(word) if is_module_path(word) or "/" in word else fold(word)
    try:
        candidates = resolve(name if "/" in word or is_module_path(word) else word, verb.world)
    except FormatError:
        candidates = ()
    if not candidates and state.find(name):  # not of this tree, but there
        candidates = (Candidate(name, "", COMMAND_LINE),)
    if not candidates:
        verb.not_found(word, f"there is no module or alias {word} in {verb.world.directory}, and none is loaded")
    for candidate in candidates:
        _unload_one(verb, candidate, word, driver, wait, watch)


def _driver(verb: Verb, wait: int, watch: Watch | None) -> Driver:
    def after(entry: Entry) -> None:
        if watch:
            watch.after(entry)
        line = steps.done(entry)
        verb.print(f"{line}\n" if line else "")
        if line := steps.failed(entry):
            verb.say.warning(line)

    return Driver(
        verb.kernel,
        force="force" in verb.given,
        wait=wait,
        environment=verb.environment,
        before=watch.before if watch else lambda _: None,
        after=after,
        to_stderr=verb.json,
    )


def _unload_one(verb: Verb, candidate: Candidate, word: str, driver: Driver, wait: int, watch: Watch | None) -> None:
    request = RemoveRequest(
        word,
        holders="holders" in verb.given,
        ignore_commands="ignore-remove" in verb.given,
        wait=wait > 0 or "force" in verb.given,
    )
    state = verb.imagined or driver.state()
    plan = plan_unload(candidate, request, verb.world, state)
    verb.problems(plan.problems)
    attempt = Attempt(word, "done", candidate.module, candidate.alias, candidate.origin, plan)
    if "dry-run" in verb.given:
        journal, verb.imagined = imagine(plan, state)
        for entry in journal.entries:
            verb.print(steps.planned(entry))
        _judge(verb, attempt._replace(entries=journal.entries, planned=True), journal.failure, state)
    else:
        journal = driver.follow(plan, state)
        _judge(verb, attempt._replace(entries=journal.entries), journal.failure, driver.state(), watch)


def _judge(
    verb: Verb, attempt: Attempt, failure: Entry | None, state: KernelState, watch: Watch | None = None
) -> None:
    """Keep the attempt, and say why it failed if it did."""
    module = state.find(failure.step.module) if failure else None
    if failure is None or cause_of(failure, privileged=verb.privileged, module=module) == "done":
        verb.attempts.append(with_effects(verb, attempt, watch))
        return
    would = "would not be" if attempt.planned else "was not"
    told = verb.explainer.entry(failure, alias=attempt.alias)
    verb.failed(attempt, f"{failure.step.module} {would} removed", failure, told=told, module=module)
