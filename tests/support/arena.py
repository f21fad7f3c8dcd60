"""A root of its own for kmod's modprobe and ours, where each world of configuration can be set up for both as it is.

The process that this file is run as has private mounts and a root in which the five configuration directories are
empty and distinct (also where /lib is a link to /usr/lib), all else is the machine's. /proc/cmdline and /sys/module
are its own, as is what ours takes for /proc/modules. It reads worlds and writes answers, a JSON text a line.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from lkm.kernel.linux import LinuxKernel
from tests.support.modprobe import our_answer

#: Where worlds put their files; kmod 30 as Debian has it does not know of the fourth.
DIRECTORIES = (
    "/etc/modprobe.d",
    "/run/modprobe.d",
    "/usr/local/lib/modprobe.d",
    "/usr/lib/modprobe.d",
    "/lib/modprobe.d",
)
#: Stands in arguments and file names for the module directory of the tree.
TREE = "@tree"
#: Holds the cmdline and modules of /proc; not every kernel that tests run on has /proc/modules.
PROC = "/.proc"


class Call(NamedTuple):
    """One call: the arguments, and MODPROBE_OPTIONS."""

    arguments: tuple[str, ...]
    environment: str = ""


class World(NamedTuple):
    """Files (path → text), loaded modules (name → use count, holders), the kernel command line, and calls."""

    files: dict[str, str]
    modules: dict[str, tuple[int, tuple[str, ...]]]
    cmdline: str
    calls: tuple[Call, ...]


class Verdict(NamedTuple):
    """Both answers to a call, (status, stdout); and what explains that they differ: None when nothing does."""

    call: Call
    theirs: tuple[int, str]
    ours: tuple[int, str]
    explained: tuple[str, ...] | None

    @property
    def alike(self) -> bool:
        return self.theirs == self.ours


class Arena:
    """The client's side: ask for the verdicts on a world."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def verdicts(self, world: World) -> list[Verdict]:
        """Set the world up, do its calls by both tools, and return what came of each."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(world) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"the arena ended over {world}"
        return [
            Verdict(call, (*theirs,), (*ours,), None if names is None else tuple(names))
            for call, (theirs, ours, names) in zip(world.calls, json.loads(line), strict=True)
        ]


@contextmanager
def arena(root: Path, release: str) -> Iterator[Arena]:
    """Start the process for a module tree that may be written to (see ``linked_tree``), and end it."""
    command = ["unshare", "-m" if os.geteuid() == 0 else "-rm", "--propagation", "unchanged", sys.executable]
    command += ["-m", __name__, str(root), release]
    environment = {name: value for name, value in os.environ.items() if name != "MODPROBE_OPTIONS"}
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=Path(__file__).parents[2],
    ) as process:
        yield Arena(process)
        assert process.stdin
        process.stdin.close()


# --- the process ----------------------------------------------------------------------------------------------------


def main() -> None:
    """Answer worlds from stdin until it ends."""
    root, release = sys.argv[1:]
    sys.path[:] = [path or os.getcwd() for path in sys.path]
    _enter()
    server = _Server(root, release)
    for line in sys.stdin:
        files, modules, cmdline, calls = json.loads(line)
        print(json.dumps(server.answers(files, modules, cmdline, calls)), flush=True)


def _mount(*words: str) -> None:
    subprocess.run(["mount", *words], check=True)


def _enter() -> None:
    """Make the root, and go there. Mounts are only put on what was made private, so nobody else sees them."""
    for place in ("/sys", "/proc"):
        _mount("--make-rprivate", place)
    new = "/sys/module"
    _mount("-t", "tmpfs", "none", new)
    os.mkdir(f"{new}/.host")
    _mount("--rbind", "/", f"{new}/.host")
    os.mkdir(f"{new}{PROC}")
    Path(f"{new}{PROC}/cmdline").touch()
    _mount("--bind", f"{new}{PROC}/cmdline", f"{new}/.host/proc/cmdline")
    _mount("-t", "tmpfs", "none", f"{new}/.host/sys/module")
    _mirror(new, "")
    for place in DIRECTORIES:
        os.makedirs(f"{new}{place}")
    os.chroot(new)
    os.chdir("/")


def _mirror(new: str, path: str) -> None:
    """Make directories where those of the configuration lie below, and links to the machine's own for all else."""
    for name in os.listdir(path or "/"):
        each = f"{path}/{name}"
        if each in DIRECTORIES or each in ("/.host", PROC):
            continue
        if any(place.startswith(f"{each}/") for place in DIRECTORIES):
            os.mkdir(f"{new}{each}")
            _mirror(new, each)
        elif os.path.islink(each) and not os.readlink(each).startswith("/"):
            os.symlink(os.readlink(each), f"{new}{each}")
        else:
            os.symlink(f"/.host{each}", f"{new}{each}")


