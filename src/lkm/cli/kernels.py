"""Which kernel a tool works on: this machine's, or the simulated one that --kernel or LKM_KERNEL names."""

from __future__ import annotations

import os

from lkm.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from lkm.kernel.interface import ShownKernel
    from lkm.kernel.sim.kernel24 import Kernel24

VARIABLE = "LKM_KERNEL"
#: Tools that read this option themselves; to ``lab`` it means another thing.
OWN = ("lab", "sim", "tools")
#: The exit status for an option that makes no sense; 1 for tools that are not here.
STATUS = {"effects": 2, "info": 2, "list": 2, "load": 2, "resolve": 2, "show": 2, "unload": 2}
_OPTION = "--kernel"

#: The simulated kernel that has itself started this process, if one has; its environment does not tell.
started_by = ""


def choose(argv: list[str]) -> list[str]:
    """Take ``--kernel SPEC`` out of a command line (with argv[0]), and put SPEC into LKM_KERNEL.

    So it reaches commands that the tool starts, too, wherever they run: a path is made absolute. The option is taken
    out before the tool reads its own, as the kernel decides which those are (2.4's differ). It may be cut short to
    ``--ke``; the last one counts; what follows ``--`` is left alone. Raises UsageError.
    """
    left: list[str] = []
    rest = list(reversed(argv))
    spec = None
    while rest:
        word = rest.pop()
        if word == "--":
            return _chosen(spec, [*left, word, *reversed(rest)])
        name, equals, value = word.partition("=")
        if not (name.startswith("--ke") and _OPTION.startswith(name)):
            left.append(word)
            continue
        if not equals and not rest:
            raise UsageError(f"option '{_OPTION}' requires an argument", hint=_values())
        spec = value if equals else rest.pop()
    return _chosen(spec, left)


def _chosen(spec: str | None, left: list[str]) -> list[str]:
    global started_by
    if spec is not None:
        kind, colon, path = spec.partition(":")
        if spec != "live" and not (kind == "sim" and path):
            raise UsageError(f"unknown kernel '{spec}'", hint=_values())
        started_by = ""
        os.environ[VARIABLE] = f"{kind}{colon}{os.path.abspath(path)}" if path else spec
    return left


def open_kernel(live: Callable[[], ShownKernel], spec: str | None = None) -> ShownKernel:
    """Return the kernel of ``spec`` (None: of LKM_KERNEL): ``live`` or empty: the live one, ``sim:FILE``: a world.

    Raises MachineError for anything else, and for a file that is no world.
    """
    spec = started_by or os.environ.get(VARIABLE, "") if spec is None else spec
    if spec in ("", "live"):
        return live()
    from lkm.manager.kernels import kernel_of

    return kernel_of(spec, VARIABLE)


def current() -> ShownKernel:
    """Return the kernel of LKM_KERNEL, for what seldom needs one."""
    from lkm.kernel.linux import LinuxKernel

    return open_kernel(LinuxKernel)


def _values() -> str:
    from lkm.manager.kernels import VALUES

    return VALUES


def for_commands() -> dict[str, str]:
    """Return what commands that a tool starts must be told, to work on the same kernel; the rest they inherit."""
    return {VARIABLE: started_by} if started_by else {}


def is_live() -> bool:
    """Tell whether this machine's kernel is the one."""
    return (started_by or os.environ.get(VARIABLE, "")) in ("", "live")


def place() -> tuple[str, str]:
    """Return the root ("" for /) and the release of the kernel whose modules are meant, unless told otherwise."""
    if is_live():
        return "", os.uname().release
    kernel = open_kernel(_never)
    return kernel.root(), kernel.release()


def kernel24() -> Kernel24 | None:
    """Return the kernel of LKM_KERNEL where it is a world that speaks 2.4; None, at next to no cost, for others."""
    if not (started_by or os.environ.get(VARIABLE, "")).startswith("sim:"):
        return None
    kernel = open_kernel(_never)
    from lkm.kernel.sim.kernel24 import Kernel24

    return kernel if isinstance(kernel, Kernel24) else None


def world24() -> Kernel24 | None:
    """Return what ``kernel24`` does; None where no world can be opened, for tools that mostly need no kernel."""
    from lkm.errors import LkmError

    try:
        return kernel24()
    except LkmError:
        return None


def of_today() -> None:
    """Raise UsageError where the kernel is a world that speaks 2.4, for tools that do not."""
    if kernel24() is not None:
        raise UsageError(
            "this kernel is a Linux 2.4", hint="modprobe, depmod, insmod, rmmod, lsmod, modinfo and ksyms speak it"
        )


def _never() -> ShownKernel:
    raise AssertionError("a live kernel was asked for")
