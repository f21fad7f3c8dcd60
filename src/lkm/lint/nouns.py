"""What a rule of lint has found, as values."""

from __future__ import annotations

from lkm.origin import Origin
from lkm.record import Record

ERROR, WARNING, NOTE = "error", "warning", "note"
#: The worst first. An error has no effect, or the wrong one; a note is worth knowing, and may be meant.
LEVELS = (ERROR, WARNING, NOTE)


class Edit(Record):
    """A safe change: ``rows`` stand for the lines ``first`` to ``last`` (1-based) of a file."""

    file: str
    first: int
    last: int
    rows: tuple[str, ...] = ()


class Flaw(Record):
    """What is wrong at a place. ``code`` names the rule. ``text`` is the line and ``column`` the 1-based place in it
    (0: all of it). ``because`` says why it is so, ``advice`` what to do; ``edit`` does that where it is safe.
    """

    code: str
    level: str
    what: str
    origin: Origin
    text: str = ""
    column: int = 0
    because: str = ""
    advice: str = ""
    edit: Edit | None = None
