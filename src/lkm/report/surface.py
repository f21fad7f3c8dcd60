"""The surface as text and as an object, and the lines that close it."""

from __future__ import annotations

from lkm.autoload.doors import LIKELY, WHO

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from lkm.autoload.surface import Reach, Way
    from lkm.report.document import Object

FORBID, POLICY, INSTALL = "forbid", "policy", "install"
#: How modules can be closed off: modprobe.d of lkm, autoload.d, modprobe.d of kmod too.
FORMS = (FORBID, POLICY, INSTALL)
_HEADS = {
    FORBID: "modprobe.d, for lkm: nobody loads these, but `lkm modprobe --override-forbid NAME` does",
    POLICY: "autoload.d, for lkm: these are not loaded on request; `modprobe NAME` loads them as ever",
    INSTALL: "modprobe.d, for kmod too: nobody loads these, but `modprobe --ignore-install NAME` does",
}


def reach_lines(reach: Reach) -> str:
    """Return what is to be said of a module: its name, and a line for each way."""
    notes = [note for note in (_state(reach), f"brings {', '.join(reach.brings)}" if reach.brings else "") if note]
    head = f"{reach.module} ({'; '.join(notes)})" if notes else reach.module
    return "\n".join([head, *[f"  {_way(way)}" for way in reach.ways]]) + "\n"


def _state(reach: Reach) -> str:
    if reach.why:
        return reach.why
    return f"needed for {reach.kept_for}" if reach.kept_for else ""


def _way(way: Way) -> str:
    door = way.door
    likely = ", likely" if door.certainty == LIKELY else ""
    node = f" {way.node}" if way.node else ""
    closed = f"; closed: {way.closed}" if way.closed else ""
    return f"{way.asks}: {door.who}{likely}: {door.how}{node}{closed}"


def summary(reaches: Sequence[Reach], modules: int, release: str) -> str:
    """Return how many modules can be reached, and by whom."""
    opened = [reach for reach in reaches if reach.open]
    least = [min(WHO.index(way.door.who) for way in reach.ways if not way.closed) for reach in opened]
    counts = [f"{least.count(at)} by {_BY[at]}" for at in range(len(WHO)) if least.count(at)]
    spare = sum(reach.spare for reach in reaches)
    by = f": {', '.join(counts)}" if counts else ""
    return (
        f"{modules} modules for {release}: {len(opened)} can be loaded by users without rights{by}\n"
        f"{len(reaches) - len(opened)} more are closed; {spare} that can be loaded are not needed here\n"
    )


_BY = ("any user", "one with a user namespace", "one who opens a device file", "one with a terminal")


def closing(reaches: Sequence[Reach], form: str, release: str) -> str:
    """Return a file that closes the ways to what is not needed here; ``form`` is one of FORMS.

    >>> closing((), POLICY, "6.1").splitlines()[0]
    '# Made by `lkm surface --write` for 6.1: what users without rights could have loaded, and nothing here needs.'
    """
    what = "what users without rights could have loaded, and nothing here needs"
    lines = [f"# Made by `lkm surface --write` for {release}: {what}.", f"# {_HEADS[form]}."]
    for reach in reaches:
        if reach.spare:
            way = reach.ways[0]
            why = f"{_BY[WHO.index(way.door.who)]} by {way.asks}"
            if form == FORBID:
                lines.append(f"forbid {reach.module} because it is not needed here, and open to {why}")
            elif form == POLICY:
                lines.append(f"deny from kernel module {reach.module} because it is open to {why}")
            else:
                lines += [f"# open to {why}", f"install {reach.module} /bin/false"]
    return "\n".join(lines) + "\n"


def reach_object(reach: Reach) -> Object:
    """Return a module with its ways, for JSON."""
    return {
        "module": reach.module,
        "open": reach.open,
        "spare": reach.spare,
        "state": reach.state or None,
        "why": reach.why or None,
        "needed_for": reach.kept_for or None,
        "brings": list(reach.brings),
        "ways": [
            {
                "asks": way.asks,
                "kind": way.door.kind,
                "who": way.door.who,
                "how": way.door.how,
                "source": way.door.source,
                "certainty": way.door.certainty,
                "node": way.node or None,
                "closed": way.closed or None,
            }
            for way in reach.ways
        ],
    }
