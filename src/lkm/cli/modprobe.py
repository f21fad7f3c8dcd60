"""``modprobe``: load or remove modules by name or alias, with what they need (kmod: tools/modprobe.c)."""

from __future__ import annotations

import os

from lkm.cli import messages
from lkm.cli.kernels import kernel24
from lkm.cli.options import Option
from lkm.cli.standard import CLASSIC, HELP, INCIDENT, JSON, VERSION, understand
from lkm.errors import LkmError
from lkm.kernel.interface import IGNORE_MODVERSIONS, IGNORE_VERMAGIC

USAGE = """modprobe [options] NAME [PARAMETER=VALUE...]
       modprobe [options] -a NAME...
       modprobe [options] -r [NAME...]
       modprobe [options] -c | --show-modversions FILE | --show-exports FILE"""
OPTIONS = (
    Option("a", "all", "", "every argument is a module to load; go on when one fails"),
    Option(
        "r", "remove", "", "remove modules, and what they alone needed; without names: what is idle and was marked"
    ),
    Option("", "remove-holders", "", "with -r: remove the modules that use it first"),
    Option("", "remove-dependencies", "", "old name of --remove-holders", "remove-holders"),
    Option("w", "wait", "MSEC", "with -r: try again for so long while a module is in use"),
    Option("k", "autoclean", "", "mark what is loaded for autoclean: it may go when it is idle", whole=True),
    Option("", "first-time", "", "fail when the module is in the kernel (with -r: is not) already"),
    Option("", "keep-partial", "", "when loading fails, leave in what was loaded for it, as kmod does"),
    Option("i", "ignore-install", "", "ignore commands and softdeps of the module that is named"),
    Option("", "ignore-remove", "", "the same", "ignore-install"),
    Option("b", "use-blacklist", "", "apply the blacklist to names too, not only to aliases"),
    Option("", "override-forbid", "", "load what the configuration forbids, in this one call"),
    Option("f", "force", "", "both of the next two; with -r: even if it is in use. DANGEROUS"),
    Option("", "force-modversion", "", "ignore symbol versions. DANGEROUS"),
    Option("", "force-vermagic", "", "ignore the kernel version that it was built for. DANGEROUS"),
    Option("R", "show-alias", "", "print the modules that a name or alias means"),
    Option("", "resolve-alias", "", "old name of --show-alias", "show-alias"),
    Option("D", "show-depends", "", "print what would be loaded into an empty kernel"),
    Option("c", "show-config", "", "print the configuration and the indexes"),
    Option("", "origin", "", "with -c: the configuration alone, each line with its place and what overrides it"),
    Option("", "showconfig", "", "old name of --show-config", "show-config"),
    Option("", "show-modversions", "", "print the symbols that a module file needs, with CRCs"),
    Option("", "dump-modversions", "", "old name of --show-modversions", "show-modversions"),
    Option("", "show-exports", "", "print the symbols that a module file offers, with CRCs"),
    Option("n", "dry-run", "", "do nothing; with -v, print what would be done"),
    Option("", "show", "", "old name of --dry-run", "dry-run"),
    Option("C", "config", "PATH", "read this file or directory, not the usual ones; may be repeated"),
    Option("", "no-cmdline", "", "do not read the kernel command line; with -C, nothing but what that names"),
    Option("d", "dirname", "DIR", "the root below which modules are"),
    Option("", "extra-root", "ROOT", "take modules below this root too, the last first; may be repeated"),
    Option("S", "set-version", "VERSION", "the kernel's release, if not the running one"),
    Option("s", "syslog", "", "say messages to syslog, not stderr"),
    Option("q", "quiet", "", "say no messages"),
    Option("v", "verbose", "", "print what is done, and of what fails all that is known; twice: say more"),
    CLASSIC,
    INCIDENT,
    JSON,
    VERSION,
    HELP,
)
#: Options that commands' own modprobe shall have too, by way of MODPROBE_OPTIONS.
_INHERITED = {
    "config": "-C",
    "no-cmdline": "--no-cmdline",
    "extra-root": "--extra-root",
    "syslog": "-s",
    "quiet": "-q",
    "classic": "--classic",
    "verbose": "-v",
}


