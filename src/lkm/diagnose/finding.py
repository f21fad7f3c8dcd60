"""What a rule has found, as values: a disease, the evidence for it, why the kernel minds, and what to do."""

from __future__ import annotations

from lkm.diagnose.words import typed
from lkm.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

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

    Risky is what can crash the kernel, lets in what was kept out, or cannot be taken back. Those of a rule stand in
    its ``REMEDIES`` with holes (``{name}``), which the rule fills.
    """

    text: str
    command: str = ""
    risk: str = SAFE

    def filled(self, **words: str | Iterable[str]) -> Remedy:
        """Return it with its holes filled: in the command as a shell wants it, a list as one word each.

        Where a word of the command is "", as it is not known, there is no command.

        >>> Remedy("load {name}", "lkm insmod {name}").filled(name="a b.ko").command
        "lkm insmod 'a b.ko'"
        """
        lists = {key: [value] if isinstance(value, str) else list(value) for key, value in words.items()}
        plain = {key: " ".join(value) for key, value in lists.items()}
        quoted = {key: " ".join([typed(word) for word in value]) for key, value in lists.items()}
        unknown = any(word == "" and f"{{{key}}}" in self.command for key, word in words.items())
        return Remedy(self.text.format(**plain), "" if unknown else self.command.format(**quoted), self.risk)


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
