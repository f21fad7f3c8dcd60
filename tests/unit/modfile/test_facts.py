from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lkm.formats.source import BytesSource
from lkm.modfile.facts import read
from lkm.modfile.nouns import Export as ExportFact
from lkm.modfile.nouns import ModuleFacts, Need, Parameter
from tests.support.elfwriter import RELA, Export, Section, Writer, build_module
from tests.support.signatures import signed

VARIANTS = [(64, "<"), (64, ">"), (32, "<"), (32, ">")]


def facts_of(data: bytes) -> ModuleFacts:
    facts, problems = read(BytesSource(data, "x.ko"))
    assert problems == ()
    return facts


def problems_of(data: bytes) -> list[str]:
    return [str(problem) for problem in read(BytesSource(data, "x.ko"))[1]]


names = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=12)
keys = st.text("abcdefgh_", min_size=1, max_size=6)
crcs = st.integers(0, 0xFFFFFFFF)


@st.composite
def parts(draw: st.DrawFn) -> dict[str, object]:
    symbols = draw(st.lists(names, unique=True, max_size=10))
    cut, second = sorted(draw(st.tuples(st.integers(0, len(symbols)), st.integers(0, len(symbols)))))
    with_crc = draw(st.booleans())
    exports = [
        Export(name, draw(st.booleans()), draw(names | st.just("")), draw(crcs) if with_crc else None)
        for name in symbols[:cut]
    ]
    bits, order = draw(st.sampled_from(VARIANTS))
    return {
        "bits": bits,
        "order": order,
        "modinfo": draw(st.lists(st.tuples(keys, names), max_size=8)),
        "exports": exports,
        "needs": symbols[cut:second],
        "weak": symbols[second:],
        "long_versions": {name: draw(crcs) for name in symbols[cut:]} if draw(st.booleans()) else None,
        "relative": draw(st.booleans()),
        "rela": draw(st.booleans()),
        "build_id": draw(st.binary(max_size=20)),
    }


@given(parts())
def test_what_is_written_is_read(made: dict[str, object]) -> None:
    facts = facts_of(build_module("my_name", **made))  # type: ignore[arg-type]
    assert (facts.name, facts.bits) == ("my_name", made["bits"])
    assert facts.byte_order == {"<": "little", ">": "big"}[str(made["order"])]
    assert facts.modinfo == tuple(made["modinfo"])  # type: ignore[arg-type]
    assert facts.build_id == made["build_id"]
    exports: list[Export] = made["exports"]  # type: ignore[assignment]
    wanted = [ExportFact(e.name, e.gpl, e.namespace, e.crc) for e in exports]
    assert list(facts.exports) == [e for e in wanted if not e.gpl_only] + [e for e in wanted if e.gpl_only]
    versions: dict[str, int] = made["long_versions"] or {}  # type: ignore[assignment]
    needs = [Need(name, versions.get(name), False) for name in made["needs"]]  # type: ignore[attr-defined]
    weak = [Need(name, versions.get(name), True) for name in made["weak"]]  # type: ignore[attr-defined]
    assert list(facts.needs) == needs + weak


def test_parameters_imports_vermagic_and_signature() -> None:
    modinfo = [
        ("parm", "a:How many"),
        ("parmtype", "b:array of int"),
        ("parmtype", "a:int"),
        ("import_ns", "N1"),
        ("import_ns", "N2"),
        ("vermagic", "6.1 SMP "),
        ("alias", "x"),
        ("alias", "y"),
    ]
    facts = facts_of(signed(build_module(modinfo=modinfo)))
    assert facts.parameters == (Parameter("a", "int", "How many"), Parameter("b", "array of int"))
    assert [parameter.is_array for parameter in facts.parameters] == [False, True]
    assert facts.imports == ("N1", "N2")
    assert facts.vermagic == "6.1 SMP "
    assert facts.values("alias") == ("x", "y")
    assert facts.signature is not None
    assert facts.signature.signer == "Somebody's key"


@pytest.mark.parametrize(("bits", "order"), VARIANTS)
def test_crcs_for_which_the_versions_table_gives_a_word(bits: int, order: str) -> None:
    facts = facts_of(build_module(bits=bits, order=order, needs=["f", "g"], versions={"f": 0x80000001}))
    assert facts.needs == (Need("f", 0x80000001), Need("g"))


