"""What a rule has found, as values: a disease, the evidence for it, why the kernel minds, and what to do."""

from __future__ import annotations

from lkm.record import Record

CERTAIN, LIKELY, POSSIBLE, UNKNOWN = "certain", "likely", "possible", "unknown"
#: How sure, the surest first. ``unknown``: evidence that would tell is missing; the facts say which.
CERTAINTIES = (CERTAIN, LIKELY, POSSIBLE, UNKNOWN)

SAFE, RISKY = "safe", "risky"


class Fact(Record):
    """A piece of evidence, and where it is from: a file with a section or line, a system call, the kernel's log."""

    text: str
    origin: str


class Remedy(Record):
    """What to do. ``command`` can be typed as it is ("" where there is none to type); ``risk`` is safe or risky.

    Risky is what can crash the kernel, lets in what was kept out, or cannot be taken back.
    """

    text: str
    command: str = ""
    risk: str = SAFE


class Finding(Record):
    """A disease that this module has. ``code`` names the rule; ``errno`` is what the kernel answers to it (a name as
    ``ENOEXEC``; "" where it does not keep the module out); ``because`` says why the kernel does so, ``source`` where
    that is written.
    """

    code: str
    what: str
    certainty: str
    errno: str = ""
    facts: tuple[Fact, ...] = ()
    because: str = ""
    source: str = ""
    remedies: tuple[Remedy, ...] = ()
