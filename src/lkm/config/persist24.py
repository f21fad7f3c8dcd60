r"""Files of persistent parameters (modutils 2.4: insmod -e): ``KEY=VALUE`` lines, with the comments of their owner.

The line ``#% RELEASE TIME`` tells what wrote it last; it is renewed, and all other comments are kept where they are.

>>> text = renewed("# my card\nio=1\n", {"io": "0x300", "irq": "11"}, "2.4.2-2", "20010408000000")
>>> text
'#% 2.4.2-2 20010408000000\n# my card\nio=0x300\nirq=11\n'
>>> parse(text, "ne")[0]
('io=0x300', 'irq=11')
"""

from __future__ import annotations

from lkm.origin import Origin, Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_MARK = "#%"


def parse(text: str, file: str) -> tuple[tuple[str, ...], tuple[Problem, ...]]:
    """Return the ``KEY=VALUE`` words in order, and the lines that are none."""
    words = []
    problems = []
    for number, row in enumerate(text.split("\n"), 1):
        line = row.strip()
        if not line or line.startswith("#"):
            continue
        key, equals, _ = line.partition("=")
        if equals and key.strip() == key and key:
            words.append(line)
        else:
            problems.append(Problem(Origin(file, number), "not of the form KEY=VALUE", row, 1, "write KEY=VALUE"))
    return tuple(words), tuple(problems)


def renewed(text: str, values: Mapping[str, str], release: str, time: str) -> str:
    """Return the text with these values: in the place of their old ones, or at the end."""
    left = dict(values)
    lines = [f"{_MARK} {release} {time}"]
    for row in text.removesuffix("\n").split("\n") if text else ():
        key = row.strip().partition("=")[0]
        if row.startswith(_MARK):
            continue
        if not row.lstrip().startswith("#") and key in values:
            if key in left:
                lines.append(f"{key}={left.pop(key)}")
            continue
        lines.append(row)
    return "\n".join([*lines, *[f"{key}={value}" for key, value in left.items()]]) + "\n"
