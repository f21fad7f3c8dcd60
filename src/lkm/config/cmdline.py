r"""The kernel command line → blacklists and options. Reads as kmod does (libkmod-config.c).

``module.param[=value]`` is an option of the module; ``modprobe.blacklist=a,b`` a blacklist. Double quotes keep spaces
in the value. A quote may also stand before the whole word, where boot loaders put it: ``"m.p=a b"`` means
``m.p="a b"``. A quote elsewhere before the value, a second dot before ``=``, or no dot at all: the word is not ours.

Names of ``modprobe.blacklist`` are folded here; kmod leaves the ``-`` in them, so that they never match anything.

>>> facts, problems = parse('quiet snd-x.index=1 "m.p=a b" modprobe.blacklist=e-f')
>>> [(f.module, getattr(f, "text", None)) for f in facts]
[('snd_x', 'index=1'), ('m', 'p="a b"'), ('e_f', None)]
"""

from __future__ import annotations

from lkm.config.lines import SPACES
from lkm.config.nouns import Blacklist, Directive, Forbid, Options
from lkm.errors import FormatError
from lkm.names import ModuleName, fold, fold_alias
from lkm.origin import Origin, Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

FILE = "/proc/cmdline"
_TRUE = tuple("1yYtT")
_DISABLING = ("nomodule", "sysctl.kernel.modules_disabled")


def parse(text: str, file: str = FILE) -> tuple[tuple[Directive, ...], tuple[Problem, ...]]:
    """Return the directives in order, and the problems (with the column in the text). Never raises."""
    text = text.split("\0", 1)[0]
    facts: list[Directive] = []
    problems: list[Problem] = []
    for start, word in _words(text):
        parts = _split(word)
        if parts is None:
            continue
        name, option = parts
        origin = Origin(file, 0, word)
        if name == "modprobe" and option.startswith("blacklist="):
            facts += [Blacklist(fold(each), origin) for each in option[len("blacklist=") :].split(",")]
            continue
        try:
            module = ModuleName(fold_alias(name))
        except FormatError as error:
            message = f"bad module name '{name}'"
            problems.append(Problem(Origin(file), message, text, start + 1, error.what))
            continue
        facts.append(Options(module, option.replace("\t", " "), origin))
    return tuple(facts), tuple(problems)


def kernels_blacklist(text: str) -> tuple[str, ...]:
    """Return the names of the modules that the kernel itself refuses to load, because its command line says so.

    That is ``module_blacklist=a,b`` (kernel/module/main.c, ``blacklisted``): names must be exact; of several words
    the last counts, and what follows ``--`` is for init.

    >>> kernels_blacklist("quiet module_blacklist=a module_blacklist=b,c -- module_blacklist=d")
    ('b', 'c')
    >>> kernels_blacklist("module_blacklist=a module-blacklist=b-c")
    ('b-c',)
    """
    from lkm.config.parameters import parameter, parameters

    found = ""
    for word in parameters(text.replace("\n", " ")):
        if word == "--":
            break
        if parameter(word)[0] == "module_blacklist":
            found = parameter(word)[1]
    return tuple(filter(None, found.split(",")))


def kernels_forbids(text: str, file: str = FILE) -> tuple[Forbid, ...]:
    """Return the same as directives, those that a module can have for its name: it has ``_``, never ``-``.

    >>> [(f.module, f.origin.word) for f in kernels_forbids("quiet module_blacklist=a,b-c")]
    [('a', 'module_blacklist=a,b-c')]
    """
    names = kernels_blacklist(text)
    word = f"module_blacklist={','.join(names)}"
    return tuple([Forbid(fold(each), "", Origin(file, 0, word)) for each in names if "-" not in each])


def kernels_policy(text: str) -> dict[str, str]:
    """Return what a kernel command line decides: ``sig_enforce``, ``lockdown``, ``modules_disabled``, ``blacklist``.

    kernel/module/signing.c (``module.sig_enforce``, a bool that can only be switched on), kernel/module/main.c
    (``nomodule``, ``module_blacklist``), security/lockdown/lockdown.c (``lockdown``), fs/proc/proc_sysctl.c.

    >>> kernels_policy("quiet module.sig_enforce lockdown=integrity module_blacklist=a,b -- nomodule")
    {'sig_enforce': '1', 'lockdown': 'integrity', 'blacklist': 'a,b'}
    >>> kernels_policy("module.sig_enforce=0 sysctl.kernel.modules_disabled=1 lockdown=x")
    {'modules_disabled': '1'}
    """
    from lkm.config.parameters import parameter, parameters

    found: dict[str, str] = {}
    for word in parameters(text.replace("\n", " ")):
        if word == "--":
            break
        key, value = parameter(word)
        if key == "module.sig_enforce" and ("=" not in word or value[:1] in _TRUE):
            found["sig_enforce"] = "1"
        elif key == "lockdown" and value in ("integrity", "confidentiality"):
            found["lockdown"] = value
        elif key == "module_blacklist":
            found["blacklist"] = value
        elif word == "nomodule" or (key in _DISABLING and value[:1] in _TRUE):
            found["modules_disabled"] = "1"
    return found


def _words(text: str) -> Iterator[tuple[int, str]]:
    """Yield (place, word): words end at space outside quotes; one with an open quote at the end is lost."""
    start, quoted = 0, False
    for at, char in enumerate(text):
        if char == '"':
            quoted = not quoted
        elif char in SPACES and not quoted:
            if at > start:
                yield start, text[start:at]
            start = at + 1
    if not quoted and start < len(text):
        yield start, text[start:]


def _split(word: str) -> tuple[str, str] | None:
    """Return module name and ``param[=value]`` of a word, or None when it is no module's option."""
    wrapped = word[0] == '"'
    head, equals, value = word[wrapped:].partition("=")
    name, dot, param = head.partition(".")
    if not dot or "." in param or '"' in head or any(space in head for space in SPACES):
        return None
    return name, param + equals + ('"' if wrapped else "") + value
