"""Hardware ids for people: as lspci and lsusb write them, others as they are, cut where they are very long.

>>> brief("pci:v00008086d00002E6Esv*sd*bc*sc*i*"), brief("pci:v*d*sv*sd*bc0Csc03i30*"), brief("usb:v0403pF458d*dc*")
('pci 8086:2e6e', 'pci class 0c0330', 'usb 0403:f458')
"""

from __future__ import annotations

from lkm.report.refusal import printable

_LONG = 72
#: Bus → the fields of its modalias, in their order (scripts/mod/file2alias.c).
_FIELDS = {
    "pci": ("v", "d", "sv", "sd", "bc", "sc", "i"),
    "usb": ("v", "p", "d", "dc", "dsc", "dp", "ic", "isc", "ip", "in"),
}


def brief(alias: str) -> str:
    """Return a hardware id, or the pattern of one, in the form that people know."""
    bus, _, rest = alias.partition(":")
    found = _values(rest, _FIELDS[bus]) if bus in _FIELDS else None
    if found is None:
        return short(alias)
    one, other = ("v", "d") if bus == "pci" else ("v", "p")
    kinds = ("bc", "sc", "i") if bus == "pci" else ("ic", "isc", "ip") if found["dc"] == "*" else ("dc", "dsc", "dp")
    if found[one] != "*" or found[other] != "*":
        return f"{bus} {found[one][-4:].lower()}:{found[other][-4:].lower()}"
    kind = "".join([found[key] for key in kinds]).rstrip("*").lower()
    name = "interface class" if bus == "usb" and kinds[0] == "ic" else "class"
    return f"{bus} {name} {kind}" if kind else short(alias)


def short(alias: str) -> str:
    """Return an id as it is, cut where it is very long, as those of processors are.

    >>> short("cpu:type:x86," + 99 * "0")[-5:]
    '00...'
    """
    text = printable(alias)
    return text if len(text) <= _LONG else f"{text[: _LONG - 3]}..."


def _values(text: str, fields: tuple[str, ...]) -> dict[str, str] | None:
    """Return field → its digits or ``*``; None where the text is not made of these fields."""
    found = dict.fromkeys(fields, "*")
    for field in fields:
        if not text.startswith(field):
            continue
        text = text[len(field) :]
        rest = text.lstrip("0123456789ABCDEF*")
        found[field] = text[: len(text) - len(rest)] or "*"
        text = rest
    return found if not text.strip("*") else None
