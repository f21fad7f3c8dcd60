"""What a module's init would register, as far as its own file tells: a prediction, as nothing is run.

An alias says what a module answers to; a needed symbol says that it can register such a thing. Only both together
are a prediction: ``fs-ext3`` is an alias of ext4, and ``char-major-10-130`` one of 100 watchdog drivers.

>>> from lkm.modfile.nouns import Need
>>> predict((("alias", "fs-msdos"),), (Need("register_filesystem"), Need("mount_bdev")))
(Prediction(kind='filesystem', name='msdos', number=0),)
"""

from __future__ import annotations

from lkm.modfile.kernelparam import read_params
from lkm.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from lkm.formats.source import Source
    from lkm.modfile.nouns import ModuleFacts, Need

#: kind of a resource → what modules call to register one (include/linux/fs.h, cdev.h, blkdev.h, miscdevice.h, net.h,
#: tty_driver.h, crypto/internal/*.h, net/rtnetlink.h, netdevice.h).
REGISTRARS = {
    "filesystem": ("register_filesystem",),
    "char": ("__register_chrdev", "register_chrdev", "register_chrdev_region", "cdev_add", "tty_register_driver"),
    "misc": ("misc_register",),
    "block": ("__register_blkdev", "register_blkdev"),
    "family": ("sock_register",),
    "crypto": tuple(
        f"crypto_{verb}_{what}{many}"
        for verb in ("register", "unregister")
        for what in (
            "alg",
            "shash",
            "ahash",
            "skcipher",
            "aead",
            "akcipher",
            "rng",
            "kpp",
            "acomp",
            "scomp",
            "template",
        )
        for many in ("", "s")
    ),
    "rtnl-link": ("rtnl_link_register", "__rtnl_link_register"),
    "netdev": ("register_netdev", "register_netdevice", "register_pernet_device", "ip_tunnel_init_net"),
}
#: A file system that needs one of these lives on a device (fs/super.c), so /proc/filesystems does not say ``nodev``.
_ON_A_DEVICE = frozenset(("mount_bdev", "get_tree_bdev", "get_tree_bdev_flags", "kill_block_super", "get_tree_mtd"))


class Prediction(Record):
    """A thing that a module will have registered. ``name``: of a file system, algorithm, link kind or interface; of
    others that of the module. ``number``: a major, a minor of ``misc`` (major 10), a protocol family; of a file
    system 1 for ``nodev``, else 0.
    """

    kind: str
    name: str
    number: int | None = None


def of(facts: ModuleFacts) -> tuple[Prediction, ...]:
    """Return what a module file lets expect, in the order of its aliases, each once."""
    return predict(facts.modinfo, facts.needs, facts.name)


def sysfs_parameters(source: Source) -> tuple[Prediction, ...]:
    """Return the parameters that will have a file in sysfs, by name. Mode 0 is no file. Raises FormatError."""
    found = [Prediction("parameter", p.name, p.mode) for p in read_params(source) or () if p.mode]
    return tuple(sorted(found, key=lambda p: p.name))


def predict(
    modinfo: Iterable[tuple[str, str]], needs: Iterable[Need] | None, module: str = ""
) -> tuple[Prediction, ...]:
    """Return the predictions from modinfo records; ``needs`` None: not known, as of built-in modules."""
    names = None if needs is None else frozenset([need.name for need in needs])
    found = [_one(value, module, names) for key, value in modinfo if key == "alias"]
    able = [p for p in found if p and (names is None or not names.isdisjoint(REGISTRARS[p.kind]))]
    return tuple(dict.fromkeys(able))


def _one(alias: str, module: str, names: frozenset[str] | None) -> Prediction | None:
    """Return what one alias stands for (formats: fs.h MODULE_ALIAS_FS, net.h MODULE_ALIAS_NETPROTO and others)."""
    for prefix, kind in (("fs-", "filesystem"), ("crypto-", "crypto"), ("rtnl-link-", "rtnl-link")):
        if alias.startswith(prefix):
            nodev = names is not None and not names & _ON_A_DEVICE
            return Prediction(kind, alias[len(prefix) :], int(nodev) if kind == "filesystem" else None)
    if alias.startswith("netdev-"):
        return Prediction("netdev", alias[7:])
    if alias.startswith("net-pf-") and alias[7:].isdecimal():
        return Prediction("family", module, int(alias[7:]))
    for prefix, kind in (("char-major-", "char"), ("block-major-", "block")):
        if not alias.startswith(prefix):
            continue
        major, _, minor = alias[len(prefix) :].partition("-")
        if not major.isdecimal():
            return None
        if kind == "char" and int(major) == 10:
            return Prediction("misc", module, int(minor)) if minor.isdecimal() else None
        return Prediction(kind, module, int(major))
    return None
