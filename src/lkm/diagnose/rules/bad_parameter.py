"""A parameter does not take the value that it was given.

Not a number, out of the range of its type, no value at all, too long, or too many for an array. The kernel answers
EINVAL, ERANGE (a number out of range) or ENOSPC (a string that is too long) and logs ``VALUE' invalid for parameter
`NAME'``; of an array it names the first element only.

| type | takes |
|---|---|
| byte, short, ushort, int, uint, long, ulong, ullong, hexint | a whole number: decimal, 0x hexadecimal, 0 octal |
| bool | y, n, 1, 0, on, off (its first letter counts); without a value: y |
| invbool | the same, and means the contrary |
| charp | a text of at most 1024 bytes |
| string | a text of as many bytes as the module has room for |
| array of TYPE | values with commas between them, as many as the module has room for |

Remedy: a value of its type; `lkm modinfo -p` lists the parameters with their types.
"""

from __future__ import annotations

from lkm.config.values import BOOLS, RANGES
from lkm.diagnose.finding import CERTAIN, Fact, Finding, Remedy
from lkm.diagnose.loglines import bad_parameters, between
from lkm.diagnose.words import name_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence
    from lkm.modfile.nouns import Parameter

CODE = "bad-parameter"
ERRNOS = ("EINVAL", "ERANGE", "ENOSPC")
REMEDIES = (Remedy("see what it takes", "lkm modinfo -p {path}"),)


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield a finding for each value that the kernel has complained of."""
    file, attempt = evidence.file, evidence.attempt
    for name, value, how in bad_parameters(attempt.log):
        parameter = _of(evidence, name)
        kind = (parameter.type if parameter else "") or ""
        line = next((line for line in attempt.log if name in line and (not value or value in line)), "")
        told = [Fact(line, "kernel log")]
        told += [Fact(f"parmtype={name}:{kind}", f"{file.path}: .modinfo")] if kind and file else []
        about = parameter.description if parameter else ""
        told += [Fact(f"parm={name}:{about}", f"{file.path}: .modinfo")] if about and file else []
        given = f"'{value}', which" if value else "a value that"
        why = _why(kind, value, how, attempt.errno)
        room = between(attempt.log, f"{name}: can only take ", " arguments")
        if room:
            given, why = "too many values;", f"it takes at most {room[0]}"
        elif not value and how == "invalid":
            given, why = "no value;", f"it takes {_takes(kind)}" if kind else "it wants one"
        yield Finding(
            CODE,
            f"parameter {name}{f' (of type {kind})' if kind else ''} was given {given} {why}",
            CERTAIN,
            attempt.errno,
            tuple(told),
            "a value that cannot be used ends the load, after all have been looked at",
            "kernel/params.c: parse_args",
            (REMEDIES[0].filled(path=file.path if file else name_of(evidence)),),
        )


def _of(evidence: Evidence, name: str) -> Parameter | None:
    facts = evidence.file.facts if evidence.file else None
    same = [p for p in facts.parameters if p.name.replace("-", "_") == name.replace("-", "_")] if facts else []
    return same[0] if same else None


def _why(kind: str, value: str, how: str, errno: str) -> str:
    """Return what is wrong with a value, after "which" or "that"."""
    element = kind.removeprefix("array of ")
    if how == "too large":
        return "is longer than the 1024 bytes that it takes" if element == "charp" else "is too long"
    if errno == "ERANGE":
        limits = f": {_range(element)}" if element in RANGES else ""
        return f"is out of its range{limits}"
    if kind != element:
        return f"is not the whole list; each must be {_takes(element)}"
    if element in RANGES and not RANGES[element][0] and value.startswith("-"):
        return f"is negative; it takes {_range(element)}"
    return f"is not {_takes(kind)}" if kind in (*RANGES, *BOOLS) else "is not a value that it takes"


def _takes(kind: str) -> str:
    """Return what a type takes, in words.

    >>> _takes("byte"), _takes("array of bool")
    ('a whole number (0 to 255)', 'y or n each, with commas between')
    """
    if kind.startswith("array of "):
        return f"{_takes(kind.removeprefix('array of '))} each, with commas between"
    if kind in RANGES:
        return f"a whole number ({_range(kind)})"
    return "y or n" if kind in BOOLS else "a text" if kind in ("charp", "string") else "a value of its own kind"


def _range(kind: str) -> str:
    low, high = RANGES[kind]
    return f"{low} to {high}"
