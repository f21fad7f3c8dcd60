"""Laws of all rules, on evidence of which any part may be missing."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

import lkm.diagnose.rules as rules
from lkm.diagnose.engine import RULES, diagnose
from lkm.diagnose.evidence import (
    SIGNATURES,
    Attempt,
    Caller,
    Evidence,
    Installed,
    KernelSide,
    ModuleFile,
)
from lkm.diagnose.examine import examine
from lkm.diagnose.finding import CERTAINTIES, RISKY, SAFE, UNKNOWN, Fact, Finding, Remedy
from lkm.names import ModuleName
from lkm.report.finding import as_json, lines_of
from lkm.state.devices import Device
from lkm.state.nouns import LoadedModule
from lkm.state.users import User, Uses
from tests.support import sick
from tests.support.elfwriter import build_module
from tests.support.signatures import signed
from tests.support.trees import compressor

NAMES = ("mod", "fat", "", "gone", "a b", "{name}", "-x", "pci:v00001234d*")
PLAIN = build_module("mod", modinfo=sick.HEALTHY, needs=["_printk", "secret", "fat_a", "gone", "__fentry__"])
ODD = build_module(
    "mod",
    modinfo=(
        ("vermagic", "5 SMP"),
        ("livepatch", "Y"),
        ("intree", "Y"),
        ("srcversion", "A"),
        ("alias", "pci:v00001234d*"),
    ),
    exports=["_printk"],
    needs=["fat_a"],
    versions={"_printk": 7, "module_layout": 8},
)
FILES = (
    b"",
    b"\x7fELF",
    b"<html>",
    b"a text\n",
    b"MZ",
    b"!<arch>\ndebian",
    PLAIN,
    ODD,
    signed(PLAIN),
    signed(ODD),
    PLAIN[:99],
    PLAIN[:-80],
    build_module("mod", machine=183),
    compressor("xz")(PLAIN),
    compressor("gz")(ODD)[:40],
)
LINES = (
    "mod: Unknown symbol gone (err -2)",
    "mod: Unknown symbol _printk (err -22)",
    "mod: disagrees about version of symbol module_layout",
    "mod: version magic 'a b' should be 'c b'",
    "mod: version magic '' should be ''",
    "mod: exports duplicate symbol _printk (owned by fat)",
    "mod: module uses symbol (secret) from namespace N, but does not import it.",
    "mod: module using GPL-only symbols uses symbols gone from proprietary module fat.",
    "mod: `x' invalid for parameter `n'",
    "n: can only take 4 arguments",
    "s: string parameter too long",
    "mod: unknown parameter 'q' ignored",
    "mod: module is marked as livepatch module, but livepatch support is disabled",
    "module: mod: Unknown rela relocation: 238",
    "Lockdown: insmod: unsigned module loading is restricted; see man kernel_lockdown.7",
    "Loading of unsigned module is rejected",
    "Loading of module with unavailable key is rejected",
    "Loading of module with unsupported crypto is rejected",
    "Invalid ELF header magic: != \x7fELF",
    "Invalid ELF section header overflow",
    "Module mod is blacklisted",
    "vmap allocation for size 9 failed",
    "mod 0000:00: Direct firmware load for a failed with error -2",
    "request_module: runaway loop modprobe binfmt-464c",
    "kmod: runaway modprobe loop assumed and stopped",
    "",
)
CALLS = (
    "",
    "finit_module",
    "init_module",
    "delete_module",
    "open",
    "read",
    "command",
    "lookup",
    "forbid",
    "blacklist",
    "x",
)
ERRNOS = sorted({"", *[n for name in RULES for n in __import__(f"lkm.diagnose.rules.{name}", fromlist=["E"]).ERRNOS]})
TEXTS = (
    "blacklist mod\ninstall mod /bin/false\nremove m* /bin/true\nforbid fa? because x\n",
    "install mod sh\nremove mod sh\n",
    "",
)

flag = st.sampled_from([None, True, False])
name = st.sampled_from(NAMES)
loaded = st.builds(
    LoadedModule,
    name.map(ModuleName),
    st.just(1),
    st.integers(-1, 4),
    st.lists(name.map(ModuleName), max_size=2).map(tuple),
    st.sampled_from(["Live", "Loading", "Unloading"]),
    st.just(0),
    st.sampled_from(["", "OE", "P"]),
    st.booleans(),
)
kernels = st.builds(
    KernelSide,
    name,
    release=name,
    machine=st.sampled_from([0, 62, 3]),
    vermagic=st.sampled_from(["", "6 SMP", sick.VERMAGIC]),
    modversions=flag,
    exports=st.sampled_from([None, {}, sick.KERNEL.exports]),
    loaded=st.none() | st.lists(loaded, max_size=3).map(tuple),
    builtin=st.sampled_from([None, frozenset(["mod"])]),
    config=st.sampled_from([None, {}, {"CONFIG_MODULES": "y"}, {"CONFIG_X": "y"}]),
    blacklist=st.sampled_from([(), ("mod",)]),
    sig_enforce=flag,
    lockdown=st.sampled_from(["", "none", "integrity"]),
    modules_disabled=flag,
    capable=flag,
    modular=flag,
    secure_boot=flag,
    free=st.sampled_from([None, 0, 1 << 40]),
    symbols=st.sampled_from([None, frozenset(["gone"])]),
)
uses = st.builds(
    User,
    st.sampled_from(["device", "mapping", "mount", "swap", "socket", "interface", "loop", "algorithm", "count"]),
    name,
    name,
    st.integers(0, 2),
    name,
    st.integers(1, 2),
)
files = st.builds(
    lambda path, data, mark: examine(path, data)._replace(signature=mark),
    st.sampled_from(["mod.ko", "/a b/mod.ko.xz", "mod", ""]),
    st.sampled_from(FILES),
    st.sampled_from(["", *SIGNATURES]),
)
evidences = st.builds(
    Evidence,
    st.none() | st.just(ModuleFile("mod.ko")) | files,
    st.none() | kernels,
    st.sampled_from([None, sick.FakeTree(fat=("fat_a",), mod=()), sick.FakeTree()]),
    st.builds(
        Attempt,
        st.sampled_from(CALLS),
        st.sampled_from(ERRNOS),
        st.lists(st.sampled_from(LINES), max_size=4).map(tuple),
        st.sampled_from(["", "n=x q=1"]),
        st.booleans(),
        st.sampled_from(["", "/bin/false", "sh"]),
        st.integers(0, 2),
    ),
    name,
    refused=st.sampled_from([(), ("fat",)]),
    no_firmware=st.sampled_from([(), ("f",)]),
    settings=st.none() | st.sampled_from(TEXTS).map(sick.settings),
    uses=st.none()
    | st.builds(Uses, st.lists(st.tuples(name, st.lists(uses, max_size=3).map(tuple))).map(tuple), st.booleans()),
    devices=st.sampled_from([None, (), (Device("pci", "d", "pci:v00001234d1", "x"), Device("usb", "e", "usb:v1"))]),
    index_faults=st.sampled_from([(), (Fact("stale", "modules.dep"),)]),
    caller=st.builds(
        Caller, st.integers(-1, 1), st.sampled_from([None, 0, 2]), flag, st.sampled_from(["", "docker"])
    ),
    installed=st.lists(st.builds(Installed, name, name, st.sampled_from(["", "5 SMP"]), name), max_size=2).map(tuple),
    srcversion=st.sampled_from(["", "A", "B"]),
)


def _order(finding: Finding) -> tuple[bool, int]:
    return not finding.errno, CERTAINTIES.index(finding.certainty)


@settings(max_examples=400, deadline=None)
@given(evidences)
def test_no_evidence_is_too_little_and_none_too_odd(evidence: Evidence) -> None:
    found = diagnose(evidence)
    assert found == diagnose(evidence)
    assert list(found) == sorted(found, key=_order)
    for finding in found:
        rule = __import__(f"lkm.diagnose.rules.{finding.code.replace('-', '_')}", fromlist=["find"])
        assert finding.errno in (*rule.ERRNOS, "") or finding.code == "unreadable", finding  # open(2) has many
        assert finding.facts, finding
        assert "\n" not in finding.what
        assert finding.certainty in CERTAINTIES
        if finding.certainty == UNKNOWN:
            assert any("missing" in f.origin or "not known" in f.text for f in finding.facts)
        for remedy in finding.remedies:
            assert remedy.risk in (SAFE, RISKY)
            assert any(_made(made, remedy) for made in rule.REMEDIES), remedy
        assert as_json(finding)["code"] == finding.code
        assert all("\n" not in line for line in lines_of(finding))


def _made(template: Remedy, remedy: Remedy) -> bool:
    """Tell whether a remedy is that of the rule's table with its holes filled."""
    same = [
        re.fullmatch(re.sub(r"\\\{\w+\\\}", "(?s:.*)", re.escape(one)), other) is not None
        for one, other in ((template.text, remedy.text), (template.command, remedy.command or template.command))
    ]
    return all(same) and template.risk == remedy.risk


def test_remedies_stand_in_their_table_only() -> None:
    for path in sorted(Path(rules.__file__).parent.glob("[a-z]*.py")):
        tree = ast.parse(path.read_text())
        for function in [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]:
            made = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
            assert not [call for call in made if getattr(call.func, "id", "") == "Remedy"], path.name
        rule = __import__(f"lkm.diagnose.rules.{path.stem}", fromlist=["REMEDIES"])
        assert rule.REMEDIES, path.name
        assert len({(r.text, r.command) for r in rule.REMEDIES}) == len(rule.REMEDIES)
