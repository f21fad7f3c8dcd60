"""The text of a modules-load.d file, or of /etc/modules: modules to load at boot, a name a line.

Reads as systemd-modules-load does (systemd: src/modules-load/modules-load.c, ``apply_file``): ``#`` or ``;`` as the
first character makes a comment, and all else of a line is the name.

>>> [(str(load.module), load.origin.line) for load in parse("# a\\nloop\\n ;b\\nfat x\\n", "x.conf")]
[('loop', 2), ('fat x', 4)]
"""

from __future__ import annotations

from lkm.names import ModuleName, fold
from lkm.origin import Origin
from lkm.record import Record

_SPACES = " \t\n\v\f\r"


class Load(Record):
    """A line; ``module`` is all of it, folded."""

    module: ModuleName
    origin: Origin


def parse(text: str, file: str) -> tuple[Load, ...]:
    """Return the lines that name modules, in order. Never raises."""
    rows = [(number, row.strip(_SPACES)) for number, row in enumerate(text.split("\n"), 1)]
    return tuple([Load(fold(row), Origin(file, number)) for number, row in rows if row and row[0] not in "#;"])
