"""Where the tools of Linux 2.4 say what they say: stderr, or syslog (-s)."""

from __future__ import annotations

import sys

from lkm.cli import kernels


def put(tool: str, *lines: str, to_syslog: bool = False) -> None:
    """Say lines. A simulated kernel that has started the tool has no syslog: its user is shown the lines."""
    for line in filter(None, lines):
        if not to_syslog:
            sys.stdout.flush()
            sys.stderr.write(f"{line}\n")
        elif kernels.started_by:
            sys.stdout.write(f"  syslog: {tool}: {line}\n")
        else:
            import syslog

            syslog.openlog(tool, syslog.LOG_PID, syslog.LOG_DAEMON)
            syslog.syslog(line)
