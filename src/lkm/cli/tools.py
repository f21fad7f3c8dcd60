"""``lkm tools DIR``: links to ``lkm`` with the names of the six classic tools."""

from __future__ import annotations

import os
import sys

from lkm.cli.main import CLASSIC
from lkm.cli.options import Option
from lkm.cli.standard import HELP, VERSION, understand
from lkm.errors import LkmError, MachineError, NotFound, UsageError

USAGE = """lkm tools [--force] DIR

Makes links to lkm in DIR (made if need be), named depmod, insmod, lsmod, modinfo, modprobe and rmmod; each
is that tool. PATH is left to you."""
OPTIONS = (Option("f", "force", "", "replace files of these names"), VERSION, HELP)


def main(argv: list[str]) -> int:
    """Make the links, all or none; print what was done. Status 1 when that is not possible."""
    understood = understand("lkm tools", USAGE, OPTIONS, argv[1:])
    if isinstance(understood, int):
        return understood
    options, operands = understood
    try:
        if len(operands) != 1 or not operands[0]:
            raise UsageError("name one directory", hint="for example: lkm tools ~/bin")
        sys.stdout.write(make_links(operands[0], launcher(), force=("force", "") in options))
    except LkmError as error:
        sys.stderr.write(f"lkm tools: {error}\n")
        if error.hint:
            sys.stderr.write(f"  {error.hint}\n")
        return 1
    return 0


def launcher() -> str:
    """Return the real path of the ``lkm`` that was started. Raises NotFound."""
    started = sys.argv[0]
    beside = os.path.join(os.path.dirname(sys.executable), "lkm")
    for path in (os.path.realpath(started), beside):
        if os.path.basename(path) == "lkm" and os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    raise NotFound(
        "the lkm program cannot be found, so there is nothing to link to",
        hint=f"this was started as {started}; start it as the file named lkm that pip or make setup installed",
    )


def make_links(directory: str, target: str, *, force: bool) -> str:
    """Make the links; return what was done, as text. Raises MachineError before anything is changed if one cannot be.

    A link that is there already and leads to ``target`` is kept. Anything else of that name is replaced by ``force``,
    but never a directory.
    """
    try:
        os.makedirs(directory, exist_ok=True)
        missing = [name for name in CLASSIC if not _leads(os.path.join(directory, name), target)]
        taken = [name for name in missing if os.path.lexists(os.path.join(directory, name))]
        stuck = [name for name in taken if not force or _is_directory(os.path.join(directory, name))]
        if stuck:
            hint = "choose another directory" if force else "choose another directory, or replace them with --force"
            raise MachineError(f"not made by lkm tools: {' '.join(stuck)}; nothing was changed", directory, hint=hint)
        for name in missing:
            _link(target, os.path.join(directory, name))
    except FileExistsError:
        raise MachineError("is not a directory", directory) from None
    except OSError as error:
        where = error.filename2 or error.filename or directory
        raise MachineError(error.strerror or str(error), os.fsdecode(where), error.errno or 0) from None
    made = (
        f"made in {directory}, as links to {target}: {' '.join(missing)}" if missing else "all six links were there"
    )
    return f"{made}\n{_path_advice(directory)}\n"


def _leads(link: str, target: str) -> bool:
    return os.path.islink(link) and os.path.realpath(link) == target


def _is_directory(path: str) -> bool:
    return os.path.isdir(path) and not os.path.islink(path)


def _link(target: str, path: str) -> None:
    """Put the link in place by a rename, so that the name never is missing meanwhile."""
    fresh = f"{path}.new-{os.getpid()}"
    os.symlink(target, fresh)
    try:
        os.replace(fresh, path)
    except OSError:
        os.unlink(fresh)
        raise


def _path_advice(directory: str) -> str:
    full = os.path.realpath(directory)
    if any(os.path.realpath(place) == full for place in os.environ.get("PATH", "").split(":") if place):
        return f"{directory} is on your PATH: the first of each name there is what runs."
    return f'{directory} is not on your PATH. To have it there in this shell: PATH="{full}:$PATH"'
