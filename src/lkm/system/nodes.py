"""Device files that any user may open."""

from __future__ import annotations

import os
import stat

from lkm.autoload.surface import Node

#: What udev makes so on every system (systemd: rules.d/50-udev-default.rules.in), for one that cannot be looked at.
USUAL = (
    Node("/dev/fuse", "char", 10, 229),
    Node("/dev/net/tun", "char", 10, 200),
    Node("/dev/vfio/vfio", "char", 10, 196),
)


def open_nodes(top: str = "/dev") -> tuple[Node, ...]:
    """Return those below a directory, by path; what cannot be looked at is passed over.

    To open one for reading or for writing is enough, and the directories on the way must let others through.
    """
    found: list[Node] = []
    waiting = [top]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    mode = entry.stat(follow_symlinks=False).st_mode
                    if stat.S_ISDIR(mode) and mode & stat.S_IXOTH:
                        waiting.append(entry.path)
                    elif stat.S_IFMT(mode) in (stat.S_IFCHR, stat.S_IFBLK) and mode & 0o006:
                        found.append(_node(entry))
        except OSError:
            continue
    return tuple(sorted(found, key=lambda node: node.path))


def _node(entry: os.DirEntry[str]) -> Node:
    seen = entry.stat(follow_symlinks=False)
    kind = "char" if stat.S_ISCHR(seen.st_mode) else "block"
    return Node(entry.path, kind, os.major(seen.st_rdev), os.minor(seen.st_rdev))
