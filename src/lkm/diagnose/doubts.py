"""What cannot be told of a module because evidence of the kernel is missing: it is neither well nor sick."""

from __future__ import annotations

from lkm.diagnose.finding import UNKNOWN, Fact, Finding, Remedy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from lkm.modfile.nouns import ModuleFacts

CODE = "not-known"
#: What may be missing: the kernel's exported symbols; of these the CRCs, which are for GPL modules only, the
#: namespaces; its vermagic; the certificates that it trusts; rules for its machine in the simulated kernel; the
#: tree with the modules that it needs.
EXPORTS, CRCS, MARKS, NAMESPACES, VERMAGIC, CERTIFICATES, MACHINE, TREE = (
    "exports",
    "CRCs",
    "GPL-only marks",
    "namespaces",
    "vermagic",
    "certificates",
    "machine",
    "modules",
)
_IMAGE = Remedy("give the kernel's image, which tells all of it", "lkm check --image VMLINUZ")
_SYMVERS = Remedy("give the Module.symvers of its build", "lkm check --symvers MODULE.SYMVERS")
_KEY = Remedy("give the certificate of the key that signs its modules", "lkm check --key CERTIFICATE")
_CHECKED = "kernel/module/main.c: "
_TEXTS = {
    EXPORTS: ("whether the kernel exports the symbols that it needs", "simplify_symbols", (_IMAGE, _SYMVERS)),
    CRCS: ("whether the kernel's symbols have the CRCs that it was built with", "check_version", (_IMAGE, _SYMVERS)),
    MARKS: ("whether symbols that it needs are for GPL modules only", "find_symbol", (_IMAGE, _SYMVERS)),
    NAMESPACES: (
        "whether it imports the namespaces of the symbols that it needs",
        "verify_namespace_is_imported",
        (_IMAGE, _SYMVERS),
    ),
    VERMAGIC: ("whether its vermagic is the kernel's", "check_modinfo", (_IMAGE,)),
    CERTIFICATES: ("whether the kernel trusts the key that signed it", "module_sig_check", (_IMAGE, _KEY)),
    MACHINE: ("whether it can be linked: kernels of this machine are not simulated", "apply_relocations", ()),
    TREE: (
        "what modules that it needs export: they are nowhere",
        "resolve_symbol",
        (Remedy("name the root that has them", "lkm check -d ROOT -S RELEASE"),),
    ),
}


def doubts(facts: ModuleFacts | None, lacking: Collection[str], origin: str, *, trusted: bool) -> Iterator[Finding]:
    """Yield a finding for each thing that matters for this module and is ``lacking`` (of the words above).

    ``origin`` tells which evidence there was; ``trusted``: its signature is right, by a key that is known.
    """
    needs = bool(facts and [need for need in facts.needs if need.name != "module_layout"])
    matters = {
        EXPORTS: needs,
        CRCS: bool(facts and any(need.crc is not None for need in facts.needs)),
        MARKS: needs and not (facts and facts.gpl_compatible),
        NAMESPACES: needs,
        VERMAGIC: True,
        CERTIFICATES: bool(facts and facts.signature) and not trusted,
        MACHINE: True,
        TREE: bool(facts and any(facts.values("depends"))),
    }
    for what, (question, function, remedies) in _TEXTS.items():
        if what not in lacking or not matters[what]:
            continue
        if what != EXPORTS and EXPORTS in lacking and what in (CRCS, MARKS, NAMESPACES):
            continue  # part of the same question
        yield Finding(
            CODE,
            f"it is not known {question}",
            UNKNOWN,
            "",
            (Fact(_seen(what, facts), origin),),
            "the kernel looks at that before it lets a module in",
            _CHECKED + function,
            remedies,
        )


def unread(what: str, path: str) -> Finding:
    """Return the finding for a file that we could not read; ``what`` says why."""
    return Finding(
        CODE,
        "it is not known what its file holds",
        UNKNOWN,
        "",
        (Fact(what, path),),
        "",
        "",
        (Remedy("look at who may read it", f"ls -l {path}"),),
    )


def unindexed(why: str, directory: str, command: str) -> Finding:
    """Return the finding for a module of a tree that has no index; ``command`` makes it."""
    return Finding(
        CODE,
        "it is not known what it needs, as the tree has no index",
        UNKNOWN,
        "",
        (Fact(why, directory),),
        "what it needs is to be loaded first",
        "depmod(8)",
        (Remedy("index the tree", command),),
    )


def _seen(what: str, facts: ModuleFacts | None) -> str:
    if what == TREE:
        return f"depends={','.join(facts.values('depends') if facts else ())}"
    return "only x86-64, arm64, riscv64 and loongarch64 are" if what == MACHINE else f"it does not tell {what}"
