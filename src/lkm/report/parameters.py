"""Parameters of a module, as a table for people and as objects."""

from __future__ import annotations

from lkm.config.parameters import parameter, parameters
from lkm.modfile import modinfo
from lkm.record import Record
from lkm.report.document import place
from lkm.report.refusal import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from lkm.config.nouns import Options
    from lkm.modfile.kernelparam import KernelParam
    from lkm.origin import Origin
    from lkm.report.document import Object


class Known(Record):
    """A parameter: ``value`` in the kernel, ``default`` in the file, ``mode`` of its file in /sys (each None: not
    known); ``set_by`` the last configured value and where.
    """

    name: str
    type: str = ""
    description: str = ""
    value: str | None = None
    default: str | None = None
    mode: int | None = None
    set_by: tuple[str, Origin] | None = None


def known(
    info: tuple[tuple[str, str], ...],
    table: Iterable[KernelParam],
    shown: Iterable[tuple[str, str]],
    configured: Iterable[Options],
) -> list[Known]:
    """Return the parameters by name, from the records of a file, its table, the kernel, and the configuration."""
    values = dict(shown)
    found = {p.name: Known(p.name, p.type or "", p.description or "") for p in modinfo.parameters(info)[0]}
    for param in table:
        one = found.get(param.name, Known(param.name, param.type))
        found[param.name] = one._replace(default=param.default, mode=param.mode, type=one.type or param.type)
    for name in values:
        found.setdefault(name, Known(name))
    given = {parameter(word): options.origin for options in configured for word in parameters(options.text)}
    set_by = {name: (value, origin) for (name, value), origin in given.items()}
    return [
        found[name]._replace(value=values.get(name), set_by=set_by.get(name.replace("-", "_")))
        for name in sorted(found)
    ]


_TITLES = ("parameter", "type", "now", "default", "can be", "set by")


def parameter_lines(rows: list[Known]) -> list[str]:
    """Return a table, with a description below the row of each; columns that are empty in all rows are left out."""
    if not rows:
        return []
    cells = [_TITLES, *[_cells(row) for row in rows]]
    widths = [max([len(line[column]) for line in cells]) for column in range(len(_TITLES))]
    used = [column for column in range(len(_TITLES)) if any(line[column] for line in cells[1:])]
    lines = []
    for number, line in enumerate(cells):
        lines.append(("  " + "  ".join([f"{line[column]:<{widths[column]}}" for column in used])).rstrip())
        if number and rows[number - 1].description:
            lines += [f"      {printable(text)}" for text in rows[number - 1].description.split("\n")]
    return lines


def _cells(row: Known) -> tuple[str, ...]:
    can = "" if row.mode is None else "changed" if row.mode & 0o222 else "read" if row.mode else "set at load only"
    by = f"{row.set_by[0]} ({row.set_by[1]})" if row.set_by else ""
    default = row.default if row.default or row.type not in ("charp", "string") or row.default is None else '""'
    return (row.name, row.type, row.value or "", default or "", can, by)


def parameter_object(one: Known) -> Object:
    """Return a parameter as an object."""
    return {
        "name": one.name,
        "type": one.type or None,
        "description": one.description or None,
        "value": one.value,
        "default": one.default,
        "mode": one.mode,
        "writable": None if one.mode is None else bool(one.mode & 0o222),
        "configured": {"value": one.set_by[0], "origin": place(one.set_by[1])} if one.set_by else None,
    }
