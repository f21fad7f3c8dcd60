"""Which disease is told first for what kernels refuse, and modprobe says: the data of docs/diseases/table.md."""

from __future__ import annotations

from tests.contract.play import Call
from tests.contract.rowkit import Expected, Row

#: Row → disease; parameters and init functions have their own rule below.
DISEASES = {
    "unknown-symbol": "missing-symbol",
    "already": "already-loaded",
    "vermagic": "other-kernel",
    "vermagic-flags": "other-kernel",
    "crc-module_layout": "crc-mismatch",
    "crc-symbol": "crc-mismatch",
    "tampered-signed": "bad-signature",
    "sig-magic-only": "malformed-signature",
    "wrong-arch": "other-machine",
    "not-relocatable": "program",
    "truncated-0": "empty-file",
    "truncated-0-init": "empty-file",
    **{f"truncated-{n}": "cut-file" for n in ("30", "63", "500", "half", "-1000", "-64", "signed-half")},
    "truncated-1": "not-elf",
    "truncated-3": "not-elf",
    "text": "not-elf",
    "xz": "wrong-compression",
    "gz": "wrong-compression",
    "zst": "wrong-compression",
    "xz-flag": "wrong-compression",
    "gz-flag": "wrong-compression",
    "bad-flags": "bad-call",
    "bad-fd": "bad-call",
    "fd-dir": "bad-call",
    "fd-wronly": "bad-call",
    "fd-rdwr": "bad-call",
    "fd-pipe": "bad-call",
    "fd-devnull": "bad-call",
    "null-image": "bad-call",
    "no-this_module": "not-a-module",
    "no-symtab": "stripped",
    "no-modinfo": "gpl-only",
    "shentsize": "damaged",
    "bad-reloc-type": "relocation",
    "gpl": "gpl-only",
    "no-license": "gpl-only",
    "livepatch": "livepatch",
    "user-of-proprietary": "proprietary-owner",
    "tcrypt": "init-failed",
    "duplicate-export": "duplicate-symbol",
    "builtin-name": "built-in",
    "blacklist": "kernel-blacklist",
    "perm-load": "not-allowed",
    "perm-init": "not-allowed",
    "perm-unload": "not-allowed",
    "lockdown-unsigned": "unsigned",
    "lockdown-foreign": "unknown-key",
    "enforce-unsigned": "unsigned",
    "enforce-tampered": "bad-signature",
    "enforce-foreign": "unknown-key",
    "enforce-out-of-tree": "unsigned",
    "enforce-text": "unsigned",
    "enforce-forced": "unsigned",
    "modules_disabled": "modules-disabled",
    "rm-used-by-module": "in-use",
    "rm-in-use-refcount": "in-use",
    "rm-force-refcount": "in-use",
    "rm-permanent": "permanent",
    "rm-not-loaded": "not-loaded",
    "rm-dash": "not-loaded",
    "rm-long-name": "not-loaded",
    "rm-no-name": "not-loaded",
}
#: Calls that load and remove nothing: a value written to a file of /sys or /proc, a device opened.
OTHER = ("write", "use", "release")

