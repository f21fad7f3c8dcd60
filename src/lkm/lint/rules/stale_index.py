"""The indexes of the module tree are not of its files.

One is missing, or older than a file; or they list files that are gone, or lack some that are there. modprobe, udev
and the kernel's own requests look names up in the indexes alone, and so do the other rules here.

Remedy: ``depmod``, in the form that is told.
"""

from __future__ import annotations

from lkm.lint.nouns import ERROR, Flaw
from lkm.origin import Origin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.lint.case import Case

CODE = "stale-index"
NEEDS_TREE = False


def find(case: Case) -> Iterator[Flaw]:
    """Yield a flaw for each fault of the indexes."""
    for what, path in case.index_faults:
        why = "modules are found by the indexes alone"
        yield Flaw(CODE, ERROR, what, Origin(path), "", 0, why, case.reindex)
