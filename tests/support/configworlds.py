"""Worlds of configuration, small enough for things to meet (see ``arena``).

Hypothesis draws the seed of each and no more: left to draw all of a world, it makes many that are nearly alike.
"""

from __future__ import annotations

import random

from hypothesis import strategies as st

from tests.support.arena import DIRECTORIES, TREE, Call, World
from tests.support.worlds import MODULES, NEEDS, OTHERS

ALIASES = (
    *["my-alias"] * 6,
    "my-*",
    "my_other",
    "fat",
    "fs-vfat",
    "m[a-z]-alias",
    "my-[!b]lias",
    "*",
    "char-major-7-*",
    "loop",
)
PATTERNS = ("ms*", "?fat", "[fm]*", "nfs*", "*", "fs-*")
NAMES = ("a.conf", "b.conf", "m.conf", "zz.conf", "10-x.conf", "nn.conf", "modules.conf")
ODD_NAMES = (".hidden.conf", "x.conf~", "README", "x.alias", "d.conf/x.conf", "modules.softdep")
OPTIONS = (
    "a=1",
    "b=x y",
    "c=$d",
    'd="e f"',
    "g",
    "h=1,2 i='j k'",
    "",
    " lead=1",
    "\ttab=1",
    "+= a=2",
    "+= list=3 a=4",
)
COMMANDS = (
    "/bin/true",
    "echo $CMDLINE_OPTS;  exit 0",
    "x $CMDLINE_OPTS $CMDLINE_OPTS",
    "a \\\\ b \\$c",
    "# no comment",
)
JUNK = (
    "# alias my-alias loop",
    "  # indented",
    "optoins fat a=1",
    "alias my-alias",
    "alias",
    "blacklist",
    "options fat",
    "install",
    "remove loop",
    "softdep loop",
    "include /etc/x",
    "config binary_indexes no",
    "alias [my fat",
    "blacklist fat]",
    "fat",
    "\\",
    "=",
    "options\tfat\ta=1\tb=2",
    "softdep loop  pre: minix",
    "softdep loop minix pre: fat",
    "weakdep loop fat minix",
    "forbid ?fat because they are old",
    "blacklist fat and more",
    "alias my-alias loop and more",
)
ENDS = ("\n",) * 8 + ("\n\n", " \n", "\r\n", "\\\n", "\t\n")
BOOT = (
    "quiet",
    "fat.x=1",
    "modprobe.blacklist=msdos,loop",
    "modprobe.blacklist=fs-msdos,nfsv4,",
    "modprobe.blacklist=",
    'vfat.s="a b"',
    '"vfat.s=a b"',
    'vfat."s=a b"',
    '"vfat.s=a" b',
    "my-alias.z",
    "my_alias.q-r=2",
    "--",
    "loop.max-part=3",
    "loop.a.b=1",
    ".x=1",
    "nfs.=",
    "f[a]t.x=2",
    "module_blacklist=loop",
    "fat.x=é",
    "nfs.u='a b'",
)
ENVIRONMENTS = ("",) * 12 + (
    "-q",
    "-v",
    " -b  ",
    "'-v' -i",
    "-a -q",
    '"-b"',
    "--use-blacklist",
    "-C /etc/modprobe.d/a.conf",
)
PATHS = (
    "/etc/modprobe.d",
    "/run/modprobe.d/",
    "/etc/modprobe.d/a.conf",
    "/nowhere",
    "/etc",
    f"{TREE}/modules.softdep",
)
PARAMETERS = ("x=1", "", "s=a b", 's="q q"', "flag", "t='u v'", "=", "w=")

GAPS = (" ",) * 8 + ("  ", "\t", " \\\n", "\\\n ")
#: Directives, ours among them, and how often each is drawn.
KINDS = {"alias": 3, "options": 3, "install": 1, "remove": 1, "blacklist": 1, "softdep": 3, "forbid": 1, "unset": 1}
KINDS |= {"junk": 3}
WAYS = (("-D",), ("-D",), ("-n", "-v"), ("-n", "-v"), ("-n", "-v"), ("-R",), ("-r", "-n", "-v"), ("-r", "-n", "-v"))
OLD_WAYS = (
    ("--show-depends",),
    ("--show", "-v"),
    ("--resolve-alias",),
    ("--rem", "-nv"),
    ("-Rq",),
    ("-rnv",),
    ("-n",),
)
MORE = ("-i", "--ignore-install", "-b", "-b", "-a", "-a", "-q", "--first-time", "-v", "-f", "-s", "--use")


def worlds(calls: int = 10) -> st.SearchStrategy[World]:
    """Return a strategy for worlds with this many calls, the first of which is ``-c``."""
    return st.randoms(use_true_random=True).map(lambda chance: _Draw(chance).world(calls))


