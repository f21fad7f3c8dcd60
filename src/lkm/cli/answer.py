"""Answering with ``--json``: one object on stdout, whatever comes of the work; messages go to stderr as ever."""

from __future__ import annotations

import sys

from lkm.errors import LkmError
from lkm.report.document import document, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from lkm.cli.messages import Messages
    from lkm.report.document import Object


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
