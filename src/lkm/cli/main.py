"""``lkm`` itself: the first word, or argv[0] for the classic names, chooses the tool; only that is imported."""

from __future__ import annotations

import sys

from lkm.errors import LkmError, UsageError

#: The classic tools; a link of that name to ``lkm`` is that tool (``lkm tools DIR`` makes the links).
CLASSIC = ("depmod", "insmod", "lsmod", "modinfo", "modprobe", "rmmod")

#: First word → what ``lkm help`` says of it. Each is a module of this package with ``main(argv) -> int``.
TOOLS = {
    "autoclean": "remove idle modules that were loaded for a request, or say why each stays",
    "check": "tell whether modules would load into a kernel, and why not",
    "coldplug": "load what the devices need that are there",
    "completion": "print the completions of a shell",
    "depmod": "index a module tree: write modules.dep and the other modules.* files",
    "effects": "run a command, and tell what it changed in the kernel, by which module",
    "explain": "say what keeps a module from being loaded, and what to do",
    "graph": "draw which modules need which: SVG, HTML, DOT, JSON",
    "helper": "be what the kernel runs when it wants a module; tell what that is now",
    "history": "show the requests for modules, who made them, and what came of each",
    "info": "tell what is known of a module: file, state, users, parameters, hardware, configuration",
    "insmod": "load one module file",
    "ksyms": "list the symbols that a 2.4 kernel and its modules export",
    "lab": "run a command in a throwaway real kernel",
    "lint": "look through the configuration for what does not do what it seems to",
    "list": "list the loaded modules, with who uses them; as a table or a tree",
    "lkmd": "the daemon: load what devices, programs, the kernel and the boot ask for",
    "load": "load modules, with what they need; say what is done, and why not",
    "lsmod": "list the loaded modules",
    "modinfo": "show what a module file says of itself",
    "modprobe": "load or remove a module by name or alias, with what it needs",
    "policy": "tell which line of autoload.d allows or denies a request",
    "request": "ask the daemon for modules",
    "resolve": "tell which modules names and modaliases mean, thousands at once",
    "rmmod": "remove modules",
    "show": "another name of info",
    "sim": "make a simulated kernel, look at it, and use its devices and file systems",
    "surface": "tell which modules users without rights can have loaded; close the ways to them",
    "tools": "make links with the six classic names in a directory",
    "top": "watch the modules of a kernel: what is used, what comes and goes",
    "unload": "remove modules, with what they alone needed; say who uses one that stays",
}


def usage() -> str:
    """Return the text of ``lkm help``."""
    lines = ["usage: lkm TOOL [ARGUMENT...]", "", "tools:"]
    lines += [f"  {name:<10} {text}" for name, text in sorted(TOOLS.items())]
    lines += ["", "'lkm TOOL --help' tells the arguments of a tool. 'lkm sim tour' shows the tools at work."]
    return "\n".join(lines) + "\n"


def main(argv: list[str]) -> int:
    """Run the tool that ``argv`` (with argv[0]) names; return its exit status."""
    called_as = argv[0].rsplit("/", 1)[-1] if argv else "lkm"
    if called_as not in CLASSIC:
        argv = argv[1:]
        if not argv or argv[0] in ("help", "-h", "--help"):
            (sys.stdout if argv else sys.stderr).write(usage())
            return 0 if argv else 1
        if argv[0] in ("-V", "--version", "version"):
            from lkm import __version__

            sys.stdout.write(f"lkm {__version__}\n")
            return 0
        if argv[0] not in TOOLS:
            sys.stderr.write(f"lkm: there is no tool '{argv[0]}'; 'lkm help' lists them\n")
            return 1
        called_as = argv[0]
    if any(word.startswith("--ke") for word in argv):
        from lkm.cli import kernels

        if called_as not in kernels.OWN:
            try:
                argv = kernels.choose(argv)
            except UsageError as error:
                voice = called_as if called_as in (*CLASSIC, "ksyms", "resolve") else f"lkm {called_as}"
                sys.stderr.write(f"{voice}: ERROR: {error.what}\n  {error.hint}\n")
                return kernels.STATUS.get(called_as, 1)
    tool = __import__(f"lkm.cli.{called_as}", fromlist=["main"])
    status: int = tool.main(argv)
    return status


def run() -> None:
    """Console-script entry point: run the tool on sys.argv and leave with its status.

    A reader that goes away (``lkm lsmod | head -1``) ends the tool quietly, as it ends C tools. What no tool expects
    (no room for stdout, a working directory that was removed) is told in a line, with status 1.
    """
    if sys.stdout is None:
        _hold_stdout()
    if sys.stderr is not None:
        sys.stderr.reconfigure(encoding="utf-8", errors="surrogateescape")  # type: ignore[union-attr]
    try:
        status = main(sys.argv)
        sys.stdout.flush()
    except BrokenPipeError:
        _drop(1)
        status = 141
    except KeyboardInterrupt:
        status = 130
    except (OSError, LkmError, MemoryError) as error:
        _drop(1)
        status = give_up(error)
    try:
        if sys.stderr is not None:
            sys.stderr.flush()
    except OSError:
        _drop(2)
    if "atexit" not in sys.modules and "threading" not in sys.modules:
        # All is written, and nobody wants to be told of the end. What Python would still clear away takes 1.5 ms.
        import os

        os._exit(status)
    sys.exit(status)


def _hold_stdout() -> None:
    """Open something unwritable where stdout is closed, or else the next file that is opened would get the output."""
    import os

    while os.open(os.devnull, os.O_RDONLY) < 1:  # stdin is closed too
        pass
    sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115


def _drop(descriptor: int) -> None:
    """Give what stdout or stderr still holds a place to go, so that the last flush does not fail too."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)


def give_up(error: Exception) -> int:
    """Say why a tool ended that did not foresee this; return the exit status."""
    from lkm.cli.messages import Messages

    words = [sys.argv[0].rsplit("/", 1)[-1], *sys.argv[1:2]]
    say = Messages(next((word for word in words if word in TOOLS), "lkm"))
    if isinstance(error, OSError):
        text = f"could not write the output: {error.strerror}"
        if error.filename is not None:
            text = f"{error.filename}: {error.strerror}"
        elif isinstance(error, FileNotFoundError):  # os.getcwd
            text = "the working directory does not exist any more"
        say.fatal(text)
    else:
        say.fatal(str(error) or "not enough memory")
        say.detail(getattr(error, "hint", ""))
    return 1