class _Server:
    def __init__(self, root: str, release: str) -> None:
        self.where = ["-d", root, "-S", release]
        self.tree = f"{root}/lib/modules/{release}"
        self.written: list[str] = []

    def answers(
        self,
        files: dict[str, str],
        modules: dict[str, tuple[int, list[str]]],
        cmdline: str,
        calls: list[list[object]],
    ) -> list[tuple[object, object, object]]:
        self._set_up(files, modules, cmdline)
        wanted = [([w.replace(TREE, self.tree) for w in words], environment) for words, environment in calls]  # type: ignore[attr-defined]
        theirs = self._theirs(wanted)  # type: ignore[arg-type]
        found: list[tuple[object, object, object]] = []
        for (arguments, environment), his in zip(wanted, theirs, strict=True):
            ours = self._ours(arguments, environment)  # type: ignore[arg-type]
            found.append((his, ours, [] if his == ours else self._explanation(arguments, environment, his)))  # type: ignore[arg-type]
        return found

    def _set_up(self, files: dict[str, str], modules: dict[str, tuple[int, list[str]]], cmdline: str) -> None:
        for place in DIRECTORIES:
            shutil.rmtree(place)
            os.mkdir(place)
        files = {f"{TREE}/modules.softdep": "", f"{TREE}/modules.weakdep": "", **files}
        for name, text in files.items():
            path = Path(name.replace(TREE, self.tree))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8", "surrogateescape", newline="")
        Path(f"{PROC}/cmdline").write_text(cmdline + "\n", "utf-8", "surrogateescape")
        lines = []
        for old in os.listdir("/sys/module"):
            shutil.rmtree(f"/sys/module/{old}")
        for name, (count, holders) in modules.items():
            lines.append(f"{name} 100 {count} {''.join(f'{h},' for h in holders) or '-'} Live 0x0\n")
            for each in ("", *holders):
                os.makedirs(f"/sys/module/{name}/holders/{each}", exist_ok=True)
            Path(f"/sys/module/{name}/initstate").write_text("live\n")
            Path(f"/sys/module/{name}/refcnt").write_text(f"{count}\n")
        Path(f"{PROC}/modules").write_text("".join(lines))

    def _theirs(self, calls: list[tuple[list[str], str]]) -> list[tuple[int, str]]:
        lines = []
        for words, environment in calls:
            given = f"MODPROBE_OPTIONS={shlex.quote(environment)} " if environment else ""
            command = f"{given}timeout -s KILL 10 /sbin/modprobe {shlex.join([*self.where, *words])}"
            lines.append(f"{command} 2>/dev/null; printf '\\0%d\\0' $?")
        script = "\n".join(lines).encode("utf-8", "surrogateescape")
        done = subprocess.run(["/bin/sh"], input=script, capture_output=True, check=True)
        parts = done.stdout.split(b"\0")
        return [(int(s), t.decode("utf-8", "surrogateescape")) for t, s in zip(parts[::2], parts[1::2], strict=False)]

    def _ours(self, words: list[str], environment: str) -> tuple[int, str]:
        with pytest.MonkeyPatch.context() as patch:
            if environment:
                patch.setenv("MODPROBE_OPTIONS", environment)
            status, out = our_answer([*self.where, *words], LinuxKernel(PROC, "/sys", os.devnull))
        return status, out.decode("utf-8", "surrogateescape")

    def _explanation(self, words: list[str], environment: str, theirs: tuple[int, str]) -> list[str] | None:
        """Return the fewest entries of the list with which ours does exactly what kmod does; None when none do."""
        from tests.oracle.mended import MENDED

        seen = [m.name for m in MENDED if m.shows and m.shows(words, theirs)]
        if seen:
            return seen

        def alike(names: list[str]) -> bool:
            with pytest.MonkeyPatch.context() as patch:
                for each in MENDED:
                    if each.name in names and each.put_back:
                        each.put_back(patch)
                return self._ours(words, environment) == theirs

        names = [m.name for m in MENDED if m.put_back]
        if not alike(names):
            return None
        for name in list(names):
            fewer = [other for other in names if other != name]
            if alike(fewer):
                names = fewer
        return names


if __name__ == "__main__":
    main()
