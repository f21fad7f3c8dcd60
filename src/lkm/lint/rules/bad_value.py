"""A parameter does not take the value.

Not a number, out of the range of its type, too long, too many for an array, or no value where one is needed. The
kernel answers EINVAL, ERANGE or ENOSPC, and the module is not loaded at all. Types are those that the module's code
reads; what a module reads by a function of its own is not judged.

Remedy: a value of its type, which is told.
"""

from __future__ import annotations

import errno

from lkm.config.parameters import parameter
from lkm.config.values import BOOLS, RANGES, refusal
from lkm.lint.case import flaw
from lkm.lint.given import given
from lkm.lint.nouns import ERROR

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.lint.case import Case
    from lkm.lint.nouns import Flaw
    from lkm.modfile.kernelparam import KernelParam

CODE = "bad-value"
NEEDS_TREE = True


def find(case: Case) -> Iterator[Flaw]:
    """Yield a flaw for each value that its parameter refuses."""
    for statement, _, module, word, known in given(case):
        name, value = parameter(word)
        for one in known:
            if one.name.replace("-", "_") == name:
                wrong = _wrong(one, value if "=" in word else None)
                if wrong:
                    what = f"parameter {name} of {module}{f' (of type {one.type})' if one.type else ''} {wrong}"
                    why = "a value that cannot be used ends the load"
                    yield flaw(CODE, ERROR, statement, word, what, why, _takes(one))
                break


def _wrong(one: KernelParam, value: str | None) -> str:
    """Return what is wrong with a value, or ""."""
    if value is None:
        return "" if one.bare or not one.type else "needs a value"
    kind = one.type.removeprefix("array of ")
    parts = value.split(",") if _is_array(one) else [value]
    if one.limit is not None and _is_array(one) and len(parts) > one.limit:
        return f"takes at most {one.limit} values, and is given {len(parts)}"
    for part in parts:
        number = refusal(kind, part, one.limit)
        if number:
            why = {errno.ERANGE: "which is out of its range", errno.ENOSPC: "which is too long"}
            return f"is given '{part}', {why.get(number, 'which it does not take')}"
    return ""


def _takes(one: KernelParam) -> str:
    kind = one.type.removeprefix("array of ")
    if kind in RANGES:
        low, high = RANGES[kind]
        return f"it takes whole numbers from {low} to {high}" if low or high < 1 << 32 else "it takes whole numbers"
    if kind in BOOLS:
        return "it takes y or n, 1 or 0, on or off"
    return f"it takes at most {(one.limit or 1025) - 1} bytes"


def _is_array(one: KernelParam) -> bool:
    return one.type.startswith("array of ")
