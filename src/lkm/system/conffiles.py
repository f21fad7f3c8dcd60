"""Configuration files that a package brought into /etc and nobody has changed since, by dpkg's list of them.

dpkg notes of each such file (a *conffile*) the MD5 sum of what the package brought: /var/lib/dpkg/status, field
``Conffiles`` (deb-conffiles(5), dpkg-query(1)). A file that differs is the administrator's.
"""

from __future__ import annotations

from lkm.errors import MachineError
from lkm.system.files import read_bytes, read_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

STATUS = "/var/lib/dpkg/status"


def unchanged(root: str, paths: Collection[str]) -> frozenset[str]:
    """Return those of the files (each path starts with ``root``) that are as a package brought them."""
    wanted = {path for path in paths if path.startswith(f"{root}/etc/")}
    if not wanted:
        return frozenset()
    try:
        sums = listed(read_text(f"{root}{STATUS}"))
    except MachineError:  # another distribution
        return frozenset()
    return frozenset([path for path in wanted if _sum(path) in sums.get(path[len(root) :], ())])


def listed(status: str) -> dict[str, tuple[str, ...]]:
    r"""Return path → MD5 sums of the conffiles that a status file lists.

    >>> listed("Package: a\nConffiles:\n /etc/x.conf 0cc1\n /etc/y z.conf 175b obsolete\nVersion: 1\n /etc/no 1\n")
    {'/etc/x.conf': ('0cc1',), '/etc/y z.conf': ('175b',)}
    """
    found: dict[str, tuple[str, ...]] = {}
    within = False
    for line in status.split("\n"):
        if not line.startswith(" "):
            within = line.startswith("Conffiles:")
        elif within:
            words = line.split(" ")[1:]
            while words and words[-1] in ("obsolete", "remove-on-upgrade"):
                words.pop()
            if len(words) > 1:
                path = " ".join(words[:-1])
                found[path] = (*found.get(path, ()), words[-1])
    return found


def _sum(path: str) -> str:
    from hashlib import md5

    try:
        return md5(read_bytes(path), usedforsecurity=False).hexdigest()
    except MachineError:
        return ""
