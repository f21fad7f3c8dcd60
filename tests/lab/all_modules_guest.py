"""Runs in the guest: loads and removes modules with one tool, one after the other.

usage: all_modules_guest.py kmod|lkm|launcher|undo fresh|on NAME...

``kmod`` is /sbin/modprobe, ``launcher`` is bin/lkm, ``lkm`` calls the same code in this process, which is five times
faster in User-Mode Linux; both are told not to undo what failed, ``undo`` is ``lkm`` without that. A line of JSON
goes to stdout before each module (its name as a string, so that the host
knows at which one a guest died), and one after it. What can be removed afterwards is removed; when something stays,
``fresh`` ends here, for the host to go on in another guest, and ``on`` goes on with what stays.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time

from lkm.cli.main import main
from lkm.kernel import syscalls

LAUNCHER = os.path.abspath(f"{__file__}/../../../.venv/bin/lkm")
TIMEOUT = 30  # seconds for one call; both tools get the same
SAID = "/run/said"  # what the call wrote
KMODS_WAY = {"lkm": ["--keep-partial"], "launcher": ["--keep-partial"], "undo": []}


def loaded() -> list[str]:
    with open("/proc/modules") as file:
        return [line.split(" ", 1)[0] for line in file]


def newest_process() -> int:
    with open("/proc/loadavg") as file:
        return int(file.read().split()[4])


def settle(expected: int) -> None:
    """Wait until the kernel is done with the programs that it has started itself.

    Some modules ask for others by the kernel's own modprobe, and a few do not wait for it (request_module_nowait).
    Such a program has a process number after ``expected``, the newest so far, as soon as the kernel's worker has run.
    A module that came with events gets a little time too: dlm, removed at once, hangs the kernel for good.
    """
    for _ in range(4):
        os.sched_yield()
    if newest_process() == expected:
        return
    quiet = 0
    deadline = time.monotonic() + TIMEOUT
    while quiet < 4 and time.monotonic() < deadline:
        time.sleep(0.01)
        quiet = 0 if any(map(is_modprobe, os.listdir("/proc"))) else quiet + 1


def is_modprobe(entry: str) -> bool:
    try:
        with open(f"/proc/{entry}/comm") as file:
            return file.read() == "modprobe\n"
    except OSError:
        return False


def call(tool: str, base: list[str], *arguments: str) -> dict[str, object]:
    """Run modprobe; return its status (-N: signal N), what it wrote, and how modules differ from ``base``."""
    if tool in ("lkm", "undo"):
        newest = newest_process()
        status = in_this_process(["modprobe", *KMODS_WAY[tool], *arguments])
    else:
        newest, status = in_another(tool, arguments)
    settle(newest)
    now = loaded()
    new = sorted(set(now) - set(base))
    gone = sorted(set(base) - set(now))
    with open(SAID, errors="backslashreplace") as file:
        return {"status": status, "new": new, "gone": gone, "said": file.read()}


def in_another(tool: str, arguments: tuple[str, ...]) -> tuple[int, int]:
    program = ["/sbin/modprobe"] if tool == "kmod" else [LAUNCHER, "modprobe", *KMODS_WAY[tool]]
    writes = (os.POSIX_SPAWN_OPEN, 1, SAID, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    both = [writes, (os.POSIX_SPAWN_DUP2, 1, 2)]
    child = os.posix_spawn(program[0], [*program, *arguments], dict(os.environ), file_actions=both)
    if signal.sigtimedwait({signal.SIGCHLD}, TIMEOUT) is None:
        os.kill(child, signal.SIGKILL)
    return child, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def in_this_process(argv: list[str]) -> int:
    real = os.dup(1), os.dup(2)
    out = os.open(SAID, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(out, 1)
    os.dup2(out, 2)
    signal.alarm(TIMEOUT)
    try:
        return main(argv)
    except TimeoutError:
        return -signal.SIGKILL
    finally:
        signal.alarm(0)
        sys.stdout.flush()
        for number, copy in enumerate(real, 1):
            os.dup2(copy, number)
            os.close(copy)
        os.close(out)


def too_long(*_: object) -> None:
    raise TimeoutError


def clean_up(base: list[str]) -> bool:
    """Remove what is not of the base state; tell whether that is all gone."""
    while left := [name for name in loaded() if name not in base]:
        if all(syscalls.delete_module(name.encode(), os.O_NONBLOCK) for name in left):
            return False
    return loaded() == base


def run(tool: str, fresh: bool, names: list[str]) -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    signal.signal(signal.SIGALRM, too_long)
    for name in names:
        print(json.dumps(name), flush=True)
        base = loaded()
        answer: dict[str, object] = {"name": name, "before": sorted(base)}
        answer["load"] = call(tool, base, name)
        answer["remove"] = call(tool, base, "-r", name)
        clean = clean_up(base)
        print(json.dumps(answer), flush=True)
        if fresh and not clean:
            return


if __name__ == "__main__":
    run(sys.argv[1], sys.argv[2] == "fresh", sys.argv[3:])
