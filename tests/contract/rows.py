"""What real kernels answered to each kind of bad module, parameter and call: Linux 6.1.176, User-Mode and Debian's.

A row has the calls (see play.py), of which the last one counts, and for each kernel the errno, the taint letters in
/proc/modules (``-``: the module is not there), and what the kernel logged, where ``{magic}`` is its vermagic. Lines
that a kernel says once a boot (ONCE) stand only in rows that are marked ``fresh``.
"""

from __future__ import annotations

import errno

from tests.contract.filerows import FILES
from tests.contract.parameterrows import PARAMETERS
from tests.contract.play import Call
from tests.contract.rowkit import (
    FAT,
    GONE,
    LOCK,
    MAIN,
    MSDOS,
    OK,
    Row,
    file,
    no,
)

INITS = (
    *(
        Row(f"init-{name}", (["load", "gt_main.ko", f"ret=-{number}", 0, number],), no(name), no(name))
        for name in ("ENODEV", "EBUSY", "EINVAL", "ENOMEM", "EPERM", "EIO", "EAGAIN", "EOPNOTSUPP", "ENOENT")
        for number in (getattr(errno, name),)
    ),
    Row("tcrypt", (["load", "tcrypt.ko", "mode=1000", 0, errno.EAGAIN],), no("EAGAIN"), no("EAGAIN")),
)

CALLS = (
    Row("rm-used-by-module", (FAT, MSDOS, ["unload", "fat", False]), ("EAGAIN", "", ()), ("EAGAIN", "", ())),
    Row("rm-not-loaded", (["unload", "nosuch", False],), no("ENOENT"), no("ENOENT")),
    Row("rm-dash", (MAIN, ["unload", "gt-main", False]), ("ENOENT", "O", ()), ("ENOENT", "OE", ())),
    Row("rm-long-name", (["unload", "x" * 56, False],), no("ENOENT"), no("ENOENT")),
    Row("rm-no-name", (["unload", "", False],), no("ENOENT"), no("ENOENT")),
    Row(
        "rm-permanent",
        (["load", "gt_perm.ko", "", 0], ["unload", "gt_perm", False]),
        ("EBUSY", "", ()),
        ("EBUSY", "E", ()),
    ),
    Row(
        "rm-in-use-refcount",
        (["load", "gt_dev.ko", "", 0], ["use", "gt_dev"], ["unload", "gt_dev", False]),
        ("EAGAIN", "", ()),
        ("EAGAIN", "E", ()),
    ),
    Row(
        "rm-released",
        (["load", "gt_dev.ko", "", 0], ["use", "gt_dev"], ["release", "gt_dev"], ["unload", "gt_dev", False]),
        GONE,
        GONE,
    ),
    Row(
        "rm-force-refcount",
        (["load", "gt_dev.ko", "", 0], ["use", "gt_dev"], ["unload", "gt_dev", True]),
        ("EAGAIN", "", ()),
        ("OK", "-", (LOCK,)),
        fresh=True,
    ),
    Row("rm-ok", (MAIN, ["unload", "gt_main", False]), GONE, GONE),
    Row("open-nobody", (["use", "gt_dev"],), no("ENODEV"), no("ENODEV")),
    Row("perm-load", (["nobody", MAIN],), no("EPERM"), no("EPERM")),
    Row("perm-init", (["nobody", ["init", "gt_main.ko", ""]],), no("EPERM"), no("EPERM")),
    Row("perm-unload", (FAT, ["nobody", ["unload", "fat", False]]), ("EPERM", "", ()), ("EPERM", "", ())),
    Row("bad-fd", (["odd", "none"],), no("EBADF"), no("EBADF")),
    Row("fd-dir", (["odd", "directory"],), no("EINVAL"), no("EINVAL")),
    Row("fd-wronly", (["odd", "wronly"],), no("EBADF"), no("EBADF")),
    Row("fd-rdwr", (["odd", "rdwr"],), no("ETXTBSY"), no("ETXTBSY")),
    Row("fd-pipe", (["odd", "pipe"],), no("EINVAL"), no("EINVAL")),
    Row("fd-devnull", (["odd", "null"],), no("EINVAL"), no("EINVAL")),
    Row("null-image", (["init", "-", ""],), no("EFAULT"), no("EFAULT")),
    Row(
        "blacklist",
        (["load", "minix.ko", "", 0],),
        no("EPERM", "<3>Module minix is blacklisted"),
        no("EPERM", "<3>Module minix is blacklisted"),
        policy="module_blacklist=minix",
    ),
)

_LOCKED = "<5>Lockdown: {comm}: unsigned module loading is restricted; see man kernel_lockdown.7"
_REJECTED = "<5>Loading of unsigned module is rejected"
_UNKNOWN_KEY = "<5>Loading of module with unavailable key is rejected"
_ENFORCE = "/sys/module/module/parameters/sig_enforce"
POLICIES = (
    *(
        Row(f"lockdown-{title}", calls, None, answer, policy="lockdown=integrity")
        for title, calls, answer in (
            ("signed", (FAT, MSDOS), OK),
            ("unsigned", file("unsigned.ko"), no("EPERM", _LOCKED)),
            ("foreign", file("foreign.ko"), no("EPERM", _LOCKED)),
        )
    ),
    *(
        Row(f"enforce-{title}", calls, None, answer, policy="sig_enforce")
        for title, calls, answer in (
            ("signed", (FAT, MSDOS), OK),
            ("unsigned", file("unsigned.ko"), no("EKEYREJECTED", _REJECTED)),
            ("tampered", file("tampered.ko"), no("EKEYREJECTED")),
            ("foreign", file("foreign.ko"), no("EKEYREJECTED", _UNKNOWN_KEY)),
            ("out-of-tree", (MAIN,), no("EKEYREJECTED", _REJECTED)),
            ("text", file("text.ko"), no("EKEYREJECTED", _REJECTED)),
            ("forced", file("msdos.ko", flags=2), no("EKEYREJECTED", _REJECTED)),
            ("off", (["write", _ENFORCE, "0\n"],), no("EROFS")),
        )
    ),
    Row(
        "lockdown-set",
        (["write", "/sys/kernel/security/lockdown", "integrity\n"],),
        None,
        ("OK", "-", ("<5>Kernel is locked down from securityfs; see man kernel_lockdown.7",)),
    ),
)
_DISABLE: Call = ["write", "/proc/sys/kernel/modules_disabled", "1\n"]
#: The last of a boot.
LAST = (
    Row(
        "modules_disabled",
        (_DISABLE, FAT),
        no("EPERM"),
        no("EPERM"),
    ),
    Row(
        "modules_disabled-off",
        (
            ["write", "/proc/sys/kernel/modules_disabled", "1\n"],
            ["write", "/proc/sys/kernel/modules_disabled", "0\n"],
        ),
        no("EINVAL"),
        no("EINVAL"),
    ),
)
ROWS = (*FILES, *PARAMETERS, *INITS, *CALLS, *POLICIES, *LAST)
