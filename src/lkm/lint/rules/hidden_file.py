"""A file that is not read, as another directory has one of its name.

Of files with one name, that in /etc counts, then /run, /usr/local/lib, /usr/lib, /lib. A file of /etc that hides a
package's is the way to replace it; in other places it is often an accident.

Remedy: another name, if both are to count.
"""

from __future__ import annotations

from lkm.lint.nouns import NOTE, Flaw
from lkm.origin import Origin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.lint.case import Case
    from lkm.lint.nouns import Flaw

CODE = "hidden-file"
NEEDS_TREE = False


def find(case: Case) -> Iterator[Flaw]:
    """Yield a flaw for each such file."""
    for path, by in case.hidden:
        what, why = f"is not read: {by} hides it", "of files with one name the first directory's counts"
        yield Flaw(CODE, NOTE, what, Origin(path), "", 0, why, "give it another name, if both are to count")
