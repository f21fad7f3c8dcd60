"""``lkm load``: load modules by name, alias or file, with what they need; ``modprobe`` with friendlier words."""

from __future__ import annotations

from lkm.cli import verbs
from lkm.cli.options import Option
from lkm.cli.watch import watching, with_effects
from lkm.errors import NotFound, UsageError
from lkm.kernel.interface import IGNORE_MODVERSIONS, IGNORE_VERMAGIC
from lkm.plan.imagine import imagine
from lkm.plan.load import Request, plan_load
from lkm.plan.progress import Entry, Skipped
from lkm.plan.resolve import from_path, resolve
from lkm.plan.steps import Blacklisted, Insert
from lkm.report import steps
from lkm.report.document import Attempt
from lkm.report.undo import undone
from lkm.system.follow import Driver
from lkm.system.interrupts import Interrupted, Interrupts, name_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.cli.verbs import Verb
    from lkm.cli.watch import Watch
    from lkm.origin import Origin
    from lkm.plan.progress import Journal
    from lkm.plan.resolve import Candidate
    from lkm.plan.steps import Plan
    from lkm.report.document import Object
    from lkm.state.nouns import KernelState

USAGE = """lkm load [options] NAME|ALIAS|FILE [PARAMETER=VALUE...] ...

Loads each with what it needs, as the configuration of modprobe says. A word with = is a parameter of the name before
it. When a request fails, what was loaded for it is removed again. The exit status tells why: docs/exit-codes.md."""
OPTIONS = (
    Option("n", "dry-run", "", "do nothing; print the plan, with a reason for each step"),
    Option("b", "use-blacklist", "", "apply the blacklist to names too, not only to aliases"),
    Option("i", "ignore-install", "", "ignore commands and softdeps of what is named"),
    Option("", "override-forbid", "", "load what the configuration forbids, in this one call"),
    Option("", "keep-partial", "", "when loading fails, leave in what was loaded for it"),
    Option("", "force-modversion", "", "ignore symbol versions. DANGEROUS"),
    Option("", "force-vermagic", "", "ignore the kernel version that it was built for. DANGEROUS"),
    Option("", "no-effects", "", "do not look at what it changes in the kernel"),
    *verbs.FAILURE,
    *verbs.COMMON,
)


def main(argv: list[str]) -> int:
    """Load; see docs/exit-codes.md for the status."""
    return verbs.main("load", USAGE, OPTIONS, argv[1:], _work)


def requests(words: list[str]) -> list[tuple[str, list[str]]]:
    """Return each name with its parameters. Raises UsageError when a parameter comes first.

    >>> requests(["loop", "max_loop=3", "vfat", "/a=b/c.ko", "dmi:x=y"])
    [('loop', ['max_loop=3']), ('vfat', []), ('/a=b/c.ko', []), ('dmi:x=y', [])]
    """
    found: list[tuple[str, list[str]]] = []
    for word in words:
        if "=" not in word or word.startswith(("/", "./")) or ":" in word.partition("=")[0]:
            found.append((word, []))
        elif not found:
            raise UsageError(f"'{word}' is a parameter, and no module is named before it")
        else:
            found[-1][1].append(word)
    return found


def _work(verb: Verb, operands: list[str], fields: Object) -> int:
    from lkm.config.parameters import joined

    try:
        for word, parameters in requests(operands):
            _load(verb, word, joined(parameters))
    except Interrupted as signal:
        verb.signal = signal.number
    fields |= verb.fields()
    return verb.status()


def _load(verb: Verb, word: str, options: str) -> None:
    if word.startswith(("/", "./", "../")):
        try:
            candidates: tuple[Candidate, ...] = (from_path(word, verb.world),)
        except NotFound as error:
            verb.not_found(word, f"{word}: {error.what}", "a path was named; without / it would be a module's name")
            return
    else:
        candidates = resolve(word, verb.world)
    if not candidates:
        verb.not_found(word, f"there is no module or alias {word} in {verb.world.directory}")
    for candidate in candidates:
        _load_one(verb, candidate, word, options)


