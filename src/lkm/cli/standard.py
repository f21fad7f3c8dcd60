"""What every classic tool does alike with its arguments: bad ones, ``--help`` and ``--version``."""

from __future__ import annotations

import sys

from lkm.cli.options import Option, help_text, parse
from lkm.errors import UsageError

VERSION = Option("V", "version", "", "print the version")
HELP = Option("h", "help", "", "print this help")
JSON = Option("", "json", "", "answer with a JSON object (docs/json.md)")
#: Of tools that load or remove, for what fails.
CLASSIC = Option("", "classic", "", "of what fails, say the line that kmod says and no explanation", whole=True)
INCIDENT = Option(
    "", "incident", "FILE", "when it fails, write the evidence there, for lkm explain --incident FILE", whole=True
)
#: For help texts alone: lkm.cli.main takes it out of the command line (lkm.cli.kernels.choose).
KERNEL = Option("", "kernel", "KERNEL", "live, or sim:FILE for a simulated one; before LKM_KERNEL")


def understand(
    tool: str, usage: str, table: tuple[Option, ...], argv: list[str]
) -> tuple[list[tuple[str, str]], list[str]] | int:
    """Return the options and operands of ``argv`` (without argv[0]), or the exit status when that is all.

    ``--help`` and ``--version`` are answered here; so is an option that is not in the table.
    """
    try:
        options, operands = parse(table, argv, (HELP.key, VERSION.key))
    except UsageError as error:
        sys.stderr.write(f"{tool}: {error.what}\n")
        return 1
    for key, _ in options:
        if key == "help":
            sys.stdout.write(help_text(usage, table if tool == "lkm tools" else (*table, KERNEL)))
            return 0
        if key == "version":
            from lkm import __version__

            sys.stdout.write(f"lkm version {__version__}\n")
            return 0
    return options, operands
