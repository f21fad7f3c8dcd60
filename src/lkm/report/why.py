"""Why a loaded module is there, and what keeps it: who asked for it, what holds it, what autoclean will do."""

from __future__ import annotations

from lkm.autoload.autoclean import WORDS
from lkm.record import Record
from lkm.report.autoclean import goes_in, opinion_object, sentence
from lkm.report.history import who
from lkm.report.refusal import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.autoload.marks import Mark
    from lkm.autoload.nouns import Request
    from lkm.autoload.outlook import Outlook
    from lkm.report.document import Object
    from lkm.state.nouns import LoadedModule


class Why(Record):
    """What is known of a loaded module's past and future.

    ``asked`` is the last request for which it was inserted, ``when`` its time as it is to be shown; None: nobody has
    put one down. ``mark`` and ``outlook`` are None for a module that autoclean leaves alone; it removes only when
    ``active``. ``now`` is the time since the boot. ``problems`` tell what could not be looked at.
    """

    asked: Request | None = None
    when: str = ""
    mark: Mark | None = None
    outlook: Outlook | None = None
    active: bool = False
    now: float = 0.0
    problems: tuple[str, ...] = ()


def why_rows(module: LoadedModule, why: Why, *, full: bool) -> list[tuple[str, str]]:
    """Return (key, text) of each line; not ``full``: only what is out of the ordinary.

    >>> from lkm.names import ModuleName
    >>> from lkm.state.nouns import LoadedModule
    >>> why_rows(LoadedModule(ModuleName("fat"), 1, 0), Why(), full=True)[0]
    ('kept by', 'nothing: `lkm unload fat` removes it')
    >>> why_rows(LoadedModule(ModuleName("fat"), 1, 0), Why(), full=False)
    []
    """
    rows = [("kept by", _kept(module))] if full else []
    if why.asked is not None:
        # Without a mark nothing tells whether it was not loaded anew by hand since.
        last = "" if why.mark else "last "
        rows.append(("asked for", f"{last}by {who(why.asked)}, as {printable(why.asked.alias)}, {why.when}"))
    elif full:
        rows.append(("asked for", "nobody has put that down"))
    if why.outlook is not None:
        rows.append(("autoclean", _future(why.outlook, why)))
    elif full and not why.problems:
        rows.append(("autoclean", WORDS["unmarked"]))
    return [*rows, *[("unknown", problem) for problem in why.problems if full]]


def _kept(module: LoadedModule) -> str:
    if module.permanent:
        return "itself: it has no exit function, and stays until the next boot"
    kept = [f"modules that use it: {' '.join(module.holders)}"] if module.holders else []
    others = module.refcount - len(module.holders)
    if others > 0:
        kept.append(f"{others} other use{'s' if others > 1 else ''} of it")
    return "; ".join(kept) or f"nothing: `lkm unload {module.name}` removes it"


def _future(outlook: Outlook, why: Why) -> str:
    goes = goes_in(outlook, why.now, active=why.active)
    return sentence(outlook.opinion) + (f"; {goes}" if goes else "")


def why_object(why: Why | None) -> Object:
    """Return the same as an object's fields."""
    if why is None:
        return {"asked": None, "autoclean": None}
    asked = why.asked
    return {
        "asked": asked and {key: value for key, value in asked._asdict().items() if key != "autoclean"},
        "autoclean": opinion_object(why.outlook.opinion, why.mark, why.outlook) if why.outlook else None,
    }
