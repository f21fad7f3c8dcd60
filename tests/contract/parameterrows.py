"""Parameters that real kernels took, or refused: see rows.py."""

from __future__ import annotations

from tests.contract.rowkit import (
    FAT,
    MAIN,
    SYSFS,
    UNVERIFIED,
    Row,
    invalid,
    main,
    no,
    taken,
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
    Row(
        "par-dashes-bad",
        main("pint=x -- a b"),
        no("EINVAL", "<3>gt_main: `x' invalid for parameter `pint'"),
        no("EINVAL", "<3>gt_main: `x' invalid for parameter `pint'"),
    ),
    taken("par-dashes-empty", "--", "<4>gt_main: parameters '' after `--' ignored"),
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
                f"<5>gt_main: {UNVERIFIED}",
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
