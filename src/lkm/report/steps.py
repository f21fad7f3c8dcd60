"""The steps of a plan for people: what each does and why, before it is done and after."""

from __future__ import annotations

import errno

from lkm.kernel.interface import Done
from lkm.plan.progress import Ran, Skipped
from lkm.plan.steps import KINDS, Absent, Blacklisted, Builtin, Command, Forbidden, Insert, Loaded, NotLoaded, Remove

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from lkm.origin import Origin
    from lkm.plan.progress import Entry
    from lkm.plan.steps import Step


def planned(entry: Entry, options: Iterable[Origin] = ()) -> str:
    """Return two lines for a step of a plan as it is foreseen: what, then why. ``options``: where they come from.

    >>> from lkm.names import ModuleName
    >>> from lkm.origin import Origin
    >>> from lkm.plan.progress import Entry
    >>> from lkm.plan.steps import Reason
    >>> why = Reason("asked", "fat", Origin("command line"))
    >>> step = Insert(ModuleName("fat"), why, True, True, "/m/fat.ko", "a=1 ")
    >>> print(planned(Entry(step, Done("")), [Origin("x.conf", 3)]), end="")
    load fat: /m/fat.ko a=1
        asked for as fat (command line); options from x.conf:3
    """
    origins = ", ".join(dict.fromkeys([str(origin) for origin in options]))
    given = f"; options from {origins}" if origins else ""
    return f"{_doing(entry.step, entry)}\n    {entry.step.reason}{given}\n"


def _doing(step: Step, entry: Entry) -> str:
    if isinstance(step, Insert) and isinstance(entry.result, Skipped):
        return f"leave {step.module}: {entry.result.reason}"
    if isinstance(step, Insert):
        return f"load {step.module}: {step.path} {step.options}".rstrip()
    if isinstance(step, Command):
        done = f"run the {step.kind} command of {step.module} ({step.origin}): {step.line}"
        return f"leave out: {done}" if isinstance(entry.result, Skipped) else done
    if isinstance(step, Remove):
        if isinstance(entry.result, Skipped):
            return f"leave {step.module}: {entry.result.reason}"
        return f"{'cannot remove' if entry.errno else 'remove'} {step.module}"
    return _nothing(step)


def _nothing(step: Step) -> str:
    if isinstance(step, Forbidden):
        return f"cannot load {step.module}: forbidden by {step.origin}"
    if isinstance(step, Blacklisted):
        return f"leave {step.module}: blacklisted by {step.origin}"
    if isinstance(step, Absent):
        return f"cannot load {step.module}: it has no file"
    if isinstance(step, Loaded):
        return f"{step.module} is loaded already"
    if isinstance(step, Builtin) or (isinstance(step, NotLoaded) and step.builtin):
        return f"{step.module} is part of the kernel"
    return f"{step.module} is not loaded"


def done(entry: Entry) -> str:
    """Return a line for what was done, or ""; what failed is not said here.

    >>> from lkm.names import ModuleName
    >>> from lkm.origin import Origin
    >>> from lkm.plan.progress import Entry
    >>> from lkm.plan.steps import Reason
    >>> why = Reason("dependency", "msdos", Origin("modules.dep"))
    >>> step = Insert(ModuleName("fat"), why, True, False, "/m/fat.ko")
    >>> done(Entry(step, Done("finit_module")))
    'loaded fat: needed by msdos'
    """
    step, result = entry.step, entry.result
    if entry.errno:
        return ""
    why = "" if step.target else f": {KINDS[step.reason.kind]} {step.reason.by}"
    if isinstance(step, Command) and isinstance(result, Ran):
        return f"ran the {step.kind} command of {step.module}{why}"
    if isinstance(result, Done):
        return f"{'loaded' if isinstance(step, Insert) else 'removed'} {step.module}{why}"
    if isinstance(step, Insert) and step.target:
        return f"{step.module} is loaded already"
    if isinstance(step, (Loaded, Builtin, NotLoaded)) and step.target:
        return _nothing(step)
    return ""


def failed(entry: Entry) -> str:
    """Return a line for a step that failed and did not end the plan, or "".

    >>> from lkm.names import ModuleName
    >>> from lkm.origin import Origin
    >>> from lkm.plan.progress import Entry
    >>> from lkm.plan.steps import Reason
    >>> from lkm.kernel.interface import Refused
    >>> step = Insert(ModuleName("fat"), Reason("pre", "msdos", Origin("x.conf", 1)), False, False, "/m/fat.ko")
    >>> failed(Entry(step, Refused("finit_module", 8), 8))
    'fat was not loaded, softdep (pre) of msdos (x.conf:1): ENOEXEC'
    """
    step, result = entry.step, entry.result
    if not entry.errno or step.required:
        return ""
    if isinstance(result, Ran):
        return f"the {getattr(step, 'kind', '')} command of {step.module} failed with status {result.status}"
    verb = "removed" if isinstance(step, (Remove, NotLoaded)) else "loaded"
    return f"{step.module} was not {verb}, {step.reason}: {errno.errorcode.get(entry.errno, entry.errno)}"
