"""A parameter does not take the value that it was given.

Not a number, out of the range of its type, too long, or too many for an array. The kernel answers EINVAL, ERANGE (a
number out of range) or ENOSPC (a string that is too long) and logs ``VALUE' invalid for parameter `NAME'``.

Remedy: a value of its type; `lkm modinfo -p` lists the parameters with their types.
"""

from __future__ import annotations

from lkm.diagnose.finding import CERTAIN, Fact, Finding, Remedy
from lkm.diagnose.loglines import bad_parameters

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.diagnose.evidence import Evidence

CODE = "bad-parameter"
ERRNOS = ("EINVAL", "ERANGE", "ENOSPC")


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield a finding for each value that the kernel has complained of."""
    file, attempt = evidence.file, evidence.attempt
    facts = file.facts if file else None
    for name, value, how in bad_parameters(attempt.log):
        kind = (
            next((p.type for p in facts.parameters if p.name.replace("-", "_") == name.replace("-", "_")), "")
            if facts
            else ""
        )
        range_ = attempt.errno == "ERANGE"
        why = "too long" if how == "too large" else "out of its range" if range_ else "not a value that it takes"
        line = next((line for line in attempt.log if name in line and (not value or value in line)), "")
        told = [Fact(line, "kernel log")]
        told += [Fact(f"parmtype={name}:{kind}", f"{file.path}: .modinfo")] if kind and file else []
        given = f"'{value}', which" if value else "a value that"
        yield Finding(
            CODE,
            f"parameter {name}{f' (of type {kind})' if kind else ''} was given {given} is {why}",
            CERTAIN,
            attempt.errno,
            tuple(told),
            "a value that cannot be used ends the load, after all have been looked at",
            "kernel/params.c: parse_args",
            (Remedy("see what it takes", f"lkm modinfo -p {file.path if file else 'NAME'}"),),
        )
