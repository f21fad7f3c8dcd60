"""What a service says: to the journal by lines on stderr with a priority before them (sd-daemon(3)), or to syslog.

On a terminal it says so in plain words.
"""

from __future__ import annotations

import os
from contextlib import suppress

# Priorities of syslog(3).
ERR, WARNING, NOTICE, INFO, DEBUG = 3, 4, 5, 6, 7
_NAMES = {ERR: "ERROR", WARNING: "WARNING", NOTICE: "NOTICE", INFO: "INFO", DEBUG: "DEBUG"}
WAYS = ("auto", "journal", "syslog", "stderr")


class Journal:
    """A service's voice; ``priority`` is the least urgent that is said."""

    def __init__(self, name: str, way: str = "auto", priority: int = INFO) -> None:
        self.name = name
        self.priority = priority
        self.way = found_way() if way == "auto" else way
        if self.way == "syslog":
            import syslog

            syslog.openlog(name, syslog.LOG_PID, syslog.LOG_DAEMON)

    def say(self, priority: int, text: str) -> None:
        """Say one line. What cannot be said stops no work."""
        if priority > self.priority:
            return
        text = "".join([char if char.isprintable() else "?" for char in text])
        if self.way == "syslog":
            import syslog

            syslog.syslog(priority, text)
            return
        head = f"<{priority}>" if self.way == "journal" else f"{self.name}: {_NAMES[priority]}: "
        data = f"{head}{text}\n".encode("utf-8", "replace")
        with suppress(OSError):
            os.write(2, data)


def found_way() -> str:
    """Return where messages go: where the journal reads, to the terminal, or to syslog."""
    try:
        seen = os.fstat(2)
    except OSError:
        return "syslog"
    if os.environ.get("JOURNAL_STREAM", "") == f"{seen.st_dev}:{seen.st_ino}":
        return "journal"
    return "stderr" if os.isatty(2) else "syslog"
