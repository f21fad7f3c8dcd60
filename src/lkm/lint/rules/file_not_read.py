"""A file that is not read for its name.

In these directories only names that end in ``.conf`` count, and none that start with a dot. /etc/modprobe.conf and
/etc/modules.conf are not read any more. Copies that editors and dpkg leave are not told of.

Remedy: the ending ``.conf``.
"""

from __future__ import annotations

from lkm.lint.nouns import WARNING, Flaw
from lkm.origin import Origin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.lint.case import Case
    from lkm.lint.nouns import Flaw

CODE = "file-not-read"
NEEDS_TREE = False


def find(case: Case) -> Iterator[Flaw]:
    """Yield a flaw for each such file."""
    for path in case.passed_over:
        directory, _, name = path.rpartition("/")
        if directory.endswith(".d"):
            why, advice = "only files that end in .conf are", f"mv {path} {path.removesuffix('.')}.conf"
        else:
            why, advice = "files are in directories today", f"mv {path} {directory}/modprobe.d/local.conf"
        yield Flaw(CODE, WARNING, f"{name} is not read", Origin(path), "", 0, why, advice)
