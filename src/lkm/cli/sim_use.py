"""``lkm sim open``, ``mount``, ``socket``, ``ifup``, opposites, ``request``: what programs do that needs modules."""

from __future__ import annotations

import errno
import os
import stat
import sys

from lkm.cli import kernels
from lkm.cli.sim import opened
from lkm.errors import NotFound, UsageError
from lkm.kernel.sim import requests

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.kernel.sim.requests import Want
    from lkm.kernel.sim.world import World

#: Device files that need not be there (Documentation/admin-guide/devices.txt): kind, major, minor.
_DEVICES = {
    "null": ("c", 1, 3),
    "tty": ("c", 5, 0),
    "console": ("c", 5, 1),
    "ttyS0": ("c", 4, 64),
    "lp0": ("c", 6, 0),
    "st0": ("c", 9, 0),
    "rtc": ("c", 10, 135),
    "dsp": ("c", 14, 3),
    "net/tun": ("c", 10, 200),
    "ppp": ("c", 108, 0),
    "fuse": ("c", 10, 229),
    "fd0": ("b", 2, 0),
    "hda": ("b", 3, 0),
    "loop0": ("b", 7, 0),
    "sda": ("b", 8, 0),
    "md0": ("b", 9, 0),
    "sr0": ("b", 11, 0),
    "scd0": ("b", 11, 0),
    "nbd0": ("b", 43, 0),
}
_FAMILIES = {"unix": 1, "local": 1, "inet": 2, "ax25": 3, "ipx": 4, "appletalk": 5, "x25": 9, "inet6": 10}
_FAMILIES |= {"netlink": 16, "packet": 17, "rds": 21, "can": 29, "tipc": 30, "bluetooth": 31, "alg": 38}
_ENDS = {"close": "open", "umount": "mount", "ifdown": "ifup"}


def run(verb: str, operands: list[str], options: dict[str, str]) -> int:
    """Do it: print what the kernel asked for and who serves; status 1 when nobody does."""
    kernel = opened(options)
    world = kernel.world
    dialect = world.meta("dialect")
    if verb == "request":
        return 1 if _helper(world, operands[0], dialect) else 0
    wants = _wants(_ENDS.get(verb, verb), operands, dialect)
    what = f"{_ENDS.get(verb, verb)} {' '.join(operands)}"
    if verb in _ENDS:
        with world.change():
            module = requests.release(world, what)
        if module is None:
            raise NotFound(f"nothing is there to {verb}", operands[0], f"first: lkm sim {what}")
        sys.stdout.write(f"{verb}: ended the use of {module or 'the kernel itself'}\n")
        return 0
    owner = ""
    for want in wants:
        answer = requests.fulfil(world, want, lambda name: _helper(world, name, dialect))
        if want.kind == "protocol" and any(status == 0 for _, status in answer.asked):
            continue  # who has registered which protocol is not known: one that could be loaded counts as there
        if answer.errno:
            sys.stdout.write(f"{verb}: {os.strerror(answer.errno)}\n")
            return 1
        owner = owner or answer.owner
    if verb == "socket":
        with world.change():
            requests.use(world, what, owner)
            requests.release(world, what)
        sys.stdout.write(f"socket: served by {owner or 'the kernel itself'}; closed again\n")
        return 0
    with world.change():
        requests.use(world, what, owner)
    sys.stdout.write(f"{verb}: served by {owner or 'the kernel itself'}\n")
    return 0


def _wants(verb: str, operands: list[str], dialect: str) -> list[Want]:
    if verb == "open":
        kind, major, minor = _device(operands)
        return [requests.device({"c": "char", "b": "block"}[kind], major, minor, dialect)]
    if verb == "mount":
        return [requests.filesystem(operands[0], dialect)]
    if verb == "ifup":
        return [requests.interface(operands[0], dialect)]
    family = _number(operands[0].lower().removeprefix("af_").removeprefix("pf_"), _FAMILIES, "protocol family")
    socket_type = _number(
        (operands[1] if len(operands) > 1 else "stream").lower(), requests.SOCKET_TYPES, "socket type"
    )
    proto = _number(operands[2] if len(operands) > 2 else "0", {"tcp": 6, "udp": 17, "sctp": 132}, "protocol")
    protocol = requests.protocol(family, socket_type, proto, dialect)
    return [requests.family(family), *([protocol] if protocol else [])]


def _number(word: str, known: dict[str, int], what: str) -> int:
    if word.isdecimal() and len(word) < 9:
        return int(word)
    if word not in known:
        raise UsageError(f"unknown {what} '{word}'", hint=f"say its number, or one of {' '.join(known)}")
    return known[word]


def _device(operands: list[str]) -> tuple[str, int, int]:
    """Return kind, major and minor of a device file: as told, as known, or as it is on this machine."""
    path, *told = operands
    if len(told) == 3 and told[0] in ("c", "b") and told[1].isdecimal() and told[2].isdecimal():
        return told[0], int(told[1]), int(told[2])
    if told:
        raise UsageError(f"'{' '.join(told)}' is no device", hint="as for mknod: c or b, major, minor")
    known = _DEVICES.get(path.removeprefix("/dev/"))
    if known:
        return known
    try:
        found = os.stat(path)
    except OSError:
        found = None
    if found is None or not (stat.S_ISCHR(found.st_mode) or stat.S_ISBLK(found.st_mode)):
        raise NotFound("is no device file that is known", path, f"say what it is: lkm sim open {path} c MAJOR MINOR")
    return "c" if stat.S_ISCHR(found.st_mode) else "b", os.major(found.st_rdev), os.minor(found.st_rdev)


def _helper(world: World, name: str, dialect: str) -> int:
    """Run modprobe as this kernel does: its arguments, its three variables, in / ; return the exit status.

    Another program that /proc/sys/kernel/modprobe names is run as it is; with none there, nothing is.
    """
    helper = world.meta("modprobe", requests.HELPER)
    if not helper:
        return 255
    words = [helper, *requests.ARGUMENTS[dialect], name]
    sys.stdout.write(f"request_module: {' '.join(words)}\n")
    if dialect == "2.4" and not requests.begin(world, os.getpid(), _is_alive):
        sys.stdout.write(f"  kernel: {requests.RUNAWAY}\n")
        return errno.ENOMEM
    sys.stdout.flush()
    path = os.path.abspath(world.path)
    child = os.fork()
    if not child:
        os._exit(_be_modprobe(path, words) if helper == requests.HELPER else _be_program(path, words))
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if dialect == "2.4":
        requests.end(world, os.getpid())
    if status:
        sys.stdout.write(f"  it left with status {status}\n")
    return status


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _be_program(path: str, words: list[str]) -> int:
    """Become the helper that was set; the log says when that cannot be (2.4: kernel/kmod.c ``exec_modprobe``)."""
    try:
        os.chdir("/")
        os.execve(words[0], words, requests.ENVIRONMENT)
    except OSError as error:
        from lkm.kernel.sim.world import World

        world = World(path)
        if world.meta("dialect") == "2.4":
            told = f"kmod: failed to exec {words[0]} -s -k {words[-1]}, errno = {error.errno}"
            with world.change():
                world.say(3, told)
        world.close()
    return 255


def _be_modprobe(path: str, words: list[str]) -> int:
    try:
        os.environ.clear()
        os.environ.update(requests.ENVIRONMENT)
        os.chdir("/")
        kernels.started_by = f"sim:{path}"
        from lkm.cli.main import main

        status = main(words)
        sys.stdout.flush()
        sys.stderr.flush()
        return status
    except BaseException as error:
        os.write(2, f"modprobe: {error}\n".encode())
        return 1
