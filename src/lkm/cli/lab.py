"""``lkm lab``: run a command in a throwaway real kernel; fetch a kernel to run."""

from __future__ import annotations

import os
import signal
import sys

from lkm.cli.options import Option, help_text, parse
from lkm.errors import LkmError, UsageError

USAGE = """lkm lab run [options] [--] COMMAND [ARGUMENT...]
       lkm lab fetch [--renew] [PACKAGE]"""
RUN = (
    Option("", "kernel", "KERNEL", "uml (the default), or a Debian kernel package, .deb or unpacked"),
    Option("", "timeout", "SECONDS", "end the guest after that long (120)"),
    Option("", "rw", "DIR", "let the guest write this directory; all else it writes is gone with it"),
    Option("", "append", "TEXT", "more kernel command line"),
    Option("", "memory", "SIZE", "memory of the guest (512M)"),
    Option("h", "help", "", "show this help"),
)
FETCH = (
    Option("", "renew", "", "download again, if there is a newer one"),
    Option("h", "help", "", "show this help"),
)
OPTIONS = (*RUN[:-1], *FETCH)
EPILOGUE = """
run boots the kernel, runs COMMAND in it as root, and exits with its status; 124 when the time is over, 125 when the
kernel ends first (its log is then on stderr). The guest's / is this machine's, below a throwaway layer.
fetch downloads Debian's kernel package (linux-image-amd64) for --kernel by apt-get, and prints where it unpacked it.
"""


def main(argv: list[str]) -> int:
    """Run ``lab run`` or ``lab fetch``; return the command's status."""
    action, words = (argv[1], argv[2:]) if len(argv) > 1 else ("", [])
    try:
        if action == "run":
            return _run(words)
        if action == "fetch":
            return _fetch(words)
    except UsageError as error:
        sys.stderr.write(f"lkm lab {action}: {error}\n")
        return 2
    except LkmError as error:
        sys.stderr.write(f"lkm lab: {error}\n")
        if error.hint:
            sys.stderr.write(f"  {error.hint}\n")
        return 1 if action == "fetch" else 125
    except BrokenPipeError:
        raise
    except OSError as error:
        sys.stderr.write(f"lkm lab: {error}\n")
        return 1 if action == "fetch" else 125
    asked = action in ("-h", "--help", "help")
    (sys.stdout if asked else sys.stderr).write(help_text(USAGE, OPTIONS, EPILOGUE))
    return 0 if asked else 2


def _run(words: list[str]) -> int:
    end = command_at(RUN, words)
    options = dict(parse(RUN, words[:end])[0])
    command = words[end + 1 :] if words[end : end + 1] == ["--"] else words[end:]
    if "help" in options:
        return main(["lab", "--help"])
    if not command:
        raise UsageError("there is no command to run")
    try:
        timeout = float(options.get("timeout", "120"))
    except ValueError:
        timeout = 0
    if not timeout > 0:
        raise UsageError(f"'{options['timeout']}' is no number of seconds")
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)

    from lkm.lab.runner import TIMEOUT, run

    result = run(
        command,
        options.get("kernel", "uml"),
        timeout=timeout,
        rw=options.get("rw"),
        append=options.get("append", ""),
        memory=options.get("memory", "512M"),
        stdout=1,
        stderr=2,
        merge=_same_file(1, 2),
    )
    if result.end == "died" or (result.end == "timeout" and not result.began):
        sys.stderr.write(result.log)
    if result.end == "died":
        sys.stderr.write("lkm lab: the kernel ended before the command did\n")
    elif result.status == TIMEOUT and result.end == "timeout":
        sys.stderr.write(f"lkm lab: not done after {timeout:g} s\n")
    return result.status


def _leave(number: int, _frame: object) -> None:
    """Turn a signal into an orderly end: the guest and its files go first."""
    raise SystemExit(128 + number)


def _same_file(one: int, other: int) -> bool:
    """Tell whether output and errors go to one place, where their order counts."""
    try:
        return os.path.sameopenfile(one, other)
    except OSError:
        return False


def _fetch(words: list[str]) -> int:
    options, packages = parse(FETCH, words)
    if ("help", "") in options:
        return main(["lab", "--help"])
    if len(packages) > 1:
        raise UsageError("only one package at a time")
    from lkm.lab.packages import NEWEST, fetch

    root = fetch(packages[0] if packages else NEWEST, renew=("renew", "") in options)
    sys.stdout.write(f"{root}\n")
    return 0


def command_at(table: tuple[Option, ...], words: list[str]) -> int:
    """Return where the command, or the ``--`` before it, starts: options end at the first word that is none.

    >>> command_at(RUN, ["--timeout", "5", "ls", "--help"])
    2
    """
    at = 0
    while at < len(words) and words[at].startswith("-") and words[at] != "--":
        name, equals, _ = words[at][2:].partition("=")
        takes = any(option.argument and option.long.startswith(name) for option in table)
        at += 2 if words[at].startswith("--") and takes and not equals else 1
    return min(at, len(words))
