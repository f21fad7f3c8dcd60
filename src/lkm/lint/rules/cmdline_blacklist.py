"""A blacklist of the kernel command line that does not hold.

``module_blacklist=`` is compared with names exactly: a module's name has ``_``, never ``-``. Of several such words
the last counts alone. And ``modprobe.blacklist=`` must be written so; kmod and udev compare its names exactly, too
(lkm takes ``-`` for ``_``).

Remedy: the right spelling, which is told; all names in one word.
"""

from __future__ import annotations

from lkm.config.parameters import parameter, parameters
from lkm.lint.nouns import ERROR, Flaw
from lkm.lint.sheet import CMDLINE
from lkm.origin import Origin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkm.lint.case import Case
    from lkm.lint.nouns import Flaw

CODE = "cmdline-blacklist"
NEEDS_TREE = False
_SLIPS = ("blacklist", "modprobe_blacklist", "module.blacklist", "modules.blacklist", "modules_blacklist")


def find(case: Case) -> Iterator[Flaw]:
    """Yield a flaw for each word that does not do what it says."""
    for sheet in case.sheets:
        if sheet.kind != CMDLINE:
            continue
        line = sheet.text.rstrip("\n")
        every = parameters(line)
        kernels = every[: every.index("--")] if "--" in every else every  # the rest is for init
        found = [(word, *parameter(word)) for word in kernels]
        last = next((word for word, key, _ in reversed(found) if key == "module_blacklist"), "")
        for word, key, value in found:
            if key == "module_blacklist" and word != last:
                what, advice = f"only the last one counts: {last}", f"{last},{value}"
            elif key == "module_blacklist" and "-" in value:
                what = "names with '-' match no module"
                advice = f"module_blacklist={value.replace('-', '_')}"
            elif key == "modprobe.blacklist" and "-" in value:
                what, advice = "kmod and udev match no module with '-'", f"{key}={value.replace('-', '_')}"
            elif key in _SLIPS:
                what, advice = f"nobody reads '{key}='", f"modprobe.blacklist={value} or module_blacklist={value}"
            else:
                continue
            why = "programs know words by names" if key in _SLIPS else "names are compared as they are"
            yield Flaw(CODE, ERROR, what, Origin(sheet.path, 0, word), line, line.find(word) + 1, why, advice)
