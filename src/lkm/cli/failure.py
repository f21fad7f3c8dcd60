"""More about the step that ended a plan for loading: what it was there for, and why it failed."""

from __future__ import annotations

import errno
import os

from lkm.cli import evidence
from lkm.kernel.interface import Refused
from lkm.plan.steps import Forbidden, Insert

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.plan.progress import Entry


def explain_failure(failure: Entry, *, verbose: bool = False) -> tuple[str, ...]:
    """Return lines to be said after that the plan failed; none where that says all."""
    step, result = failure.step, failure.result
    if not isinstance(result, Refused) or failure.errno == errno.EEXIST:
        return ()
    if isinstance(step, Forbidden):
        because = f" because {step.because}" if step.because else ""
        cure = "--override-forbid loads it all the same, in one call"
        return (f"{step.module} is forbidden{because} ({step.origin}); it is {step.reason}", cure)
    if not isinstance(step, Insert):
        return (f"{step.module} has no file: {step.reason}",)
    first = "" if step.target else f"{step.module} was refused ({os.strerror(failure.errno)}): {step.reason}"
    return (first, *evidence.explain(result, step.path, verbose=verbose))
