"""What user space does that makes a kernel ask for modules, and the use counts that follow from it.

Names and their order, current: fs/char_dev.c ``base_probe``, drivers/char/misc.c ``misc_open``, block/genhd.c
``blk_request_module``, fs/filesystems.c ``get_fs_type``, net/socket.c ``__sock_create``, net/ipv4/af_inet.c
``inet_create``, net/netlink/af_netlink.c ``netlink_create``, net/core/dev_ioctl.c ``dev_load``. 2.4: fs/devices.c
``get_chrfops``, drivers/char/misc.c ``misc_open``, fs/block_dev.c ``get_blkfops``, fs/super.c ``get_fs_type``,
net/socket.c ``sock_create``, net/core/dev.c ``dev_load``.
"""

from __future__ import annotations

from lkm.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from lkm.kernel.sim.world import World

#: How a kernel calls its helper (kernel/kmod.c): what stands before the name, and the whole environment.
HELPER = "/sbin/modprobe"
ARGUMENTS = {"current": ("-q", "--"), "2.4": ("-s", "-k", "--")}
ENVIRONMENT = {"HOME": "/", "TERM": "linux", "PATH": "/sbin:/usr/sbin:/bin:/usr/bin"}
#: Helpers at once in 2.4, and what its kernel log says of one more (MAX_KMOD_CONCURRENT).
MAX_CONCURRENT = 50
THREADS = "2048"  # /proc/sys/kernel/threads-max of a machine with 128 MB or so
RUNAWAY = "kmod: runaway modprobe loop assumed and stopped"
_VISITED, _USED_ONCE = 8, 16
_MISC, _INET, _NETLINK = 10, 2, 16
#: Majors that consoles and serial ports share; the kernel of 2.4 has the former, a module may have the latter.
_SERIAL = {4: "ttyS", 5: "cua"}
SOCKET_TYPES = {"stream": 1, "dgram": 2, "raw": 3, "seqpacket": 5}


class Want(Record):
    """A thing that user space wants: a resource, and the module names that the kernel asks for when it has none.

    The next of ``names`` is asked for when ``again`` is "failed" and the helper had failed, or "missing" and the
    thing is still not there. ``errno`` is the answer when nobody serves it.
    """

    kind: str
    name: str
    number: int | None
    names: tuple[str, ...]
    again: str
    errno: int


class Answer(Record):
    """What came of it: each name asked for, with the status; the owner ("" for the kernel); the errno, or 0."""

    asked: tuple[tuple[str, int], ...]
    owner: str
    errno: int


def device(kind: str, major: int, minor: int, dialect: str) -> Want:
    """Return the want of an open(2) of a device; ``kind`` is ``char`` or ``block``."""
    both, one = f"{kind}-major-{major}-{minor}", f"{kind}-major-{major}"
    misc = kind == "char" and major == _MISC
    if dialect == "2.4" and kind == "char" and major in _SERIAL and minor >= 64:
        return Want(kind, _SERIAL[major], None, (one,), "failed", 19)  # fs/devices.c: need_serial
    if dialect == "2.4":
        return Want("misc" if misc else kind, "", minor if misc else major, (both if misc else one,), "failed", 19)
    if misc:  # the major is there; ``misc_open`` asks once
        return Want("misc", "", minor, (both,), "failed", 19)
    return Want(kind, "", major, (both, one), "failed", 6)


def filesystem(name: str, dialect: str) -> Want:
    """Return the want of a mount(2)."""
    return Want("filesystem", name, None, (name if dialect == "2.4" else f"fs-{name}",), "failed", 19)


def family(number: int) -> Want:
    """Return the want of a socket(2): its protocol family."""
    return Want("family", "", number, (f"net-pf-{number}",), "failed", 97)


