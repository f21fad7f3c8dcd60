"""Answering with ``--json``: one object on stdout, whatever comes of the work; messages go to stderr as ever."""

from __future__ import annotations

import sys

from lkm.cli.messages import Messages
from lkm.cli.standard import understand
from lkm.errors import LkmError
from lkm.report.document import document, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from lkm.cli.options import Option
    from lkm.report.document import Object

    Work = Callable[[dict[str, str], list[str], Object], int]


def asked(
    tool: str, usage: str, table: tuple[Option, ...], argv: list[str], work: Work, many: tuple[str, ...] = ()
) -> int:
    """Understand the arguments of a tool that answers questions, and do the work; 2 is its status for all errors.

    Of an option that is given again the last one counts; the values of those in ``many`` are joined, a line each.
    """
    understood = understand(f"lkm {tool}", usage, table, argv)
    if isinstance(understood, int):
        return 2 if understood else 0
    options, operands = understood
    given = dict(options)
    given |= {key: "\n".join([value for name, value in options if name == key]) for key in many if key in given}
    say = Messages(f"lkm {tool}")

    def run(fields: Object) -> int:
        try:
            return work(given, operands, fields)
        except LkmError as error:
            say.error(str(error))
            say.detail(error.hint)
            return 2

    return answer(tool, say, run) if "json" in given else run({})


def answer(tool: str, say: Messages, work: Callable[[Object], int]) -> int:
    """Do the work, which fills in the object's fields and returns the status; write the object; return the status."""
    say.heard = []
    fields: Object = {}
    try:
        status = work(fields)
    except LkmError as error:
        say.fatal(str(error))
        say.detail(error.hint)
        status = 1
        if "cause" in fields:
            fields["cause"] = "failed"
    sys.stdout.write(text_of(document(tool, status, fields, say.heard)))
    sys.stdout.flush()
    return status
