"""Drawn configurations, kernel states and calls for modprobe, small enough for things to meet."""

from __future__ import annotations

import random

from lkm.record import Record

#: Modules of the User-Mode Linux tree: what each needs is among them.
MODULES = ("fat", "msdos", "vfat", "minix", "loop", "nfs", "nfsv4", "lockd", "grace", "sunrpc", "fscache", "netfs")
NEEDS = {
    "msdos": ("fat",),
    "vfat": ("fat",),
    "nfs": ("lockd", "grace", "sunrpc", "fscache", "netfs"),
    "nfsv4": ("nfs", "lockd", "grace", "sunrpc", "fscache", "netfs"),
    "lockd": ("grace", "sunrpc"),
    "fscache": ("netfs",),
}
#: Built in, absent, and aliases of modules.
OTHERS = ("ext4", "nosuch", "fs-msdos", "fs-vfat", "symbol:fat_scan", "char-major-7-1", "my-alias", "my-other")


class Scene(Record):
    """One world: config files, loaded modules (name → use count, holders), kernel command line, and calls."""

    files: tuple[tuple[str, str], ...]
    modules: dict[str, tuple[int, tuple[str, ...]]]
    cmdline: str
    calls: tuple[tuple[str, ...], ...]


def draw_scene(chance: random.Random) -> Scene:
    """Return a world."""
    files = []
    for name in chance.sample(["a.conf", "m.conf", "n.conf", "zz.conf"], chance.randrange(1, 4)):
        files.append((name, "".join(_directive(chance) + "\n" for _ in range(chance.randrange(1, 7)))))
    words = ["quiet", "fat.x=1", "modprobe.blacklist=msdos,loop", 'vfat.s="a b"', "my_alias.z"]
    cmdline = " ".join(chance.sample(words, chance.randrange(3)))
    return Scene(tuple(files), _loaded(chance), cmdline, tuple(_call(chance) for _ in range(10)))


def _name(chance: random.Random) -> str:
    name = chance.choice(MODULES if chance.random() < 0.7 else OTHERS)
    return name.replace("_", "-") if chance.random() < 0.1 else name


def _pattern(chance: random.Random) -> str:
    return chance.choice(("ms*", "?fat", "[fm]*", "nfs*", "*")) if chance.random() < 0.08 else _name(chance)


def _some(chance: random.Random) -> str:
    return " ".join(_name(chance) for _ in range(chance.randrange(1, 3)))


def _directive(chance: random.Random) -> str:
    kind = chance.choice(("alias", "options", "install", "remove", "softdep", "softdep", "softdep", "blacklist"))
    if kind == "alias":
        alias = chance.choice(("my-alias", "my-*", "my-other", "fat", "fs-vfat", "m[a-z]-alias"))
        return f"alias {alias} {_name(chance)}"
    if kind == "options":
        return f"options {_name(chance)} {chance.choice(('a=1', 'b=x y', '', 'c=$d'))}"
    if kind in ("install", "remove"):
        command = chance.choice(("/bin/true", "echo $CMDLINE_OPTS;  exit 0", "x $CMDLINE_OPTS $CMDLINE_OPTS"))
        return f"{kind} {_pattern(chance)} {command}"
    if kind == "softdep":
        sides = [f"pre: {_some(chance)}", f"post: {_some(chance)}"]
        return f"softdep {_pattern(chance)} {' '.join(chance.sample(sides, chance.randrange(1, 3)))}"
    return f"blacklist {_name(chance)}"


def _loaded(chance: random.Random) -> dict[str, tuple[int, tuple[str, ...]]]:
    """Return a state that a kernel can be in: what a module needs is loaded too, and counted."""
    loaded: set[str] = set()
    for name in chance.sample(MODULES, chance.choice((0, 1, 2, 4))):
        loaded |= {name, *NEEDS.get(name, ())}
    state = {}
    for name in (m for m in MODULES if m in loaded):
        holders = tuple(m for m in MODULES if m in loaded and name in NEEDS.get(m, ()))
        # Sometimes a count that is not what the holders make it, as when a program holds one too.
        extra = chance.choice((0, 0, 0, 1)) if chance.random() < 0.5 else -len(holders)
        state[name] = (len(holders) + extra, holders)
    return state


def _call(chance: random.Random) -> tuple[str, ...]:
    what = chance.choice((("-D",), ("-n", "-v"), ("-n", "-v"), ("-R",), ("-r", "-n", "-v"), ("-r", "-n", "-v")))
    more = []
    for option, odds in (("-i", 0.2), ("-b", 0.2), ("-a", 0.2), ("-q", 0.1), ("--first-time", 0.15), ("-v", 0.1)):
        if chance.random() < odds:
            more.append(option)
    if "-r" in what:
        more += [o for o, odds in (("--remove-holders", 0.3), ("-w5", 0.1), ("-D", 0.05)) if chance.random() < odds]
    names = [_name(chance) for _ in range(chance.choice((1, 1, 2, 3)))]
    if "-a" not in more and "-r" not in what:
        names[1:] = chance.sample(["x=1", "s=a b", 's="q q"', "flag"], chance.randrange(3))
    return (*what, *more, *names)
