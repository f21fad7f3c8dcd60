"""Running the commands of ``install`` and ``remove`` directives as system(3) does: by /bin/sh, and waited for."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

SHELL = "/bin/sh"


def run_shell(
    command: str,
    changes: Mapping[str, str],
    started: Callable[[int], None] = lambda _: None,
    *,
    to_stderr: bool = False,
) -> int:
    """Run a command line and return its exit status, or minus the number of the signal that killed it.

    ``changes`` are added to the environment. While it runs, SIGINT and SIGQUIT are the command's business alone, as
    with system(3). A shell that cannot be started gives 127. ``started`` is told the shell's process id, then 0.
    ``to_stderr``: what it prints goes to stderr.
    """
    try:
        return run_words(["sh", "-c", "--", command], changes, started, to_stderr=to_stderr, program=SHELL)
    except OSError:
        return 127


def run_words(
    words: Sequence[str],
    changes: Mapping[str, str],
    started: Callable[[int], None] = lambda _: None,
    *,
    to_stderr: bool = False,
    program: str = "",
) -> int:
    """Run a command of which the words are known, as :func:`run_shell` does; without ``program`` by PATH.

    Raises OSError when it cannot be started.
    """
    import signal

    environment = {**os.environ, **changes}
    asked: tuple[signal.Signals, ...] = (signal.SIGINT, signal.SIGQUIT)
    try:
        before = [signal.signal(number, signal.SIG_IGN) for number in asked]
    except ValueError:  # only the main thread may say so, and only it is interrupted
        asked, before = (), []
    # Signals that this process was itself started to ignore stay ignored.
    ours = [number for number, handler in zip(asked, before, strict=True) if handler != signal.SIG_IGN]
    try:
        actions = [(os.POSIX_SPAWN_DUP2, 2, 1)] if to_stderr else []
        child = os.posix_spawnp(program or words[0], list(words), environment, file_actions=actions, setsigdef=ours)
        started(child)
        _, status = os.waitpid(child, 0)
    finally:
        started(0)
        for number, handler in zip(asked, before, strict=True):
            signal.signal(number, handler)
    return os.waitstatus_to_exitcode(status)
