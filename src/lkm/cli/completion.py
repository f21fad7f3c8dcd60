"""``lkm completion``: the shells' completions, and the names that they ask for while one types."""

from __future__ import annotations

import os
import sys

from lkm.cli.kernels import open_kernel
from lkm.cli.options import Option
from lkm.cli.standard import HELP, VERSION, understand
from lkm.errors import LkmError, UsageError
from lkm.kernel.linux import LinuxKernel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

#: What can be asked for by --names: the modules of the tree, and those in the kernel.
NAMES = ("modules", "loaded")
USAGE = """lkm completion bash|fish|zsh

Prints the completions of a shell, to be kept where it looks for them:

  lkm completion bash > /etc/bash_completion.d/lkm
  lkm completion zsh > /usr/local/share/zsh/site-functions/_lkm
  lkm completion fish > ~/.config/fish/completions/lkm.fish

They ask for the names of modules with --names."""
OPTIONS = (Option("", "names", "KIND", "print names instead: modules (of the tree) or loaded"), VERSION, HELP)


def main(argv: list[str]) -> int:
    """Print; status 1 for what is no shell or kind."""
    understood = understand("lkm completion", USAGE, OPTIONS, argv[1:])
    if isinstance(understood, int):
        return understood
    options, operands = understood
    try:
        kind = dict(options).get("names", "")
        sys.stdout.write("".join([f"{name}\n" for name in _names(kind)]) if kind else _script(operands))
    except UsageError as error:
        sys.stderr.write(f"lkm completion: {error.what}\n  {error.hint}\n")
        return 1
    return 0


def _script(operands: list[str]) -> str:
    directory = f"{os.path.dirname(os.path.dirname(__file__))}/share/completions"
    shells = sorted(name.removeprefix("lkm.") for name in os.listdir(directory))
    if len(operands) != 1 or operands[0] not in shells:
        raise UsageError("name one shell", hint=f"one of: {' '.join(shells)}")
    with open(f"{directory}/lkm.{operands[0]}", encoding="utf-8") as file:
        return file.read()


def _names(kind: str) -> Iterable[str]:
    """Return names, sorted; none where they cannot be had: a shell that completes wants no errors."""
    if kind not in NAMES:
        raise UsageError(f"there are no names of kind '{kind}'", hint=f"one of: {' '.join(NAMES)}")
    from lkm.system.indexfiles import open_index
    from lkm.system.tree import modules_dir

    try:
        kernel = open_kernel(LinuxKernel)
        if kind == "loaded":
            return sorted(module.name for module in kernel.state().modules)
        index = open_index(modules_dir(kernel.root(), kernel.release()))
        return [entry.name for entry in index.all_modules()]
    except LkmError:
        return []
