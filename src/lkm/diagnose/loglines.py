"""What the kernel's log says of a load: its lines as facts (kernel/module/*.c, kernel/params.c print them)."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

#: What dmesg, journalctl, syslog files and /dev/kmsg put before the text of a line.
_PREFIX = re.compile(
    r"^(?:\d+,\d+,\d+,[^;]*;|(?:.{0,60}? kernel: )?(?:<\d+>)?(?:\[ *\d+\.\d+\](?:\[ *[TC]\d+\])? )?(?:<\d+>)?)"
)
#: A line that says why a module was refused → the errno that goes with it; the module's name is in it.
_REFUSALS = (
    (re.compile(r"^(\w[\w-]*): Unknown symbol \S+ \(err -2\)"), "ENOENT"),
    (re.compile(r"^(\w[\w-]*): Unknown symbol \S+ \(err -22\)"), "EINVAL"),
    (re.compile(r"^(\w[\w-]*): disagrees about version of symbol module_layout$"), "ENOEXEC"),
    (re.compile(r"^(\w[\w-]*): disagrees about version of symbol "), "EINVAL"),
    (re.compile(r"^(\w[\w-]*): version magic '"), "ENOEXEC"),
    (re.compile(r"^(\w[\w-]*): exports duplicate symbol "), "ENOEXEC"),
    (re.compile(r"^(\w[\w-]*): module uses symbol \(.*\) from namespace .*, but does not import it"), "EINVAL"),
    (re.compile(r"^(\w[\w-]*): module has no symbols \(stripped\?\)"), "ENOEXEC"),
    (re.compile(r"^(\w[\w-]*): No module found in object"), "ENOEXEC"),
    (re.compile(r"^(\w[\w-]*): module is already loaded"), "EINVAL"),
    (re.compile(r"^(\w[\w-]*): .*section size must match the kernel's built struct module"), "ENOEXEC"),
    (re.compile(r"^\w+: (\w[\w-]*): Unknown rela relocation: "), "ENOEXEC"),
    (re.compile(r"^(\w[\w-]*): `.*' invalid for parameter `"), "EINVAL"),
    (re.compile(r"^(\w[\w-]*): `.*' too large for parameter `"), "ENOSPC"),
    (re.compile(r"^Module (\w[\w-]*) is blacklisted"), "EPERM"),
    (re.compile(r"^(\w[\w-]*): unknown parameter '.*' ignored"), ""),
)


_TOO_LONG = ": string parameter too long"


def unknown_symbols(log: Iterable[str], error: int = 2) -> list[str]:
    """Return the symbols that were called unknown with this error number, sorted (``simplify_symbols``).

    >>> unknown_symbols(["msdos: Unknown symbol fat_b (err -2)", "x: Unknown symbol fat_a (err -2)", "hello"])
    ['fat_a', 'fat_b']
    """
    found = set()
    for line in log:
        _, mark, rest = line.partition(": Unknown symbol ")
        symbol, mark, number = rest.partition(" (err -") if mark else ("", "", "")
        if mark and number == f"{error})":
            found.add(symbol)
    return sorted(found)


def bad_parameters(log: Iterable[str]) -> list[tuple[str, str, str]]:
    """Return (parameter, value, "invalid" or "too large") of the values that were refused (``parse_args``).

    >>> bad_parameters(["dummy: `abc' invalid for parameter `numdummies'"])
    [('numdummies', 'abc', 'invalid')]
    """
    found = []
    for line in log:
        if line.endswith(_TOO_LONG):  # the line that names the value is cut, as no record of the log is that long
            found.append((line.removesuffix(_TOO_LONG), "", "too large"))
        for how in ("invalid", "too large"):
            left, mark, right = line.partition(f"' {how} for parameter `")
            if mark:
                found.append((right.rstrip("'"), left.partition("`")[2], how))
    return found


def between(log: Iterable[str], before: str, after: str) -> list[str]:
    """Return what stands between two texts, of each line that has both.

    >>> between(["Module x is blacklisted", "other"], "Module ", " is blacklisted")
    ['x']
    """
    found = []
    for line in log:
        _, start, rest = line.partition(before)
        inside, end, _ = rest.partition(after) if after else (rest, "x", "")
        if start and end:
            found.append(inside)
    return found


def plain(line: str) -> str:
    """Return a log line without what programs put before it.

    >>> plain("[   12.345678] msdos: hello"), plain("Nov 24 22:00:00 host kernel: [ 1.5] x: y"), plain("<4>a: b")
    ('msdos: hello', 'x: y', 'a: b')
    """
    return _PREFIX.sub("", line, count=1)


def refusals(log: Iterable[str]) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Return what a log tells of refused modules: name → errno and the lines that name it, in the log's order.

    >>> refusals(["x: Unknown symbol f (err -2)", "usb 1-1: new device", "x: Unknown symbol g (err -2)"])
    {'x': ('ENOENT', ('x: Unknown symbol f (err -2)', 'x: Unknown symbol g (err -2)'))}
    """
    found: dict[str, tuple[str, tuple[str, ...]]] = {}
    for line in log:
        for pattern, number in _REFUSALS:
            match = pattern.match(line)
            if match:
                before, lines = found.get(match[1], ("", ()))
                found[match[1]] = (number or before, (*lines, line))
                break
    return found
