"""The loaded modules for people: one row each with its users, as a table or as a tree of who uses whom."""

from __future__ import annotations

from lkm.record import Record
from lkm.report.document import loaded, user
from lkm.report.info import Signed
from lkm.report.refusal import printable
from lkm.wildcard import matches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from lkm.report.document import Object
    from lkm.state.nouns import LoadedModule
    from lkm.state.users import User

TITLES = ("module", "size", "uses", "used by", "taint", "signature", "autoclean", "first seen")
#: Columns that hold numbers.
NUMBERS = ("size", "uses")
SORTS = ("newest", "oldest", "name", "size", "uses", "taint", "signature", "autoclean")
_MOST = 3
#: Letter of a module's taint → what it says of it (kernel/module/procfs.c and kernel/panic.c).
_SHORT = {"P": "proprietary", "O": "out of tree", "F": "forced", "C": "staging", "E": "unsigned", "K": "live patch"}
_USERS = {
    "device": "{who} {what}",
    "mapping": "{who} {what}",
    "socket": "{who} socket {what}",
    "mount": "mount {what}",
    "swap": "swap {what}",
    "loop": "{what} = {more}",
    "interface": "interface {what}",
    "algorithm": "algorithm {what}",
    "count": "{what}",
}


class Row(Record):
    """A loaded module. ``users`` besides other modules. ``signature``: of its file, None where that is unsigned or
    was not read (``read`` tells). ``autoclean``: whether it goes when it is idle, None where nobody keeps note.
    ``since``: a time at which it was there already, as text; it may have been loaded long before.
    """

    module: LoadedModule
    users: tuple[User, ...] = ()
    signature: Signed | None = None
    read: bool = False
    path: str = ""
    autoclean: bool | None = None
    since: str = ""


def chosen(
    rows: Iterable[Row], patterns: Sequence[str], *, used: bool | None = None, tainted: bool = False
) -> list[Row]:
    """Return the rows that are asked for: by wildcards of names (none: all), by use, by taint."""
    return [
        row
        for row in rows
        if (not patterns or any(matches(pattern, row.module.name) for pattern in patterns))
        and (used is None or used == (row.module.refcount != 0))
        and (row.module.taint or not tainted)
    ]


def in_order(rows: Sequence[Row], sort: str) -> list[Row]:
    """Return the rows sorted as one of SORTS says; they come with the newest first, as from the kernel."""
    if sort == "oldest":
        return list(reversed(rows))
    if sort == "name":
        return sorted(rows, key=lambda row: row.module.name)
    if sort == "size":
        return sorted(rows, key=lambda row: (-row.module.size, row.module.name))
    if sort == "uses":
        return sorted(rows, key=lambda row: (-row.module.refcount, row.module.name))
    if sort in ("taint", "signature", "autoclean"):  # by what the column says, nothing last
        at = TITLES.index(sort)
        return sorted(rows, key=lambda row: (not cells(row)[at], cells(row)[at], row.module.name))
    return list(rows)


def cells(row: Row) -> tuple[str, ...]:
    """Return the texts of a row, in the order of TITLES."""
    module = row.module
    marks = [_SHORT.get(letter, letter) for letter in module.taint]
    marks += [] if module.state == "Live" else [module.state.lower()]
    marks += ["permanent"] if module.permanent else []
    by = [*map(printable, module.holders), *[short_user(one) for one in row.users[:_MOST]]]
    by += [f"{len(row.users) - _MOST} more"] if len(row.users) > _MOST else []
    signed = (f"{row.signature.signer} ({row.signature.state})" if row.signature else "none") if row.read else ""
    uses = "?" if module.refcount < 0 else str(module.refcount)
    clean = "yes" if row.autoclean else ""
    return (
        printable(module.name),
        str(module.size),
        uses,
        ", ".join(by),
        ", ".join(marks),
        printable(signed),
        clean,
        _local(row.since),
    )


def _local(since: str) -> str:
    """Return a time without its zone, which is this machine's.

    >>> _local("2026-11-28T16:06:19+0000"), _local("1.5 s after boot")
    ('2026-11-28 16:06:19', '1.5 s after boot')
    """
    return since[:19].replace("T", " ") if since[10:11] == "T" else since


def columns(rows: Sequence[Row]) -> tuple[int, ...]:
    """Return which columns have something in any row; the first four are always there."""
    filled = [cells(row) for row in rows]
    return tuple([at for at in range(len(TITLES)) if at < 4 or any(line[at] for line in filled)])


def short_user(one: User) -> str:
    """Return a few words for a user.

    >>> from lkm.state.users import User
    >>> short_user(User("device", "/dev/net/tun", "", 12, "vpn"))
    'vpn[12] /dev/net/tun'
    """
    who = f"{one.comm}[{one.pid}]" if one.pid else "somebody"
    return printable(_USERS[one.kind].format(who=who, what=one.what, more=one.more))


def table(rows: Sequence[Row]) -> str:
    """Return the table as plain text, for pipes and files."""
    used = columns(rows)
    lines = [TITLES, *[cells(row) for row in rows]]
    widths = [max([len(line[at]) for line in lines]) for at in range(len(TITLES))]
    text = []
    for line in lines:
        parts = [f"{line[at]:>{widths[at]}}" if TITLES[at] in NUMBERS else f"{line[at]:<{widths[at]}}" for at in used]
        text.append("  ".join(parts).rstrip() + "\n")
    return "".join(text)


def tree(rows: Sequence[Row]) -> str:
    """Return the rows as a tree: below each module that no other uses, those that it uses.

    What several use is told once, and named again with ``...`` where something was below it.
    """
    below: dict[str, list[Row]] = {}
    known = {row.module.name for row in rows}
    for row in rows:
        for holder in row.module.holders:
            below.setdefault(holder, []).append(row)
    lines: list[str] = []
    told: set[str] = set()

    def put(row: Row, lead: str, mark: str, next_lead: str) -> None:
        name = row.module.name
        again = name in told
        others = below.get(name, [])
        users = "".join([f", {short_user(one)}" for one in row.users[:_MOST]])
        more = " ..." if again and others else f" ({row.module.size}{users})"
        lines.append(f"{lead}{mark}{printable(name)}{more}\n")
        told.add(name)
        for number, other in enumerate([] if again else others):
            last = number == len(others) - 1
            put(other, lead + next_lead, "`- " if last else "|- ", "   " if last else "|  ")

    for row in rows:
        if known.isdisjoint(row.module.holders):
            put(row, "", "", "")
    return "".join(lines)


def row_object(row: Row, signature: Callable[[Signed], Object]) -> Object:
    """Return a row as an object."""
    return {
        **loaded(row.module),
        "users": [{"module": row.module.name, **user(one)} for one in row.users],
        "path": row.path or None,
        "signature": signature(row.signature) if row.signature else None,
        "autoclean": row.autoclean,
        "since": row.since or None,
    }
