"""What the tools answer with ``--json``: one object, whose form is ``lkm-1.schema.json`` beside this file.

Text that is no UTF-8 (a file name may be anything) has its odd bytes as lone surrogates, U+DC80 to U+DCFF.
"""

from __future__ import annotations

import errno

from lkm.kernel.interface import Done, Refused
from lkm.plan.progress import Ran, Skipped
from lkm.plan.steps import Blacklisted, Command, Forbidden, Insert, NotLoaded, Remove
from lkm.record import Record
from lkm.report.finding import as_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lkm.diagnose.effects import Effects
    from lkm.diagnose.evidence import Evidence
    from lkm.diagnose.finding import Finding
    from lkm.origin import Origin
    from lkm.plan.progress import Entry, Result
    from lkm.plan.steps import Plan, Step
    from lkm.state.nouns import LoadedModule
    from lkm.state.users import User, Uses

    Object = dict[str, object]

SCHEMA = "lkm/1"


class Attempt(Record):
    """One request for one module: its plan, and the entries for the steps as far as they were taken.

    ``origin`` tells what led from the word to the module; ``plan`` is None when the word means nothing. ``undone``
    are the entries of what was taken back. ``cause`` is one of lkm.report.causes. ``planned``: nothing was to be
    done. ``uses`` tells who keeps what was to be removed, ``findings`` why nothing came of it, ``effects`` what
    changed in the kernel. ``said`` is a line for people about why nothing came of it, ``lines`` are more of them,
    ``evidence`` is what they are known by.
    """

    word: str
    cause: str
    module: str = ""
    alias: str = ""
    origin: Origin | None = None
    plan: Plan | None = None
    entries: tuple[Entry, ...] = ()
    undone: tuple[Entry, ...] = ()
    planned: bool = False
    uses: Uses | None = None
    findings: tuple[Finding, ...] = ()
    effects: Effects | None = None
    said: str = ""
    lines: tuple[str, ...] = ()
    evidence: Evidence | None = None


def text_of(document: Object) -> str:
    """Return the object as one line.

    >>> text_of({"schema": SCHEMA})
    '{"schema": "lkm/1"}\\n'
    """
    import json  # whoever only makes attempts does without

    return json.dumps(document) + "\n"


def document(tool: str, status: int, fields: Object, heard: Iterable[tuple[str, str, list[str]]] = ()) -> Object:
    """Return the whole answer of a tool. ``heard``: level, text and details of each message that was said."""
    messages = [{"level": level, "text": text, "details": details} for level, text, details in heard]
    return {"schema": SCHEMA, "tool": tool, "status": status, **fields, "messages": messages}


def loaded(module: LoadedModule) -> Object:
    """Return a module as the kernel has it. ``refcount`` is null where the kernel does not count."""
    return {
        "name": module.name,
        "size": module.size,
        "refcount": module.refcount if module.refcount >= 0 else None,
        "holders": list(module.holders),
        "state": module.state.lower(),
        "taint": module.taint,
        "permanent": module.permanent,
        "address": module.address,
    }


def user(one: User) -> Object:
    """Return who uses a module."""
    process = {"pid": one.pid, "comm": one.comm} if one.pid else None
    return {"kind": one.kind, "what": one.what, "more": one.more, "count": one.count, "process": process}


def users(uses: Uses | None) -> list[Object]:
    """Return who uses each module, those that hold the one in question too."""
    return [{"module": module, **user(one)} for module, found in (uses.pairs if uses else ()) for one in found]


def place(origin: Origin) -> Object:
    """Return where a fact was read; ``line`` is null for a file as a whole."""
    return {"file": origin.file, "line": origin.line or None}


def attempt(one: Attempt, strerror: Callable[[int], str]) -> Object:
    """Return a request with its steps and what came of each; a step that was not reached has a null result."""
    changed: Object = {}
    if one.effects is not None:
        from lkm.report.effects import effects_object

        changed["effects"] = effects_object(one.effects)
    steps = one.plan.steps if one.plan else ()
    results = [*one.entries, *[None] * (len(steps) - len(one.entries))]
    return {
        "request": one.word,
        "module": one.module or None,
        "alias": one.alias or None,
        "origin": place(one.origin) if one.origin else None,
        "cause": one.cause,
        "planned": one.planned,
        "steps": [step(s, entry, strerror) for s, entry in zip(steps, results, strict=True)],
        "users": users(one.uses),
        "findings": [as_json(finding) for finding in one.findings],
        "undone": [step(entry.step, entry, strerror) for entry in one.undone],
        **changed,
    }


def step(one: Step, entry: Entry | None, strerror: Callable[[int], str]) -> Object:
    """Return a step of a plan, and what came of it."""
    reason = one.reason
    fields: Object = {
        "action": "not-loaded" if isinstance(one, NotLoaded) else type(one).__name__.lower(),
        "module": one.module,
        "reason": {"kind": reason.kind, "by": reason.by, "origin": place(reason.origin), "text": str(reason)},
        "required": one.required,
        "target": one.target,
    }
    if isinstance(one, Insert):
        fields |= {"path": one.path, "options": one.options.strip()}
    elif isinstance(one, Command):
        fields |= {"kind": one.kind, "command": one.line, "origin": place(one.origin)}
    elif isinstance(one, Remove):
        fields |= {"when": one.when, "users": one.users}
    elif isinstance(one, Forbidden):
        fields |= {"because": one.because, "origin": place(one.origin)}
    elif isinstance(one, Blacklisted):
        fields |= {"origin": place(one.origin)}
    elif isinstance(one, NotLoaded):
        fields |= {"builtin": one.builtin}
    return {**fields, "result": None if entry is None else result(entry.result, strerror)}


def result(one: Result, strerror: Callable[[int], str]) -> Object:
    """Return what came of a step. ``log`` is what the kernel said meanwhile."""
    if isinstance(one, Ran):
        return {"outcome": "ran", "status": one.status}
    if isinstance(one, Skipped):
        return {"outcome": "skipped", "reason": one.reason}
    log = [record.text for record in one.log]
    if isinstance(one, Done):
        return {"outcome": "done" if one.call else "planned", "call": one.call or None, "log": log}
    assert isinstance(one, Refused)
    name = errno.errorcode.get(one.errno, "")
    number = {"number": one.errno, "name": name, "text": strerror(one.errno)}
    return {"outcome": "refused", "call": one.call or None, "errno": number, "log": log}