class _Draw:
    """Draws one world. ``few`` are the names that it speaks of most, so that several lines concern one module."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.few = (*chance.sample((*MODULES, "nosuch", "nosuch"), 2), "my-alias")

    def world(self, calls: int) -> World:
        boot = " ".join(self.chance.choices(BOOT, k=self.chance.choice((0, 0, 1, 2, 3))))
        drawn = [self._call() for _ in range(calls - 1)]
        files, loaded = self._files(), self._loaded()
        if self.chance.random() < 0.1:  # otherwise rare: an alias of which another module than the last fails
            files["/etc/modprobe.d/00.conf"] = "alias my-alias minix\nalias my-alias loop\n"
            drawn[0] = Call(("-n", "-v", "--first-time", "my-alias"))
            loaded["minix"] = (0, ())
        return World(files, loaded, boot, (Call(("-c",)), *drawn))

    def _name(self) -> str:
        name = self.chance.choice(self.chance.choice((self.few, self.few, self.few, MODULES, OTHERS)))
        return name.replace("_", "-") if self.chance.random() < 0.1 else name

    def _pattern(self) -> str:
        return self.chance.choice(PATTERNS) if self.chance.random() < 0.1 else self._name()

    def _names(self, most: int) -> list[str]:
        return [self._name() for _ in range(self.chance.randrange(most + 1))]

    def _softdep(self) -> str:
        """Return the words after the module."""
        sides = [" ".join([kind, *self._names(2)]) for kind in ("pre:", "post:", "pre:")]
        return " ".join(self.chance.sample(sides, self.chance.choice((1, 1, 2, 2, 3))))

    def _line(self) -> str:
        kind = self.chance.choices(list(KINDS), list(KINDS.values()))[0]
        if kind == "junk":
            return self.chance.choice(JUNK) + "\n"
        words = [kind, self._pattern() if kind in ("install", "remove", "softdep", "forbid") else self._name()]
        if kind == "alias":
            words[1:] = [self.chance.choice(ALIASES), "nosuch" if self.chance.random() < 0.2 else words[1]]
        elif kind == "unset":
            words.insert(1, self.chance.choice(("softdep", "options", "install", "alias")))
        elif kind == "options":
            words.append(self.chance.choice(OPTIONS))
        elif kind in ("install", "remove"):
            words.append(self.chance.choice(COMMANDS))
        elif kind == "softdep":
            words.append(self._softdep())
        text = self.chance.choice(("",) * 8 + (" ", "\t")) + words[0]
        for word in words[1:]:
            text += self.chance.choice(GAPS) + word
        return text + self.chance.choice(ENDS)

    def _files(self) -> dict[str, str]:
        found = {}
        for _ in range(self.chance.randrange(1, 6)):
            name = self.chance.choice(ODD_NAMES if self.chance.random() < 0.15 else NAMES)
            text = "".join([self._line() for _ in range(self.chance.randrange(7))])
            place = self.chance.choice((*DIRECTORIES, *DIRECTORIES[:3]))
            found[f"{place}/{name}"] = text.rstrip("\n") if self.chance.random() < 0.2 else text
        for kind, odds in (("softdep", 0.3), ("weakdep", 0.1)):
            if self.chance.random() < odds:
                lines = [
                    (self.chance.choice(MODULES), self._softdep() if kind == "softdep" else "fat loop") for _ in "123"
                ]
                found[f"{TREE}/modules.{kind}"] = "".join([f"{kind} {module} {text}\n" for module, text in lines])
        return found

    def _loaded(self) -> dict[str, tuple[int, tuple[str, ...]]]:
        """Return a state that a kernel can be in: what a module needs is loaded too, and counted."""
        chosen = self.chance.sample(MODULES, self.chance.randrange(5))
        there = {need for name in chosen for need in (name, *NEEDS.get(name, ()))}
        state = {}
        for name in (m for m in MODULES if m in there):
            holders = tuple([m for m in MODULES if m in there and name in NEEDS.get(m, ())])
            state[name] = (len(holders) + self.chance.choice((0, 0, 0, 1)), holders)
        return state

    def _call(self) -> Call:
        environment = self.chance.choice(ENVIRONMENTS)
        words = list(self.chance.choice(OLD_WAYS if self.chance.random() < 0.15 else WAYS))
        if self.chance.random() < 0.5:
            words += self.chance.choices(MORE, k=self.chance.choice((1, 2)))
        removes = any(word in ("-r", "--rem", "-rnv") for word in words)
        if removes:
            words += self.chance.choice(((),) * 4 + (("--remove-holders",), ("-w5",), ("-D",)))
        if self.chance.random() < 0.1:
            words += [f"--config={path}" for path in self.chance.choices(PATHS, k=self.chance.choice((1, 2)))]
        words.append(self._name())
        several = removes or "-a" in words or "-a" in environment
        words += self._names(2) if several else self.chance.sample(PARAMETERS, self.chance.choice((0, 0, 1, 2)))
        return Call(tuple(words), environment)
