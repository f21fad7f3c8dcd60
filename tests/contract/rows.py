"""What real kernels answered to each kind of bad module, parameter and call: Linux 6.1.176, User-Mode and Debian's.

A row has the calls (see play.py), of which the last one counts, and for each kernel the errno, the taint letters in
/proc/modules where the module was loaded, and what the kernel logged. ``{release}`` and ``{magic}`` are the kernel's.
Lines that a kernel says once a boot (:data:`ONCE`) stand only in rows that are marked ``fresh``.
"""

from __future__ import annotations

import errno
import re

from lkm.record import Record
from tests.contract.play import Call

Expected = tuple[str, str, tuple[str, ...]]
#: What is said only the first time since boot.
ONCE = re.compile(r"taints? kernel|kernel tainted|tainting kernel$|Disabling lock debugging|tainting kernel with")


class Row(Record):
    """One row. ``uml`` and ``debian``: None where that kernel cannot have it. ``policy``: the kernel's, in words."""

    title: str
    calls: tuple[Call, ...]
    uml: Expected | None
    debian: Expected | None
    fresh: bool = False
    policy: str = ""


LOCK = "<4>Disabling lock debugging due to kernel taint"
_UNVERIFIED = "module verification failed: signature and/or required key missing - tainting kernel"
UNSIGNED = f"<5>msdos: {_UNVERIFIED}"
MAGIC = "Invalid ELF header magic: != \x7fELF"
OVERFLOW = ("ENOEXEC", "", ("<3>Invalid ELF section header overflow",))
_FAT_SYMBOLS = """
    dir_empty time_unix2fat get_dotdot_entry free_clusters setattr __fat_fs_error scan getattr attach update_time
    build_inode fill_super alloc_new_dir remove_entries add_entries sync_inode truncate_time flush_inodes detach
"""
MISSING = tuple(
    [
        f"<4>msdos: Unknown symbol {name if name.startswith('_') else f'fat_{name}'} (err -2)"
        for name in _FAT_SYMBOLS.split()
    ]
)
FAT: Call = ["load", "fat.ko", "", 0]
MSDOS: Call = ["load", "msdos.ko", "", 0]
MAIN: Call = ["load", "gt_main.ko", "", 0]
SYSFS = "/sys/module/gt_main/parameters"
OK: Expected = ("OK", "", ())
GONE: Expected = ("OK", "-", ())


def no(name: str, *said: str) -> Expected:
    return (name, "-", said)


def file(name: str, text: str = "", flags: int = 0, before: tuple[Call, ...] = (FAT,)) -> tuple[Call, ...]:
    return (*before, ["load", name, text, flags])


def main(text: str) -> tuple[Call, ...]:
    return (["load", "gt_main.ko", text, 0],)


def refused(title: str, name: str, said: str = "", number: str = "ENOEXEC", flags: int = 0) -> Row:
    """Return a row of a file that both kernels refuse in the same words."""
    answer = no(number, *([said] if said else []))
    return Row(title, file(name, flags=flags), answer, answer)


def taken(title: str, text: str, *said: str, debian: str = "OE") -> Row:
    return Row(title, main(text), ("OK", "O", said), ("OK", debian, said))


def invalid(title: str, text: str, number: str, name: str, value: str, *before: str) -> Row:
    answer = no(number, *before, f"<3>gt_main: `{value}' invalid for parameter `{name}'")
    return Row(title, main(text), answer, answer)


