"""What a plan is made of: steps, each with the reason why it is there. A plan does nothing; it is what will be done.

>>> why = Reason("dependency", "msdos", Origin("modules.dep"))
>>> print(why)
needed by msdos (modules.dep)
>>> Insert(ModuleName("fat"), why, True, False, "/m/fat.ko").options
''
"""

from __future__ import annotations

from lkm.names import ModuleName
from lkm.origin import Origin, Problem
from lkm.record import Record

#: Why a step is in a plan. ``by`` of the reason is the module that wants it, or what the user typed for ``asked``.
KINDS = {
    "asked": "asked for as",
    "dependency": "needed by",
    "pre": "softdep (pre) of",
    "post": "softdep (post) of",
    "holder": "uses",
    "unneeded": "was needed by",
    "undo": "loaded for",
    # of Linux 2.4, lkm.plan.stack24
    "below": "beneath",
    "above": "on top of",
    "probe": "tried for",
    "autoclean": "idle, and",
}


class Reason(Record):
    """Who wanted a step: ``kind`` is one of KINDS, ``by`` a module or the user's word, ``origin`` where."""

    kind: str
    by: str
    origin: Origin

    def __str__(self) -> str:
        return f"{KINDS[self.kind]} {self.by} ({self.origin})"


class Step(Record):
    """Base of all steps. An error of a ``required`` step ends the plan; ``target`` is what the user asked for."""

    module: ModuleName
    reason: Reason
    required: bool
    target: bool


class Insert(Step):
    """Load a module file with these options (text after the name, as insmod's)."""

    path: str
    options: str = ""


class Command(Step):
    """Run a command of the configuration; ``kind`` is ``install`` (instead of an Insert) or ``remove``.

    ``text`` is as configured, with ``$CMDLINE_OPTS`` still in it; ``origin`` is where it is configured. ``sequel`` is
    that of Remove.
    """

    kind: str
    text: str
    options: str
    origin: Origin
    sequel: int = 0

    @property
    def line(self) -> str:
        """Return the command line for the shell.

        >>> here = Origin("x.conf", 1)
        >>> why = Reason("asked", "x", Origin("command line"))
        >>> Command(ModuleName("x"), why, True, True, "install", "echo $CMDLINE_OPTS", "a=1", here).line
        'echo a=1'
        """
        return self.text.replace("$CMDLINE_OPTS", self.options)


class Builtin(Step):
    """Nothing to do: the module is part of the kernel itself."""


class Loaded(Step):
    """Nothing to do: the module is in the kernel already."""


class Absent(Step):
    """No file is known for the module: there is nothing to load."""


class Blacklisted(Step):
    """Nothing to do: the configuration (``origin``) says not to load the module."""

    origin: Origin


class Forbidden(Step):
    """The module must not be loaded: the configuration (``origin``) forbids it, ``because`` of that or ""."""

    because: str
    origin: Origin


class Remove(Step):
    """Unload a module. ``users`` is its use count when planned, which may sink while the plan is followed.

    ``when`` says what to do about a use count at that time: ``idle`` refuses when there is one, ``unused`` passes
    over the module in silence, ``always`` leaves it to the kernel. ``sequel`` is how many of the next steps are only
    for the case that this one succeeds.
    """

    when: str
    users: int
    sequel: int = 0


class NotLoaded(Step):
    """There is nothing to remove: the module is not in the kernel, or (``builtin``) is part of it."""

    builtin: bool = False


class Plan(Record):
    """Steps in order. With ``first_time`` it is an error when the target is already as it should be."""

    steps: tuple[Step, ...] = ()
    problems: tuple[Problem, ...] = ()
    first_time: bool = False
