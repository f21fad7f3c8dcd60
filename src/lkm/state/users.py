r"""Texts of /proc that tell who uses what modules serve: mounts, devices, socket protocols, swap, algorithms.

Each reader passes over what it cannot understand, as these texts are only searched for hints.

>>> parse_mountinfo(r"36 35 7:0 / /mnt/a\040b rw shared:1 - msdos /dev/loop0 rw")
(Mount(device='7:0', path='/mnt/a b', kind='msdos', source='/dev/loop0'),)
>>> parse_devices("Character devices:\n108 ppp\n\nBlock devices:\n  7 loop\n")
{('char', 108): 'ppp', ('block', 7): 'loop'}
>>> parse_protocols("protocol size sockets memory press maxhdr slab module cl\nDDP 760 0 -1 NI 0 no appletalk n\n")
{'DDP': ('appletalk', 0)}
"""

from __future__ import annotations

from lkm.record import Record


class Mount(Record):
    """One mount: ``device`` is ``MAJOR:MINOR`` (major 0: of no device), ``kind`` the type of the file system."""

    device: str
    path: str
    kind: str
    source: str


class User(Record):
    """Something that keeps a module's use count up, or may.

    ``kind`` is ``device`` (a device file, opened), ``mapping`` (one that is only mapped), ``mount`` (``what`` is
    where, ``more`` the type, a blank and the source), ``swap`` (``what`` is on it), ``socket`` (``what`` is the
    protocol), ``interface`` (``more`` is ``up`` or ``down``), ``loop`` (``more`` is the file), ``algorithm`` (of the
    kernel's crypto) or ``count`` (a simulated use).
    ``pid`` and ``comm`` are the process's, or that of one that sees a mount which we do not; 0 and "" where there is
    none. ``count`` is how often.
    """

    kind: str
    what: str
    more: str = ""
    pid: int = 0
    comm: str = ""
    count: int = 1


class Uses(Record):
    """What a search for users found: pairs of a module and its users. ``complete``: every process was looked at."""

    pairs: tuple[tuple[str, tuple[User, ...]], ...] = ()
    complete: bool = True

    def of(self, module: str) -> tuple[User, ...]:
        """Return the users of a module."""
        return next((users for name, users in self.pairs if name == module), ())


def unescape(text: str) -> str:
    r"""Return a path of /proc as it is: blanks, tabs, newlines and backslashes are octal there.

    >>> unescape(r"a\040b\134c\9")
    'a b\\c\\9'
    """
    if "\\" not in text:
        return text
    first, *parts = text.split("\\")
    out = [first]
    for part in parts:
        digits = part[:3]
        octal = len(digits) == 3 and not digits.strip("01234567")
        out.append(chr(int(digits, 8)) + part[3:] if octal else "\\" + part)
    return "".join(out)


def parse_mountinfo(text: str) -> tuple[Mount, ...]:
    """Return the mounts of /proc/PID/mountinfo (fs/proc_namespace.c: ``show_mountinfo``), in its order."""
    found = []
    for line in text.split("\n"):
        left, dash, right = line.partition(" - ")
        before, after = left.split(" "), right.split(" ")
        if dash and len(before) >= 6 and len(after) >= 2 and ":" in before[2]:
            found.append(Mount(before[2], unescape(before[4]), unescape(after[0]), unescape(after[1])))
    return tuple(found)


def device_rows(text: str) -> list[tuple[str, int, str]]:
    """Return (``char`` or ``block``, major, name) of each line of /proc/devices."""
    found = []
    kind = ""
    for line in text.split("\n"):
        major, _, name = line.strip().partition(" ")
        if major.isascii() and major.isdigit() and kind:
            found.append((kind, int(major), name))
        elif line.endswith("devices:"):
            kind = "block" if line.startswith("Block") else "char"
    return found


def parse_devices(text: str) -> dict[tuple[str, int], str]:
    """Return the names that /proc/devices has for majors: (``char`` or ``block``, major) → name, the first one."""
    found: dict[tuple[str, int], str] = {}
    for kind, major, name in device_rows(text):
        found.setdefault((kind, major), name)
    return found


def parse_protocols(text: str) -> dict[str, tuple[str, int]]:
    """Return protocol → module and sockets of /proc/net/protocols (net/core/sock.c: ``proto_seq_printf``).

    Those that are built in are left out. Many protocols do not count their sockets; they are 0 then.
    """
    lines = text.split("\n")
    head = lines[0].split()
    if "module" not in head or "sockets" not in head:
        return {}
    # From the right: the name of a protocol may have blanks in it.
    at, sockets = [head.index(word) - len(head) for word in ("module", "sockets")]
    found = {}
    for line in lines[1:]:
        words = line.split()
        if len(words) >= len(head) and words[at] != "kernel":
            count = words[sockets]
            name = " ".join(words[: len(words) - len(head) + 1])
            found[name] = (words[at], int(count) if count.isascii() and count.isdigit() else 0)
    return found


def parse_swaps(text: str) -> tuple[str, ...]:
    r"""Return what /proc/swaps says is swapped to.

    >>> parse_swaps("Filename Type Size Used Priority\n/dev/zram0 partition 1 0 100\n")
    ('/dev/zram0',)
    """
    return tuple([unescape(line.split()[0]) for line in text.split("\n")[1:] if line.strip()])


def parse_maps(text: str) -> tuple[str, ...]:
    r"""Return the device files of /proc/PID/maps (fs/proc/task_mmu.c: ``show_map_vma``), each once.

    >>> parse_maps("7f0-7f1 rw-s 0 00:05 3 /dev/uio0\n7f1-7f2 rw-s 0 00:17 4 /dev/shm/x\n7f2-7f3 r-xp 0 08:01 5 /a")
    ('/dev/uio0',)
    """
    found: dict[str, None] = {}
    for line in text.split("\n"):
        words = line.split(None, 5) if " /dev/" in line else []
        if len(words) == 6 and words[5].startswith("/dev/") and not words[5].startswith("/dev/shm/"):
            found[unescape(words[5])] = None
    return tuple(found)


def parse_crypto(text: str) -> tuple[tuple[str, str, int], ...]:
    r"""Return (module, driver, users) of each algorithm of /proc/crypto that a module has and somebody uses.

    ``refcnt`` is 1 for one that nobody uses (crypto/algapi.c: ``__crypto_register_alg``).

    >>> parse_crypto("name : a\ndriver : a-c\nmodule : m\nrefcnt : 3\n\nname : b\nmodule : m\nrefcnt : 1\n")
    (('m', 'a-c', 2),)
    """
    found = []
    for fields in crypto_blocks(text):
        users = fields.get("refcnt", "")
        if users.isascii() and users.isdigit() and int(users) > 1 and fields.get("module", "kernel") != "kernel":
            found.append((fields["module"], fields.get("driver", fields.get("name", "")), int(users) - 1))
    return tuple(found)


def crypto_blocks(text: str) -> list[dict[str, str]]:
    """Return the fields of each algorithm of /proc/crypto (crypto/proc.c: ``c_show``)."""
    found = []
    for block in text.split("\n\n"):
        fields: dict[str, str] = {}
        for line in block.split("\n"):
            key, _, value = line.partition(":")
            fields.setdefault(key.strip(), value.strip())
        found.append(fields)
    return found