FILES = (
    Row("unknown-symbol", (MSDOS,), no("ENOENT", *MISSING), no("ENOENT", *MISSING)),
    Row("ok-fat", (FAT,), OK, OK),
    Row("ok-msdos", (FAT, MSDOS), OK, OK),
    Row("already", (FAT, MSDOS, MSDOS), ("EEXIST", "", ()), ("EEXIST", "", ())),
    Row(
        "vermagic",
        file("vermagic.ko"),
        no("ENOEXEC", "<3>msdos: version magic '{other}' should be '{magic}'"),
        ("OK", "E", ()),
    ),
    Row(
        "vermagic-flags",
        file("vermagic-flags.ko"),
        no("ENOEXEC", "<3>msdos: version magic '{flagged}' should be '{magic}'"),
        no("ENOEXEC", "<3>msdos: version magic '{flagged}' should be '{magic}'"),
    ),
    Row(
        "vermagic-ignore",
        file("vermagic-flags.ko", flags=2),
        ("OK", "F", ("<4>msdos: bad vermagic: kernel tainted.", LOCK)),
        ("OK", "FE", ("<4>msdos: bad vermagic: kernel tainted.", LOCK, UNSIGNED)),
        fresh=True,
    ),
    Row(
        "vermagic-none",
        file("vermagic-none.ko"),
        ("OK", "F", ("<4>msdos: bad vermagic: kernel tainted.", LOCK)),
        ("OK", "FE", ("<4>msdos: bad vermagic: kernel tainted.", LOCK, UNSIGNED)),
        fresh=True,
    ),
    Row(
        "crc-module_layout",
        file("crc-layout.ko"),
        None,
        no("ENOEXEC", "<4>msdos: disagrees about version of symbol module_layout"),
    ),
    Row(
        "crc-module_layout-ignore",
        file("crc-layout.ko", flags=1),
        None,
        ("OK", "FE", ("<4>msdos: module_layout: kernel tainted.", LOCK, UNSIGNED)),
        fresh=True,
    ),
    Row(
        "crc-symbol",
        file("crc-symbol.ko"),
        None,
        no(
            "EINVAL",
            "<4>msdos: disagrees about version of symbol fat_setattr",
            "<4>msdos: Unknown symbol fat_setattr (err -22)",
        ),
    ),
    Row(
        "no-versions",
        file("no-versions.ko"),
        None,
        ("OK", "FE", ("<4>msdos: module_layout: kernel tainted.", LOCK, UNSIGNED)),
        fresh=True,
    ),
    Row("tampered-signed", file("tampered.ko"), OK, no("EKEYREJECTED")),
    Row("unsigned", file("unsigned.ko"), OK, ("OK", "E", (UNSIGNED,)), fresh=True),
    Row("foreign-key", file("foreign.ko"), OK, ("OK", "E", (UNSIGNED,)), fresh=True),
    Row("sig-magic-only", file("magic-only.ko"), OK, no("EBADMSG")),
    refused("wrong-arch", "arch.ko", "<3>Invalid architecture in ELF header: 183"),
    Row("class-and-order", file("class.ko"), OK, ("OK", "E", ())),
    refused("not-relocatable", "program", "<3>Invalid ELF header type: 3 != 1"),
    refused("truncated-0", "empty.ko", "", "EINVAL"),
    Row("truncated-0-init", (["init", "empty.ko", ""],), no("ENOEXEC"), no("ENOEXEC")),
    *(refused(f"truncated-{n}", f"first-{n}.ko", f"<3>Invalid ELF header len {n}") for n in (1, 3, 30, 63)),
    *(
        refused(f"truncated-{n}", f"{name}.ko", OVERFLOW[2][0])
        for n, name in (("500", "first-500"), ("half", "half"), ("-1000", "cut-1000"), ("-64", "cut-64"))
    ),
    refused("truncated-signed-half", "signed-half.ko", OVERFLOW[2][0]),
    refused("text", "text.ko", f"<3>{MAGIC}"),
    *(refused(kind, f"{kind}.ko", f"<3>{MAGIC}") for kind in ("xz", "gz", "zst")),
    *(refused(f"{kind}-flag", f"{kind}.ko", "", "EOPNOTSUPP", 4) for kind in ("xz", "gz")),
    refused("bad-flags", "msdos.ko", "", "EINVAL", 0x80),
    refused("no-this_module", "no-this.ko", "<4>msdos: No module found in object"),
    refused("no-symtab", "no-symtab.ko", "<4>msdos: module has no symbols (stripped?)"),
    Row(
        "no-modinfo",
        file("no-modinfo.ko", before=()),
        no(
            "ENOENT",
            "<4>msdos: bad vermagic: kernel tainted.",
            LOCK,
            "<4>msdos: loading out-of-tree module taints kernel.",
            "<4>msdos: module license 'unspecified' taints kernel.",
            *MISSING,
        ),
        no(
            "ENOENT",
            "<4>msdos: bad vermagic: kernel tainted.",
            LOCK,
            "<4>msdos: loading out-of-tree module taints kernel.",
            "<4>msdos: module license 'unspecified' taints kernel.",
            UNSIGNED,
            *MISSING,
        ),
        fresh=True,
    ),
    refused("shentsize", "shentsize.ko", "<3>Invalid ELF section header size"),
    Row(
        "bad-reloc-type",
        file("relocation.ko"),
        no("ENOEXEC", "<3>subarch: msdos: Unknown rela relocation: 238"),
        no("ENOEXEC", "<3>module: msdos: Unknown rela relocation: 238"),
    ),
    Row(
        "gpl",
        file("license.ko"),
        no("ENOENT", "<4>msdos: module license 'XXX' taints kernel.", LOCK, *MISSING),
        no("ENOENT", "<4>msdos: module license 'XXX' taints kernel.", LOCK, UNSIGNED, *MISSING),
        fresh=True,
    ),
    Row("no-license", file("no-license.ko"), no("ENOENT", *MISSING), no("ENOENT", *MISSING)),
    Row("no-intree", file("no-intree.ko"), ("OK", "O", ()), ("OK", "OE", ())),
    Row("no-retpoline", file("no-retpoline.ko"), None, ("OK", "E", (UNSIGNED,)), fresh=True),
    Row("init-memory", (FAT, ["init", "msdos.ko", ""]), OK, OK),
)