class Choices:
    """The command line, understood. ``inherited`` is what MODPROBE_OPTIONS is to be for commands."""

    def __init__(self, options: list[tuple[str, str]], environment: str) -> None:
        """Raises LkmError when --wait has no number."""
        self.values: dict[str, str] = {}
        self.configs: list[str] = []
        self.extra_roots: list[str] = []
        self.verbosity = messages.WARNING
        self.inherited = environment
        for key, value in options:
            self.values[key] = value
            if key == "config":
                self.configs.append(value)
            elif key == "extra-root":
                self.extra_roots.append(value)
            elif key == "quiet":
                self.verbosity = 0
            elif key == "verbose":
                self.verbosity += 1
            if letter := _INHERITED.get(key):
                self.inherited = " ".join(filter(None, (self.inherited, letter, value)))
        self.wait = milliseconds(self.values.get("wait", "0"))

    def has(self, key: str) -> bool:
        """Tell whether an option was given."""
        return key in self.values

    @property
    def removes(self) -> bool:
        """Tell whether this is about removing."""
        return self.has("remove") or self.has("remove-holders")

    @property
    def dry(self) -> bool:
        """Tell whether nothing is to be done."""
        return self.has("dry-run") or self.has("show-depends")

    @property
    def shows(self) -> bool:
        """Tell whether steps are printed."""
        return self.verbosity > messages.WARNING or self.has("show-depends")

    @property
    def flags(self) -> int:
        """Return the flags for loading."""
        everything = IGNORE_MODVERSIONS | IGNORE_VERMAGIC if self.has("force") else 0
        modversion = IGNORE_MODVERSIONS if self.has("force-modversion") else 0
        return everything | modversion | (IGNORE_VERMAGIC if self.has("force-vermagic") else 0)


def main(argv: list[str]) -> int:
    """Do what the arguments say; 0 when all of it was done, else 1 (-q changes what is said, not that)."""
    if (world := kernel24()) is not None:
        from lkm.cli import modprobe24

        return modprobe24.main(argv, world)
    if argv[-2:-1] == ["--"] and _from_kernel(argv[1:]):
        from lkm.cli import kernelhelper

        return kernelhelper.main(argv[-1])
    environment = os.environ.get("MODPROBE_OPTIONS", "")
    understood = understand("modprobe", USAGE, OPTIONS, [*split_words(environment), *argv[1:]])
    if isinstance(understood, int):
        return understood
    options, operands = understood
    say = messages.Messages("modprobe", to_syslog=("syslog", "") in options)
    try:
        choices = Choices(options, environment)
    except LkmError as error:
        say.error(error.what)
        return 1
    # Errors of the command line are said in spite of -q, as kmod does.
    if choices.has("origin") and not choices.has("show-config"):
        say.error("--origin is an option of -c (--show-config).")
        return 1
    if choices.values.get("set-version", "any") == "":  # from an empty variable, so not meant for the running kernel
        say.error("the version after -S (--set-version) is empty.")
        return 1
    sweeps = choices.removes and not choices.has("json")
    if not operands and not choices.has("show-config") and not sweeps:
        say.error("missing parameters. See -h.")
        return 1
    say.priority = choices.verbosity
    say.classic = choices.has("classic")
    if choices.has("json"):
        from lkm.cli.answer import answer
        from lkm.cli.modprobe_json import fill

        return answer("modprobe", say, lambda fields: fill(fields, choices, operands, say))
    for kind in ("show-modversions", "show-exports"):
        if choices.has(kind) and operands:
            from lkm.cli.modprobe_show import show_symbols

            return show_symbols(operands[0], kind, say)
    from lkm.cli.modprobe_run import Session

    session = Session(choices, say)
    if choices.has("show-config"):
        from lkm.cli.modprobe_show import config_dump

        configs = tuple(choices.configs) if choices.has("origin") else None
        session.out.append(config_dump(session.world, session.index, configs=configs))
        session.flush()
        return 0
    return session.run(operands) if operands else session.sweep()


def _from_kernel(words: list[str]) -> bool:
    """Tell whether this machine's kernel has called us; one in a file has its calls answered as a person's."""
    from lkm.cli.kernels import is_live
    from lkm.kernel.helper import is_call

    return is_call(words, dict(os.environ)) and is_live()


def milliseconds(text: str) -> int:
    """Return the number of --wait: decimal, or hexadecimal after 0x, or octal after 0 (as strtoul(3)).

    Raises LkmError when it is none.

    >>> milliseconds("10"), milliseconds("0x10"), milliseconds("010"), milliseconds("0")
    (10, 16, 8, 0)
    """
    base = 16 if text[:2] in ("0x", "0X") else 8 if text[:1] == "0" else 10
    digits = text[2:] if base == 16 else text
    if digits.isascii() and digits.isalnum() and len(digits) <= 18:
        try:
            return int(digits, base)
        except ValueError:
            pass
    raise LkmError(f"unexpected wait value '{text}'.")


def split_words(text: str) -> list[str]:
    r"""Split the text of MODPROBE_OPTIONS at blanks that are not in quotes.

    >>> split_words("-v -C '/a b'  x\"y z\"")
    ['-v', '-C', '/a b', 'xy z']
    >>> split_words('-v "a')
    ['-v', '"a']
    """
    words: list[str] = []
    at = 0
    word: str | None = None
    while at < len(text):
        char = text[at]
        end = text.find(char, at + 1) if char in "\"'" else -1
        if end >= 0:
            word = (word or "") + text[at + 1 : end]
            at = end
        elif char in " \t\n":
            if word is not None:
                words.append(word)
            word = None
        else:
            word = (word or "") + char
        at += 1
    return words if word is None else [*words, word]