def test_text_that_is_not_utf_8_survives() -> None:
    facts = facts_of(build_module(sections={".modinfo": b"author=J\xf6rg\0"}))
    assert facts.values("author")[0].encode("utf-8", "surrogateescape") == b"J\xf6rg"


def test_crcs_behind_relocations_as_before_linux_5_19() -> None:
    # __kcrctab is empty; its relocation leads to an absolute symbol, or to a word in another section
    for section, value in (("ABS", 0x11223344), (".rodata", 4)):
        writer = Writer()
        strings = b"f\0\0"
        for title, data in (
            (".text", bytes(16)),
            (".rodata", struct.pack("<II", 9, 0x11223344)),
            ("__ksymtab_strings", strings),
            ("__ksymtab", bytes(12)),
            ("__kcrctab", bytes(4)),
            (".gnu.linkonce.this_module", bytes(24) + b"m".ljust(200, b"\0")),
        ):
            writer.sections.append(Section(title, data))
        writer.locals = [("__kstrtab_f", 0, "__ksymtab_strings", 0), ("__crc_f", 0, section, value)]
        writer.globals = [("f", 1, ".text", 0)]
        writer.relocations("__ksymtab", [(0, "f", 2), (4, "__kstrtab_f", 2)], rela=True)
        writer.relocations("__kcrctab", [(0, "__crc_f", 2)], rela=True)
        assert writer.sections[-1].type == RELA
        assert facts_of(writer.elf()).exports == (ExportFact("f", False, "", 0x11223344),)


@pytest.mark.parametrize(("bits", "order"), VARIANTS)
def test_one_table_of_exports_with_flags_as_in_linux_7(bits: int, order: str) -> None:
    # other bits than the lowest have meanings of their own
    made = build_module(
        bits=bits, order=order, exports=["f", "g", "h"], relative=False, sections={"__kflagstab": b"\2\1\3"}
    )
    assert [(e.name, e.gpl_only) for e in facts_of(made).exports] == [("f", False), ("g", True), ("h", True)]


def test_a_name_may_be_given_as_a_distance_back_from_another_symbol() -> None:
    writer = Writer(32, machine=3)
    writer.add("__ksymtab_strings", b"f\0NS\0")
    writer.add("__ksymtab", struct.pack("<iii", 0, -2, 0))
    writer.add(".gnu.linkonce.this_module", bytes(12) + b"m".ljust(200, b"\0"))
    writer.locals = [("__kstrtabns_f", 0, "__ksymtab_strings", 2)]
    writer.globals = [("f", 1, "__ksymtab", 0)]
    rows = [(0, "f", 2), (4, "__kstrtabns_f", 2), (8, "__kstrtabns_f", 2)]
    writer.relocations("__ksymtab", rows, rela=False)
    assert facts_of(writer.elf()).exports == (ExportFact("f", False, "NS"),)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (build_module(symtab=False), "no symbol table"),
        (build_module("x" * 60), "holds no name"),
        (build_module("x" * 55), None),
        (build_module(sections={"__versions": b"abc"}), "__versions has 3 bytes, which is no multiple of 64"),
        (build_module(long_versions={"f": 1}, sections={"__version_ext_crcs": b"abc"}), "1 names in __version_ext"),
        (build_module(modinfo=[("parm", "bad")]), "without ':' after the parameter's name: 'parm=bad'"),
        (build_module(tail=b"~Module signature appended~\n"), "a signature of"),
        (Writer(type=3).elf(), "ELF type 3"),
        (Writer().elf(), "no section .gnu.linkonce.this_module"),
        (build_module(exports=["f"], sections={"__kflagstab": b"\0\1"}), "flags for 2 symbols, but __ksymtab has 1"),
        (build_module(exports=["f"], sections={".rela__ksymtab": b""}), "no relocations that lead to names"),
    ],
)
def test_what_is_odd_is_said(data: bytes, says: str | None) -> None:
    said = problems_of(data)
    assert any(says in text for text in said) if says else said == []
    assert all(text.startswith("x.ko: ") for text in said)