PARAMETERS = (
    taken("par-unknown", "nosuch=1", "<4>gt_main: unknown parameter 'nosuch' ignored"),
    taken("par-unknown-flag", "nosuch", "<4>gt_main: unknown parameter 'nosuch' ignored"),
    Row(
        "par-unknown-other",
        (FAT, ["load", "msdos.ko", "nosuch=1", 0]),
        ("OK", "", ("<4>msdos: unknown parameter 'nosuch' ignored",)),
        ("OK", "", ("<4>msdos: unknown parameter 'nosuch' ignored",)),
    ),
    *(
        invalid(f"par-int-{title}", f"pint={value}" if title != "novalue" else "pint", number, "pint", value)
        for title, value, number in (
            ("junk", "abc", "EINVAL"),
            ("float", "1.5", "EINVAL"),
            ("novalue", "", "EINVAL"),
            ("trail", "12x", "EINVAL"),
            ("over", "2147483648", "ERANGE"),
            ("huge", "99999999999999999999999", "ERANGE"),
        )
    ),
    *(
        taken(f"par-int-{title}", f"pint={value}")
        for title, value in (("hex", "0x10"), ("oct", "010"), ("neg", "-3"), ("max", "2147483647"))
    ),
    *(
        invalid(f"par-{title}", f"p{kind}={value}", number, f"p{kind}", value)
        for title, kind, value, number in (
            ("uint-neg", "uint", "-1", "EINVAL"),
            ("short-over", "short", "40000", "ERANGE"),
            ("ushort-over", "ushort", "65536", "ERANGE"),
            ("byte-over", "byte", "256", "ERANGE"),
            ("ullong-over", "ullong", "18446744073709551616", "ERANGE"),
            ("bool-maybe", "bool", "maybe", "EINVAL"),
        )
    ),
    *(
        taken(f"par-{title}", text)
        for title, text in (
            ("bool-novalue", "pbool"),
            ("bool-on", "pbool=on"),
            ("invbool", "pinvbool=y"),
            ("charp", "pcharp=hello"),
            ("charp-empty", "pcharp="),
            ("string-ok", "pstr=1234567"),
            ("array-ok", "parr=1,2,3,4"),
            ("dash-eq", "delay-ms=0"),
            ("quoted", 'pcharp="a b" pint=3'),
        )
    ),
    invalid("par-charp-novalue", "pcharp", "EINVAL", "pcharp", ""),
    invalid("par-string-novalue", "pstr", "EINVAL", "pstr", ""),
    invalid("par-array-many", "parr=1,2,3,4,5", "EINVAL", "parr", "1", "<3>parr: can only take 4 arguments"),
    invalid("par-array-junk", "parr=1,x", "EINVAL", "parr", "1"),
    invalid("par-array-empty", "parr=", "EINVAL", "parr", ""),
    Row(
        "par-string-long",
        main("pstr=12345678"),
        no(
            "ENOSPC",
            "<3>pstr: string doesn't fit in 7 chars.",
            "<3>gt_main: `12345678' too large for parameter `pstr'",
        ),
        no(
            "ENOSPC",
            "<3>pstr: string doesn't fit in 7 chars.",
            "<3>gt_main: `12345678' too large for parameter `pstr'",
        ),
    ),
    Row(
        "par-charp-long",
        main("pcharp=" + "x" * 1025),
        no("ENOSPC", "<3>pcharp: string parameter too long", "<3>gt_main: `" + "x" * 979),
        no("ENOSPC", "<3>pcharp: string parameter too long", "<3>gt_main: `" + "x" * 979),
    ),
    Row(
        "par-several",
        main("pint=a nosuch pbyte=256 puint=5"),
        no(
            "ERANGE",
            "<3>gt_main: `a' invalid for parameter `pint'",
            "<4>gt_main: unknown parameter 'nosuch' ignored",
            "<3>gt_main: `256' invalid for parameter `pbyte'",
        ),
        no(
            "ERANGE",
            "<3>gt_main: `a' invalid for parameter `pint'",
            "<4>gt_main: unknown parameter 'nosuch' ignored",
            "<3>gt_main: `256' invalid for parameter `pbyte'",
        ),
    ),
    taken("par-after-dashes", "pint=1 -- a b", "<4>gt_main: parameters 'a b' after `--' ignored"),
    taken("par-dyndbg", "async_probe"),
    taken("par-dash", "p-int=1", "<4>gt_main: unknown parameter 'p-int' ignored"),
    Row(
        "par-unsafe",
        main("unsafe_p=1"),
        (
            "OK",
            "O",
            (
                "<4>gt_main: loading out-of-tree module taints kernel.",
                "<5>Setting dangerous option unsafe_p - tainting kernel",
            ),
        ),
        (
            "OK",
            "OE",
            (
                "<4>gt_main: loading out-of-tree module taints kernel.",
                f"<5>gt_main: {_UNVERIFIED}",
                "<5>Setting dangerous option unsafe_p - tainting kernel",
            ),
        ),
        fresh=True,
    ),
    Row(
        "par-200000",
        main("x" * 200000),
        ("OK", "O", ("<4>gt_main: unknown parameter '" + "x" * 961,)),
        ("OK", "OE", ("<4>gt_main: unknown parameter '" + "x" * 961,)),
    ),
    *(
        Row(
            f"par-other-int-{title}",
            (["load", "dummy.ko", f"numdummies={value}", 0],),
            no(number, f"<3>dummy: `{value}' invalid for parameter `numdummies'"),
            no(number, f"<3>dummy: `{value}' invalid for parameter `numdummies'"),
        )
        for title, value, number in (("junk", "abc", "EINVAL"), ("over", "99999999999", "ERANGE"))
    ),
    *(
        Row(f"sysfs-{title}", (MAIN, ["write", f"{SYSFS}/{name}", value]), (number, "O", ()), (number, "OE", ()))
        for title, name, value, number in (
            ("bad", "pint", "abc\n", "EINVAL"),
            ("over", "pint", "99999999999\n", "ERANGE"),
            ("ok", "pint", "7\n", "OK"),
            ("ro", "parr", "1\n", "EACCES"),
            ("none", "nosuch", "1\n", "ENOENT"),
        )
    ),
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