def protocol(number: int, kind: int, proto: int, dialect: str) -> Want | None:
    """Return what a socket(2) wants of its family: a protocol; None where that asks for nothing."""
    if dialect == "2.4" or not proto:
        return None
    alias = f"net-pf-{number}-proto-{proto}"
    if number == _NETLINK:
        return Want("protocol", alias, None, (alias,), "failed", 93)
    if number in (_INET, 10):
        return Want("protocol", alias, None, (f"{alias}-type-{kind}", alias), "missing", 93)
    return None


def interface(name: str, dialect: str) -> Want:
    """Return the want of whatever names a network interface."""
    return Want("netdev", name, None, (name,) if dialect == "2.4" else (f"netdev-{name}", name), "failed", 19)


def find(world: World, want: Want) -> str | None:
    """Return the module that serves it, "" for the kernel itself, None for nobody."""
    by = "name = ?" if want.number is None else "number = ?"
    key = want.name if want.number is None else want.number
    query = f"SELECT module FROM resources WHERE kind = ? AND {by} ORDER BY module LIMIT 1"
    row = world.db.execute(query, (want.kind, key)).fetchone()
    return None if row is None else str(row[0])


def fulfil(world: World, want: Want, helper: Callable[[str], int]) -> Answer:
    """Look for the thing; ask ``helper`` (name → exit status) for modules as the kernel would; look again."""
    asked: list[tuple[str, int]] = []
    owner = find(world, want)
    for name in want.names if owner is None else ():
        status = helper(name)
        asked.append((name, status))
        owner = find(world, want)
        if owner is not None or (want.again == "failed" and status == 0):
            break
    return Answer(tuple(asked), owner or "", want.errno if owner is None else 0)


def begin(world: World, pid: int, alive: Callable[[int], bool]) -> bool:
    """Count a helper of 2.4 that ``pid`` waits for; tell whether it may start (kernel/kmod.c: ``request_module``).

    No more than half of max_threads run at once, nor 50: a helper that needs a module to run would never end. Those
    whose process is gone (``alive``) count no more. The log says at most five times that one was stopped.
    """
    with world.change():
        rows = world.db.execute("SELECT key FROM meta WHERE key LIKE 'kmod %'").fetchall()
        gone = [key for (key,) in rows if not alive(int(key[5:]))]
        world.drop_meta(gone)
        if len(rows) - len(gone) >= min(int(world.meta("max_threads", THREADS)) // 2, MAX_CONCURRENT):
            if any(world.first(f"kmod loop {count}") for count in range(5)):
                world.say(3, RUNAWAY)
            return False
        world.set_meta(f"kmod {pid}", "1")
        return True


def end(world: World, pid: int) -> None:
    """Count no more the helper that ``pid`` waited for."""
    with world.change():
        world.drop_meta([f"kmod {pid}"])


def use(world: World, what: str, module: str) -> None:
    """Count a use of a module (2.4: MOD_INC_USE_COUNT marks it as visited and used once, include/linux/module.h)."""
    if module:
        world.db.execute(
            "UPDATE modules SET usecount = usecount + 1, flags = flags | ? WHERE name = ?",
            (_VISITED | _USED_ONCE, module),
        )
    world.db.execute(
        "INSERT INTO opened VALUES(?, ?, 1) ON CONFLICT(what) DO UPDATE SET count = count + 1", (what, module)
    )


def release(world: World, what: str) -> str | None:
    """End a use; return the module ("" for the kernel), or None when there is no such use."""
    row = world.db.execute("SELECT module, count FROM opened WHERE what = ?", (what,)).fetchone()
    if row is None:
        return None
    module, count = row
    if count > 1:
        world.db.execute("UPDATE opened SET count = count - 1 WHERE what = ?", (what,))
    else:
        world.db.execute("DELETE FROM opened WHERE what = ?", (what,))
    world.db.execute(
        "UPDATE modules SET usecount = usecount - 1, flags = flags | ? WHERE name = ?", (_VISITED, module)
    )
    return str(module)
