"""``lkm sim tour``: chapter 5 of the Linux Loadable Kernel Module HOWTO, played on a simulated kernel of Linux 2.4.

A section is a text file of the folder ``tour``: its title, then prose, commands (``$ COMMAND``) and, right after a
command that is to fail, the status that it is to leave with (``= STATUS``). No output is stored:
each is run, and what it says is shown. Each section has a world of its own.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import tempfile

from lkm.cli import kernels
from lkm.errors import LkmError, MachineError, UsageError
from lkm.kernel.sim.kernel24 import MODULES
from lkm.record import Record

TEXTS = os.path.join(os.path.dirname(__file__), "tour")
#: All module files get this time: ksyms shows it.
_BUILT = 986_688_000  # 2001-04-08
_TOOLS = (
    *("depmod24", "insmod", "insmod24", "lsmod", "lsmod24", "modprobe", "modprobe24_run", "rmmod", "rmmod24"),
    *("sim_new24", "sim_set", "sim_show", "sim_use"),
)
#: A command with one of these is the shell's.
_SHELL = frozenset("|<>;&\"'$*")
_SHIM = """#!/bin/sh
exec {python} {script} "$@"
"""
_SCRIPT = """import sys
sys.path[:] = {path!r}
from lkm.cli.main import run
run()
"""


class Step(Record):
    """A command as it is typed, and the status that it is to leave with."""

    command: str
    status: int = 0


class Section(Record):
    """A part of the tour; ``steps`` are lines of prose, and commands."""

    number: str
    title: str
    steps: tuple[str | Step, ...]


def parse_section(number: str, text: str) -> Section:
    r"""Return the section that a text describes.

    >>> parse_section("5.9", "Title\n\nProse.\n$ lkm lsmod\n= 1\n").steps
    ('Prose.', Step(command='lkm lsmod', status=1))
    """
    title, _, rest = text.partition("\n")
    steps: list[str | Step] = []
    for line in rest.strip("\n").split("\n"):
        last = steps[-1] if steps else ""
        if line.startswith("$ "):
            steps.append(Step(line[2:]))
        elif line.startswith("= ") and isinstance(last, Step):
            steps[-1] = Step(last.command, int(line[2:]))
        else:
            steps.append(line)
    return Section(number, title, tuple(steps))


def sections(wanted: str = "") -> tuple[Section, ...]:
    """Return the sections of that number and below it, all without one. Raises UsageError where there is none."""
    numbers = sorted(name.removesuffix(".txt") for name in os.listdir(TEXTS) if name.endswith(".txt"))
    chosen = [n for n in numbers if not wanted or n == wanted or n.startswith(f"{wanted}.")]
    if not chosen:
        raise UsageError(f"the tour has no section {wanted}", hint=f"it has {' '.join(numbers)}")
    out = []
    for number in chosen:
        with open(os.path.join(TEXTS, f"{number}.txt"), encoding="utf-8") as file:
            out.append(parse_section(number, file.read()))
    return tuple(out)


def run(_verb: str, operands: list[str], options: dict[str, str]) -> int:
    """Play it; status 1 when a command did not end as the text says. Raises UsageError, MachineError."""
    chosen = sections(*operands)
    if "list" in options:
        width = max([len(section.number) for section in chosen])
        sys.stdout.write("".join([f"{s.number:<{width}}  {s.title}\n" for s in chosen]))
        return 0
    kept = options.get("keep", "")
    place = _made(kept) if kept else _temporary()
    for name in _TOOLS:  # once here, not in each fork
        __import__(f"lkm.cli.{name}")
    try:
        sys.stdout.write(_head(place, kept))
        wrong = sum([_play(section, place) for section in chosen])
    finally:
        if not kept:
            shutil.rmtree(place, ignore_errors=True)
    if kept:
        sys.stdout.write(f"\nIt is all there still:\n\n  $ cd {kept}\n  $ export LKM_KERNEL=sim:world\n")
    count = sum([isinstance(step, Step) for section in chosen for step in section.steps])
    ended = (
        f"{wrong} of {count} commands did not end as they should." if wrong else f"All {count} commands did as told."
    )
    sys.stdout.write(f"\n{ended}\n")
    return 1 if wrong else 0


def _temporary() -> str:
    """Return the path of a new temporary directory. Raises MachineError."""
    try:
        return tempfile.mkdtemp(prefix="lkm-tour-")
    except OSError as error:
        raise MachineError(
            f"no temporary directory can be made: {error.strerror or error}",
            "",
            error.errno or 0,
            "--keep DIR names one",
        ) from None


def _made(directory: str) -> str:
    """Return the absolute path of a directory that is empty now. Raises MachineError."""
    try:
        os.makedirs(directory, exist_ok=True)
        found = os.listdir(directory)
    except OSError as error:
        raise MachineError(error.strerror or str(error), directory, error.errno or 0) from None
    if found:
        raise MachineError("is not empty", directory, 39, "choose another directory; the tour makes it")
    return os.path.abspath(directory)


def _head(place: str, kept: str) -> str:
    last = "stays" if kept else "goes at the end; --keep DIR leaves one"
    return (
        "Chapter 5 of the Linux Loadable Kernel Module HOWTO, played on a simulated Linux 2.4. Each section begins\n"
        f"with a machine that has just booted, in {place} (which {last}):\n\n"
        "  $ lkm sim new world --dialect 2.4\n  $ export LKM_KERNEL=sim:world\n"
        f"  $ cp {MODULES}/*.o .\n"
    )


def _play(section: Section, place: str) -> int:
    """Play a section in a directory; return how many commands ended otherwise than the text says."""
    prepare(place)
    wrong = 0
    title = f"{section.number} {section.title}"
    sys.stdout.write(f"\n{title}\n{'=' * len(title)}\n\n")
    for step in section.steps:
        if isinstance(step, str):
            sys.stdout.write(f"{step}\n")
            continue
        sys.stdout.write(f"  $ {step.command}\n")
        sys.stdout.flush()
        status, said = run_step(step.command, place)
        sys.stdout.write("".join([f"    {line}\n" if line else "\n" for line in said.splitlines()]))
        if status != step.status:
            wrong += 1
            sys.stdout.write(f"  ! This left with status {status}, not {step.status}.\n")
    return wrong


def prepare(place: str) -> None:
    """Make a directory such as a section begins with: a world that has just booted, and module files."""
    for name in os.listdir(place):
        path = os.path.join(place, name)
        shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)
    status, said = run_step("lkm sim new world --dialect 2.4", place)
    if status:
        raise MachineError(f"the tour's kernel could not be made: {said}", place)
    for name in os.listdir(MODULES):
        if name.endswith(".o"):
            shutil.copyfile(os.path.join(MODULES, name), os.path.join(place, name))
    for where, _, names in os.walk(place):
        for name in names:
            if name.endswith(".o"):
                os.utime(os.path.join(where, name), (_BUILT, _BUILT))
    os.mkdir(os.path.join(place, ".bin"))
    shim, script = os.path.join(place, ".bin/lkm"), os.path.join(place, ".bin/lkm.py")
    shell = _SHIM.format(python=shlex.quote(sys.executable), script=shlex.quote(script))
    for path, text in ((shim, shell), (script, _SCRIPT.format(path=sys.path))):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    os.chmod(shim, 0o755)


def run_step(command: str, place: str) -> tuple[int, str]:
    """Run a command in a directory on its world; return its status, and all that it said, in order.

    A plain call of lkm is made in a fork of this process, which costs no start of Python; others by sh.
    """
    readable, writable = os.pipe()
    sys.stdout.flush()
    child = os.fork()
    if not child:
        os.close(readable)
        os._exit(_become(command, place, writable))
    os.close(writable)
    with open(readable, encoding="utf-8", errors="replace") as stream:
        said = stream.read()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), said


def _become(command: str, place: str, output: int) -> int:
    """Be the command, in a process of its own."""
    try:
        os.chdir(place)
        os.environ["LKM_KERNEL"] = "sim:world"
        os.environ["PATH"] = f"{place}/.bin:{os.environ.get('PATH', os.defpath)}"
        os.environ["LC_ALL"] = "C"
        for name in ("MODPROBE_OPTIONS", "MODULECONF"):
            os.environ.pop(name, None)
        kernels.started_by = ""
        for descriptor in (1, 2):
            os.dup2(output, descriptor)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        words = command.split()
        if words[0] != "lkm" or _SHELL.intersection(command):
            os.execv("/bin/sh", ["sh", "-c", command])
        sys.argv = words
        sys.stdout = open(1, "w", buffering=1, encoding="utf-8", errors="surrogateescape", closefd=False)  # noqa: SIM115
        sys.stderr = open(2, "w", buffering=1, encoding="utf-8", errors="surrogateescape", closefd=False)  # noqa: SIM115
        from lkm.cli.main import give_up, main

        try:
            return main(words)
        except (OSError, LkmError) as error:
            return give_up(error)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
    except BaseException as error:
        os.write(output, f"lkm: {error}\n".encode())
        return 70
