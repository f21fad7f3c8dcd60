"""Where a fact was read, and what was wrong there.

>>> str(Origin("etc/modprobe.d/x.conf", 3))
'etc/modprobe.d/x.conf:3'
>>> str(Origin("/proc/cmdline", word="modprobe.blacklist=a,b"))
'/proc/cmdline (modprobe.blacklist=a,b)'
>>> print(Problem(Origin("x.conf", 3), "unknown directive 'optoins'", "optoins e100 debug=1", 1))
x.conf:3: unknown directive 'optoins'
"""

from __future__ import annotations

from lkm.record import Record


class Origin(Record):
    """A file (or ``/proc/cmdline``, ``command line``) and a 1-based line in it; line 0 is the file as a whole.

    ``word`` is the one that says it, where there are no lines.
    """

    file: str
    line: int = 0
    word: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place} ({self.word})" if self.word else place


class Problem(Record):
    """Something that was read and could not be used. Reading goes on; nothing is dropped in silence.

    ``text`` is the offending line, ``column`` the 1-based place in it (0: unknown), ``hint`` the cure.
    """

    origin: Origin
    message: str
    text: str = ""
    column: int = 0
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.origin}: {self.message}"
