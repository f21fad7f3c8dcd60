"""``lkm coldplug``: load what the devices need that are there, as the daemon does at start."""

from __future__ import annotations

import os
import sys

from lkm.cli import site
from lkm.cli.messages import WARNING, Messages
from lkm.cli.options import Option
from lkm.cli.request import fields_of
from lkm.cli.standard import HELP, JSON, VERSION, understand
from lkm.errors import LkmError, UsageError
from lkm.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from lkm.autoload.nouns import Outcome
    from lkm.cli.site import Site
    from lkm.report.document import Object

USAGE = """lkm coldplug [options]

Looks up the modalias of every device in /sys, and loads what they mean, side by side. A module that the configuration
blacklists is left out. Status: 0; 1 when one could not be loaded (that it finds no device of its own is none); 2 when
nothing could be done."""
OPTIONS = (
    Option("n", "dry-run", "", "do nothing; print what would be loaded"),
    Option("j", "jobs", "N", "so many at once (twice the processors)"),
    Option("q", "quiet", "", "print nothing but errors"),
    JSON,
    *site.OPTIONS,
    VERSION,
    HELP,
)
#: What is no fault of coldplug: many drivers look themselves whether they are needed.
_FINE = ("done", "no-device", "blacklisted")


class Find(Record):
    """Modules that devices need together: those with a modalias that means them. ``there``: all are loaded already;
    ``blacklisted`` of them are not loaded by an alias.
    """

    modules: tuple[str, ...]
    aliases: tuple[str, ...]
    blacklisted: tuple[str, ...] = ()
    there: bool = False


def main(argv: list[str]) -> int:
    """Look, and load; see USAGE for the status."""
    understood = understand("lkm coldplug", USAGE, OPTIONS, argv[1:])
    if isinstance(understood, int):
        return 2 if understood else 0
    options, operands = understood
    given = dict(options)
    say = Messages("lkm coldplug")

    def run(fields: Object) -> int:
        try:
            if operands:
                raise UsageError(f"'{operands[0]}' is not understood", hint="`lkm coldplug --help` lists the options")
            place = site.Site(options, lambda problem: say.problem(WARNING, problem))
            return _work(place, given, fields, say)
        except LkmError as error:
            say.error(str(error))
            say.detail(error.hint)
            return 2

    if "json" not in given:
        return run({})
    from lkm.cli.answer import answer

    return answer("coldplug", say, run)


def _work(place: Site, given: dict[str, str], fields: Object, say: Messages) -> int:
    jobs = given.get("jobs", str(2 * (os.cpu_count() or 1)))
    if not (jobs.isascii() and jobs.isdigit() and 0 < int(jobs) <= 64):
        raise UsageError(f"--jobs is a number from 1 to 64, not '{jobs}'")
    aliases = place.modaliases()
    finds = look(place, aliases)
    outcomes: dict[Find, Outcome] = {}
    if "dry-run" not in given:
        wanted = [find for find in finds if not find.there and set(find.modules) - set(find.blacklisted)]
        outcomes = load(place.worker, wanted, int(jobs))
    fields["modaliases"] = len(aliases)
    fields["found"] = [_fields(find, outcomes.get(find)) for find in finds]
    if not ({"json", "quiet"} & given.keys()):
        text = "".join([_line(find, outcomes.get(find)) for find in finds])
        sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape"))
    bad = [(find, outcome) for find, outcome in outcomes.items() if outcome.cause not in _FINE]
    for find, outcome in bad:
        say.error(f"{' '.join(find.modules)}, for {find.aliases[0]}: {outcome.text or outcome.cause}")
    return 1 if bad else 0


def look(place: Site, aliases: tuple[str, ...]) -> list[Find]:
    """Return what devices need, by the modules' names. What is part of the kernel needs no loading."""
    resolver = place.resolver
    wanted: dict[tuple[str, ...], list[str]] = {}
    hidden: dict[tuple[str, ...], tuple[str, ...]] = {}
    for alias in aliases:
        answer = resolver.resolve(alias)
        if answer.modules and not answer.builtin:
            modules = tuple(dict.fromkeys(answer.modules))
            wanted.setdefault(modules, []).append(alias)
            hidden[modules] = answer.blacklisted
    try:
        live = {module.name for module in place.kernel.state().modules if module.state == "Live"}
    except LkmError:  # no /proc, or no modules: loading says so in clearer words
        live = set()
    return [
        Find(modules, tuple(wanted[modules]), hidden[modules], live.issuperset(modules)) for modules in sorted(wanted)
    ]


def load(make: Callable[[], Callable[[Any], Any]], finds: list[Find], jobs: int) -> dict[Find, Outcome]:
    """Load for all, by so many workers at once; return what came of each, in this order."""
    import selectors

    from lkm.system.dispatch import DIED
    from lkm.system.workers import Pool

    outcomes: dict[int, Outcome | None] = {}
    with selectors.DefaultSelector() as selector:

        def watch(descriptor: int, call: Callable[[], None]) -> None:
            selector.register(descriptor, selectors.EVENT_READ, call)

        pool = Pool(make, jobs, watch, selector.unregister, outcomes.__setitem__)
        try:
            sent = 0
            while len(outcomes) < len(finds):
                while sent < len(finds) and pool.start(sent, finds[sent].aliases[0]):
                    sent += 1
                for key, _ in selector.select():
                    key.data()
        finally:
            pool.close()
    return {find: outcomes[number] or DIED for number, find in enumerate(finds)}


def _line(find: Find, outcome: Outcome | None) -> str:
    names, count = " ".join(find.modules), len(find.aliases)
    devices = find.aliases[0] if count == 1 else f"{find.aliases[0]} and {count - 1} more"
    if find.there:
        return f"{names}: there already, for {devices}\n"
    if not set(find.modules) - set(find.blacklisted):
        return f"{names}: blacklisted, for {devices}\n"
    if outcome is None:
        return f"{names}: would be loaded for {devices}\n"
    if outcome.status:
        return f"{names}: not loaded ({outcome.cause}) for {devices}\n"
    more = f" (loaded {' '.join(outcome.modules)})" if outcome.modules else ""
    return f"{names}: loaded for {devices}{more}\n"


def _fields(find: Find, outcome: Outcome | None) -> Object:
    return {
        "modules": list(find.modules),
        "aliases": list(find.aliases),
        "blacklisted": list(find.blacklisted),
        "loaded": find.there,
        "outcome": outcome and fields_of(outcome),
    }
