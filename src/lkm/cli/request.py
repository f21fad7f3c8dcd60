"""``lkm request``: ask the daemon for modules, as the kernel's helper does; it decides by policy who may."""

from __future__ import annotations

import sys
import time

from lkm.cli.answer import asked
from lkm.cli.options import Option
from lkm.cli.standard import HELP, JSON, VERSION
from lkm.errors import FormatError, MachineError, UsageError
from lkm.system.client import SOCKET

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.autoload.nouns import Outcome
    from lkm.report.document import Object

USAGE = """lkm request [options] NAME|ALIAS...

Asks the daemon (lkm lkmd) to load what names and aliases mean. No right to load modules is needed: the policy of
autoload.d tells who may ask for what. Ends with the status of the first that was refused, docs/exit-codes.md; 2 when
the daemon could not be asked."""
OPTIONS = (
    Option("", "stays", "", "what is loaded is not to be taken out when it is unused"),
    Option("t", "timeout", "SECONDS", "wait for answers no longer (60)"),
    Option("", "socket", "PATH", f"the daemon listens there, not at {SOCKET}"),
    JSON,
    VERSION,
    HELP,
)
#: Questions that wait for an answer at a time; the daemon reads no more from one client anyway.
_AT_ONCE = 32


def main(argv: list[str]) -> int:
    """Ask; see USAGE for the status."""
    return asked("request", USAGE, OPTIONS, argv[1:], _work)


def _work(given: dict[str, str], names: list[str], fields: Object) -> int:
    if not names:
        raise UsageError("name a module or an alias", hint="`lkm request --help` tells more")
    try:
        seconds = float(given.get("timeout", "60"))
    except ValueError:
        raise UsageError(f"--timeout is a number of seconds, not '{given['timeout']}'") from None
    path = given.get("socket", SOCKET)
    try:
        outcomes = ask_all(names, path, seconds, stays="stays" in given)
    except TimeoutError:
        raise MachineError(f"no answer within {seconds:g} s", path, hint="--timeout SECONDS waits longer") from None
    except OSError as error:
        hint = "is the daemon there? `lkm lkmd` is it"
        raise MachineError(error.strerror or str(error), path, error.errno or 0, hint) from error
    pairs = list(zip(names, outcomes, strict=True))
    fields["requests"] = [{"alias": name, "outcome": fields_of(outcome)} for name, outcome in pairs]
    if "json" not in given:
        lines = [f"{name}: {words(outcome)}\n" for name, outcome in pairs]
        sys.stdout.buffer.write("".join(lines).encode("utf-8", "surrogateescape"))
    return next((outcome.status for outcome in outcomes if outcome.status), 0)


def fields_of(outcome: Outcome) -> Object:
    """Return an outcome as ``--json`` has it."""
    return {**outcome._asdict(), "modules": list(outcome.modules)}


def words(outcome: Outcome) -> str:
    """Return what came of a request, for people.

    >>> from lkm.autoload.nouns import Outcome
    >>> words(Outcome(0, "done", ("fat", "vfat"))), words(Outcome(0, "done"))
    ('loaded fat, vfat', 'is there already')
    >>> words(Outcome(3, "not-found", (), "nothing has it"))
    'not loaded (not-found): nothing has it'
    """
    if outcome.status:
        return f"not loaded ({outcome.cause})" + (f": {outcome.text}" if outcome.text else "")
    return f"loaded {', '.join(outcome.modules)}" if outcome.modules else "is there already"


def ask_all(names: list[str], path: str, seconds: float, *, stays: bool = False) -> list[Outcome]:
    """Return what came of each, asked on one connection.

    Raises UsageError for a name that cannot be asked for, MachineError when the daemon hangs up, OSError.
    """
    from lkm.autoload.wire import Answer, Ask
    from lkm.system.client import Line

    until = time.monotonic() + seconds
    line = Line(path, seconds)
    answers: dict[int, Outcome] = {}
    sent = 0
    try:
        while len(answers) < len(names):
            while sent < len(names) and sent - len(answers) < _AT_ONCE:
                line.send(Ask(str(sent), names[sent], stays=stays))
                sent += 1
            got = line.receive(until)
            if not isinstance(got, Answer):
                raise MachineError(got.text if got else "the daemon hung up", path)
            answers[int(got.mark)] = got.outcome
    except FormatError as error:
        raise UsageError(f"'{names[sent][:40]}' cannot be asked for: {error.what}") from None
    finally:
        line.close()
    return [answers[number] for number in range(len(names))]