def _load_one(verb: Verb, candidate: Candidate, word: str, options: str) -> None:
    request = Request(
        word,
        options,
        ignore_commands="ignore-install" in verb.given,
        use_blacklist="use-blacklist" in verb.given,
        override_forbid="override-forbid" in verb.given,
    )
    with Interrupts() as interrupts:
        watch = watching(verb)
        driver = _driver(verb, interrupts, watch)
        state = verb.imagined or driver.state()
        plan = plan_load(candidate, request, verb.world, state)
        verb.problems(plan.problems)
        attempt = Attempt(word, "done", candidate.module, candidate.alias, candidate.origin, plan)
        if plan.steps and isinstance(plan.steps[0], Blacklisted):
            _blacklisted(verb, attempt, plan.steps[0])
        elif "dry-run" in verb.given:
            _foretell(verb, attempt, candidate, plan, state)
        else:
            _follow(verb, attempt, driver, plan, state, interrupts, watch)


def _driver(verb: Verb, interrupts: Interrupts, watch: Watch | None) -> Driver:
    def after(entry: Entry) -> None:
        if watch:
            watch.after(entry)
        line = steps.done(entry)
        verb.print(f"{line}\n" if line else "")
        if line := steps.failed(entry):
            verb.say.warning(line)

    versions = IGNORE_MODVERSIONS if "force-modversion" in verb.given else 0
    vermagic = IGNORE_VERMAGIC if "force-vermagic" in verb.given else 0
    return Driver(
        verb.kernel,
        flags=versions | vermagic,
        environment=verb.environment,
        before=watch.before if watch else lambda _: None,
        after=after,
        interrupts=interrupts,
        to_stderr=verb.json,
    )


def _blacklisted(verb: Verb, attempt: Attempt, step: Blacklisted) -> None:
    told = verb.explainer.entry(Entry(step, Skipped("blacklisted")), alias=attempt.alias)
    attempt = attempt._replace(cause="blacklisted", planned="dry-run" in verb.given, findings=told.findings)
    verb.fail(attempt, f"{step.module} ({step.origin})", told=told)


def _foretell(verb: Verb, attempt: Attempt, candidate: Candidate, plan: Plan, state: KernelState) -> None:
    """Print the plan as far as it would get."""
    journal, verb.imagined = imagine(plan, state)
    for entry in journal.entries:
        verb.print(steps.planned(entry, _option_origins(verb, candidate, entry)))
    attempt = attempt._replace(entries=journal.entries, planned=True)
    if journal.failure:
        told = verb.explainer.entry(journal.failure, alias=attempt.alias)
        verb.failed(attempt, f"{candidate.module} would not be loaded", journal.failure, told=told)
    else:
        verb.attempts.append(attempt)


def _option_origins(verb: Verb, candidate: Candidate, entry: Entry) -> list[Origin]:
    """Return where the configured options of a step come from."""
    if not isinstance(entry.step, Insert):
        return []
    names = {entry.step.module, candidate.alias if entry.step.target else ""}
    return [options.origin for options in verb.world.settings.options if options.module in names and options.text]


def _follow(
    verb: Verb,
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
        verb.attempts.append(with_effects(verb, attempt, watch))
        return
    text = f"{attempt.module} was not loaded"
    told = None
    if failure and not interrupts.caught:  # before anything is undone: what is loaded now is evidence
        told = verb.explainer.entry(failure, alias=attempt.alias)
    lines: tuple[str, ...] = ()
    if "keep-partial" not in verb.given:
        attempt = attempt._replace(undone=_undo(driver, journal, attempt.word, state))
        lines = undone(attempt.undone, attempt.word)
    if failure and told:
        verb.failed(attempt, text, failure, *lines, told=told)
    else:
        verb.fail(attempt._replace(cause="interrupted"), text, f"it was {name_of(interrupts.caught)}", *lines)


def _undo(driver: Driver, journal: Journal, word: str, before: KernelState) -> tuple[Entry, ...]:
    return driver.undo(journal, word, before).entries