#: What modprobe was told → the row that its kernel answers with ("": no kernel is asked), and the disease of each
#: (of what modprobe itself says no to, in the words of test_findings.py).
MODPROBE = (
    ("msdos", "ok-msdos", ""),
    ("msdos, whose vermagic has another flag", "vermagic-flags", "other-kernel"),
    ("msdos, where the CRC of module_layout is another", "crc-module_layout", "crc-mismatch"),
    ("msdos, where the CRC of fat_setattr is another", "crc-symbol", "crc-mismatch"),
    ("msdos, changed after it was signed", "tampered-signed", "bad-signature"),
    ("msdos, with a signature that cannot be read", "sig-magic-only", "malformed-signature"),
    ("msdos, for another architecture", "wrong-arch", "other-machine"),
    ("msdos, a text file", "text", "not-elf"),
    ("msdos, half of it", "truncated-half", "cut-file"),
    ("msdos, an empty file", "truncated-0", "empty-file"),
    ("msdos, with license XXX", "gpl", "gpl-only"),
    ("msdos, without a symbol table", "no-symtab", "stripped"),
    ("msdos, whose file is in modules.dep and not there", "", "bad-index"),
    ("msdos, where fat.ko is a text file", "", "refused-need"),
    ("msdos, where fat.ko is missing", "unknown-symbol", "missing-symbol"),
    ("msdos nosuch=1", "par-unknown-other", "unknown-parameter"),
    ("dummy numdummies=abc", "par-other-int-junk", "bad-parameter"),
    ("dummy numdummies=99999999999", "par-other-int-over", "bad-parameter"),
    ("nosuch", "", "not-found"),
    ("a name that is built in", "", "built-in"),
    ("tcrypt mode=1000", "tcrypt", "init-failed"),
    ("msdos, with `blacklist msdos`", "ok-msdos", "blacklisted"),
    ("-b msdos, with `blacklist msdos`", "", "blacklisted"),
    ("fs-msdos, with `blacklist msdos`", "", "blacklisted"),
    ("msdos, with `install msdos /bin/false`", "", "install-command"),
    ("msdos, with `install msdos /bin/true`", "", "install-command"),
    ("msdos, with `forbid msdos`", "", "forbidden"),
    ("-r msdos, with `remove msdos /bin/false`", "", "remove-command"),
    ("msdos, without modules.dep.bin", "", "bad-index"),
    ("msdos, with garbage in modules.dep.bin", "", "bad-index"),
    ("msdos, without a directory of modules", "", "not-found"),
)


def disease(title: str) -> str:
    """Return the disease of a row that is refused."""
    if title.startswith("par-"):
        return "bad-parameter"
    if title.startswith("init-"):
        return "no-device" if title == "init-ENODEV" else "init-failed"
    return DISEASES[title]


def last(row: Row) -> Call:
    """Return the call that counts, without whose it is."""
    call = row.calls[-1]
    return call[1] if call[0] == "nobody" else call


def is_about_a_module(row: Row) -> bool:
    """Tell whether a row loads or removes something."""
    return last(row)[0] not in OTHER


def table(rows: tuple[Row, ...]) -> str:
    """Return the page: case → errno → finding, for each kernel."""
    lines = [
        "# Case, answer, finding",
        "",
        "What real kernels answer (User-Mode Linux 6.1.176, Debian's 6.1.0 under QEMU), and which disease is told",
        "first. The cases are those of `tests/contract/rows.py`, which are played on the real kernels; `-`: a kernel",
        "cannot have it; `loads` and `goes`: it does so without a word.",
        "",
        "## System calls",
        "",
        "| case | call | UML | Debian | finding |",
        "|---|---|---|---|---|",
    ]
    for row in rows:
        if is_about_a_module(row):
            answers = [_answer(row, expected) for expected in (row.uml, row.debian)]
            refused = any(expected and expected[0] != "OK" for expected in (row.uml, row.debian))
            lines.append(f"| {row.title} | {_shown(row)} | {' | '.join(answers)} | {_link(row.title, refused)} |")
    lines += ["", "## modprobe", "", "| `modprobe` | as the system call | finding |", "|---|---|---|"]
    for words, title, code in MODPROBE:
        lines.append(f"| {words} | {title or 'none'} | {f'[{code}]({code}.md)' if code else ''} |")
    return "\n".join(lines) + "\n"


def _answer(row: Row, expected: Expected | None) -> str:
    if expected is None:
        return "-"
    number = expected[0]
    return ("goes" if last(row)[0] == "unload" else "loads") if number == "OK" else number


def _link(title: str, refused: bool) -> str:
    code = "unknown-parameter" if title.startswith("par-unknown") or title == "par-dash" else ""
    code = disease(title) if refused else code
    return f"[{code}]({code}.md)" if code else ""


def _shown(row: Row) -> str:
    """Return the last call in words."""
    verb, *words = last(row)
    name = {"load": "finit_module", "init": "init_module", "unload": "delete_module", "odd": "finit_module"}[verb]
    texts = [str(word) for word in words[:2] if isinstance(word, str) and word]
    shown = " ".join([text if len(text) < 40 else text[:20] + "..." for text in texts])
    who = " by nobody" if row.calls[-1][0] == "nobody" else ""
    policy = f", {row.policy}" if row.policy else ""
    flags = f", flags {words[2]}" if verb == "load" and words[2] else ""
    return f"{name} `{shown}`{flags}{who}{policy}" if shown else f"{name}{who}{policy}"
