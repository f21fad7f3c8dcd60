"""``lkm`` itself: the first word, or argv[0] for the classic names, chooses the tool; only that is imported."""

from __future__ import annotations

import sys

#: The classic tools; a link of that name to ``lkm`` is that tool (``lkm tools DIR`` makes the links).
CLASSIC = ("depmod", "insmod", "lsmod", "modinfo", "modprobe", "rmmod")

#: First word → what ``lkm help`` says of it. Each is a module of this package with ``main(argv) -> int``.
TOOLS = {
    "depmod": "index a module tree: write modules.dep and the other modules.* files",
    "insmod": "load one module file",
    "lab": "run a command in a throwaway real kernel",
    "lsmod": "list the loaded modules",
    "modinfo": "show what a module file says of itself",
    "modprobe": "load or remove a module by name or alias, with what it needs",
    "rmmod": "remove modules",
    "tools": "make links with the six classic names in a directory",
}


def usage() -> str:
    """Return the text of ``lkm help``."""
    lines = ["usage: lkm TOOL [ARGUMENT...]", "", "tools:"]
    lines += [f"  {name:<10} {text}" for name, text in sorted(TOOLS.items())]
    lines += ["", "'lkm TOOL --help' tells the arguments of a tool."]
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
    tool = __import__(f"lkm.cli.{called_as}", fromlist=["main"])
    status: int = tool.main(argv)
    return status


def run() -> None:
    """Console-script entry point: run the tool on sys.argv and leave with its status.

    A reader that goes away (``lkm lsmod | head -1``) ends the tool quietly, as it ends C tools.
    """
    try:
        status = main(sys.argv)
        sys.stdout.flush()
    except BrokenPipeError:
        import os

        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        status = 141
    except KeyboardInterrupt:
        status = 130
    sys.exit(status)
