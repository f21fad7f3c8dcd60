"""What a tool says besides its output: ``tool: LEVEL: text`` on stderr or to syslog, as kmod's tools do."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.origin import Problem

# Priorities of syslog(3); a message is said when its priority is at most the tool's.
CRIT, ERR, WARNING, NOTICE, INFO, DEBUG = 2, 3, 4, 5, 6, 7
_NAMES = {CRIT: "FATAL", ERR: "ERROR", WARNING: "WARNING", NOTICE: "NOTICE", INFO: "INFO", DEBUG: "DEBUG"}


class Messages:
    """A tool's voice. ``priority`` is the least urgent priority that is said; -1 says nothing at all."""

    def __init__(self, tool: str, priority: int = WARNING, *, to_syslog: bool = False) -> None:
        self.tool = tool
        self.priority = priority
        # With stderr closed there is only syslog to speak to (kmod: tools/log.c).
        self.to_syslog = to_syslog or sys.stderr is None
        #: With --classic: no more than a line of each error is said.
        self.classic = False
        #: With --json: (level, text, details) of all that was said, or would have been but for -q.
        self.heard: list[tuple[str, str, list[str]]] | None = None

    @property
    def explains(self) -> bool:
        """Tell whether anybody would hear an explanation: it is not free."""
        return self.heard is not None or (self.priority >= ERR and not self.classic)

    def say(self, priority: int, text: str) -> None:
        """Say one line, with the tool's name and the priority's before it."""
        if self.heard is not None and priority <= max(self.priority, WARNING):
            self.heard.append((_NAMES[priority].lower(), text, []))
        self._say(priority, text)

    def _say(self, priority: int, text: str) -> None:
        if priority > self.priority:
            return
        if self.to_syslog:
            import syslog

            syslog.openlog(self.tool, syslog.LOG_CONS | syslog.LOG_NDELAY | syslog.LOG_PID, syslog.LOG_DAEMON)
            syslog.syslog(priority, f"{_NAMES[priority]}: {text}")
        else:
            sys.stdout.flush()
            _put(f"{self.tool}: {_NAMES[priority]}: {text}\n")

    def detail(self, *lines: str) -> None:
        """Say more about the error just said: a line each, indented; empty ones are left out."""
        if self.heard:
            self.heard[-1][2].extend(filter(None, lines))
        if self.priority < ERR or self.classic:
            return
        for line in filter(None, lines):
            if self.to_syslog:
                self._say(ERR, line)
            else:
                _put(f"  {line}\n")

    def problem(self, priority: int, problem: Problem) -> None:
        """Say what was wrong in a file; not to syslog: the line, a caret below the column, the cure."""
        self.say(priority, str(problem))
        if priority > self.priority or self.to_syslog or not problem.column:
            return
        from lkm.report.caret import under

        _put("".join([f"  {line}\n" for line in under(problem.text, problem.column, problem.hint)]))

    def fatal(self, text: str) -> None:
        """Say why the tool gives up."""
        self.say(CRIT, text)

    def error(self, text: str) -> None:
        """Say what could not be done."""
        self.say(ERR, text)

    def warning(self, text: str) -> None:
        """Say what looks wrong but did not stop the work."""
        self.say(WARNING, text)

    def info(self, text: str) -> None:
        """Say what is being done."""
        self.say(INFO, text)


def _put(text: str) -> None:
    """Write to stderr. What cannot be said stops no work, as in C tools."""
    try:  # noqa: SIM105  (contextlib costs more than this)
        sys.stderr.write(text)
    except OSError:
        pass
