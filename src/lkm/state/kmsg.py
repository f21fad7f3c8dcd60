r"""Records of the kernel log as /dev/kmsg gives them, one a read (Documentation/ABI/testing/dev-kmsg).

``prefix,sequence,microseconds,flags[,more];text``, where the prefix is ``level | facility << 3`` (facility 0: the
kernel itself). Lines that follow and start with a space are ``KEY=value`` properties. Bytes that are not printable
ASCII, and backslashes, are written ``\xNN``.

>>> parse_record("4,1139,9520123,-;msdos: Unknown symbol fat_x (err -2)\n SUBSYSTEM=module\n")
LogRecord(level=4, sequence=1139, usec=9520123, text='msdos: Unknown symbol fat_x (err -2)', facility=0)
>>> parse_record(r"30,7,0,-;caf\xc3\xa9\x0aend").text
'café\nend'
"""

from __future__ import annotations

from lkm.origin import Origin, Problem
from lkm.state.nouns import LogRecord

FILE = "/dev/kmsg"


def parse_record(data: str) -> LogRecord | None:
    """Return the record that one read of /dev/kmsg gave (its properties are left out), or None."""
    head, semicolon, body = data.partition(";")
    fields = head.split(",")
    if not semicolon or len(fields) < 3:
        return None
    try:
        prefix, sequence, usec = int(fields[0]), int(fields[1]), int(fields[2])
    except ValueError:
        return None
    if prefix < 0:
        return None
    return LogRecord(prefix & 7, sequence, usec, unescape(body.split("\n", 1)[0]), prefix >> 3)


def parse_kmsg(text: str, file: str = FILE) -> tuple[tuple[LogRecord, ...], tuple[Problem, ...]]:
    """Return the records of several reads put together, and a Problem for each line that belongs to none."""
    records: list[LogRecord] = []
    problems: list[Problem] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line or line.startswith(" "):
            continue
        record = parse_record(line)
        if record is None:
            problems.append(Problem(Origin(file, number), "not a record of the kernel log", line))
        else:
            records.append(record)
    return tuple(records), tuple(problems)


def unescape(text: str) -> str:
    r"""Return the text with each ``\xNN`` turned into its byte; what is no such escape stays."""
    if "\\x" not in text:
        return text
    first, *rest = text.encode("utf-8", "surrogateescape").split(b"\\x")
    out = [first]
    for part in rest:
        digits = part[:2]
        if len(digits) == 2 and not digits.strip(b"0123456789abcdefABCDEF"):
            out.append(bytes([int(digits, 16)]) + part[2:])
        else:
            out.append(b"\\x" + part)
    return b"".join(out).decode("utf-8", "surrogateescape")
