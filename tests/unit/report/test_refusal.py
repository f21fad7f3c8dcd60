from __future__ import annotations

import errno

import pytest

from lkm.errors import FormatError
from lkm.index.lookup import DepEntry, ModuleIndex
from lkm.kernel.interface import Refused
from lkm.names import ModuleName
from lkm.report.refusal import NO_MODULE, Evidence, explain_load, insmod_text, printable
from lkm.state.nouns import LogRecord

OWNERS = {
    "fat_a": "fat",
    "fat_b": "fat",
    "fat_c": "fat",
    "fat_d": "fat",
    "fat_e": "fat",
    "nls_x": "nls",
    "far": "far",
}


class FakeIndex(ModuleIndex):
    """An index of three modules: fat, msdos and far (which has dependencies of its own)."""

    def __init__(self, *, broken: bool = False) -> None:
        super().__init__("/lib/modules/R", lambda _: None)
        self.broken = broken

    def symbol_owners(self, alias: str) -> tuple[ModuleName, ...]:
        if self.broken:
            raise FormatError("torn")
        owner = OWNERS.get(alias.removeprefix("symbol:"))
        return (ModuleName(owner),) if owner else ()

    def dependencies(self, name: str) -> DepEntry | None:
        paths = {
            "fat": DepEntry(ModuleName("fat"), "kernel/fat.ko"),
            "msdos": DepEntry(ModuleName("msdos"), "kernel/msdos.ko", ("kernel/fat.ko",)),
            "far": DepEntry(ModuleName("far"), "/opt/far.ko", ("kernel/fat.ko",)),
        }
        return paths.get(name)


def refused(number: int, *said: str, call: str = "finit_module") -> Refused:
    return Refused(call, number, tuple(LogRecord(4, i, i, text) for i, text in enumerate(said)))


def unknown(*symbols: str) -> Refused:
    return refused(errno.ENOENT, *[f"msdos: Unknown symbol {s} (err -2)" for s in symbols])


MSDOS = Evidence("x/msdos.ko", "msdos", vermagic="6.1.0 SMP mod_unload ", kernel_release="6.1.0")


def test_missing_symbols_of_one_module_with_both_cures() -> None:
    assert explain_load(unknown("fat_b", "fat_a"), MSDOS, FakeIndex()) == (
        "it needs 2 symbols that the kernel lacks and module fat provides: fat_a, fat_b",
        "cure: `lkm modprobe msdos` loads fat first",
        "or: `lkm insmod /lib/modules/R/kernel/fat.ko`, then this again",
    )


def test_many_symbols_are_cut_short_unless_all_are_asked_for() -> None:
    many = unknown("fat_a", "fat_b", "fat_c", "fat_d", "fat_e")
    assert explain_load(many, MSDOS, FakeIndex())[0].endswith("fat_a, fat_b, fat_c, fat_d and 1 more (-v lists all)")
    assert explain_load(many, MSDOS, FakeIndex(), verbose=True)[0].endswith("fat_a, fat_b, fat_c, fat_d, fat_e")


def test_several_owners_and_none() -> None:
    own = MSDOS._replace(path="own.ko", name="own")
    assert explain_load(unknown("zzz", "fat_a", "far", "fat_b"), own, FakeIndex()) == (
        "it needs 4 symbols that the kernel lacks:",
        "  2 that module fat provides: fat_a, fat_b",
        "  1 that module far provides: far",
        "  1 that no module of /lib/modules/R provides: zzz",
        "cure: `lkm insmod /lib/modules/R/kernel/fat.ko`",
        "or: `lkm modprobe far`, then this again",
    )


@pytest.mark.parametrize("index", [None, FakeIndex(broken=True)])
def test_without_index_the_symbols_are_still_named(index: ModuleIndex | None) -> None:
    (line,) = explain_load(unknown("fat_a"), MSDOS, index)
    assert line.startswith("it needs 1 symbol that the kernel lacks and") and line.endswith(": fat_a")


def test_without_log_the_index_tells_what_may_be_missing() -> None:
    evidence = MSDOS._replace(needs=("fat_a", "nls_x", "printk"), loaded=("nls",))
    first = explain_load(refused(errno.ENOENT), evidence, FakeIndex())[0]
    assert first.endswith("the kernel's log is not to be had) and module fat provides: fat_a")


def test_symbol_of_a_loaded_module_may_be_for_gpl_modules_only() -> None:
    evidence = MSDOS._replace(loaded=("fat",), license="Proprietary")
    lines = explain_load(unknown("fat_a"), evidence, FakeIndex())
    assert "GPL" in lines[1] and "'Proprietary'" in lines[1] and len(lines) == 2


def test_vermagic_field_by_field() -> None:
    said = "msdos: version magic '6.1.0 SMP mod_unload ' should be '6.2.0 preempt mod_unload '"
    assert explain_load(refused(errno.ENOEXEC, said), MSDOS) == (
        "it was built for kernel 6.1.0; this one is 6.2.0",
        "it was built with SMP; this kernel was not",
        "this kernel was built with preempt; the module was not",
        "build it with the headers of this kernel, or take the module that came with it",
        f"kernel: {said}",
    )


def test_wrong_machine_and_no_module_at_all() -> None:
    said = "Invalid architecture in ELF header: 183"
    arm = MSDOS._replace(machine="aarch64", kernel_machine="x86_64")
    assert explain_load(refused(errno.ENOEXEC, said), arm)[0] == "it is made for aarch64; this kernel runs on x86_64"
    same = MSDOS._replace(machine="i386", kernel_machine="i686")
    assert explain_load(refused(errno.ENOEXEC, said), same) == (f"kernel: {said}",)
    assert explain_load(refused(errno.ENOEXEC), MSDOS._replace(problem="not an ELF file")) == ("not an ELF file",)


def test_bad_parameter_and_changed_symbol() -> None:
    said = "dummy: `abc' invalid for parameter `numdummies'"
    for number in (errno.EINVAL, errno.ERANGE):
        lines = explain_load(refused(number, said), MSDOS)
        assert lines[0] == "parameter numdummies does not take the value 'abc'" and lines[-1] == f"kernel: {said}"
    lines = explain_load(refused(errno.EINVAL, "msdos: disagrees about version of symbol fat_setattr"), MSDOS)
    assert lines[0] == "it was built against another version of fat_setattr: the CRCs differ"
    empty = MSDOS._replace(problem="a file of 0 bytes is no module")
    assert explain_load(refused(errno.EINVAL), empty) == (empty.problem,)


@pytest.mark.parametrize(
    ("outcome", "changes", "word"),
    [
        (refused(errno.EPERM, "Module msdos is blacklisted"), {}, "module_blacklist= on"),
        (refused(errno.EPERM), {"blacklist": "module_blacklist=a,msdos"}, "module_blacklist=a,msdos on"),
        (refused(errno.EPERM, "Lockdown: insmod: unsigned module loading is restricted"), {}, "locked down"),
        (refused(errno.EPERM), {"superuser": False}, "only root"),
        (refused(errno.EPERM), {"disabled": True}, "modules_disabled"),
        (refused(errno.EEXIST), {}, "in the kernel already"),
        (refused(errno.ENOSYS, call="init_module"), {}, "without loadable modules"),
        (refused(errno.EKEYREJECTED), {}, "signature"),
        (refused(errno.ENODEV), {}, "init function"),
        (refused(errno.ENOENT, call="open"), {"path": "msdos"}, "lkm modprobe msdos"),
    ],
)
def test_other_reasons(outcome: Refused, changes: dict[str, object], word: str) -> None:
    assert word in explain_load(outcome, MSDOS._replace(**changes), FakeIndex())[0]


def test_every_errno_has_an_explanation_and_the_kernel_is_always_quoted() -> None:
    for number in errno.errorcode:
        assert explain_load(refused(number), MSDOS, FakeIndex())
        assert explain_load(refused(number, "said this"), MSDOS, FakeIndex())[-1] == "kernel: said this"


def test_words_of_the_kernel_cannot_steer_a_terminal() -> None:
    assert printable("a\x1b[2Jb\ncafé") == r"a\x1b[2Jb\x0acafé"


def test_insmod_words_are_kmods() -> None:
    ours = {number: insmod_text(number, str) for number in (2, 3, 8, 22, 17)}
    assert ours == {
        2: "Unknown symbol in module",
        3: "Module has wrong symbol version",
        8: "Invalid module format",
        22: "Invalid parameters",
        17: "17",
    }


@pytest.mark.parametrize("number", [errno.ENOEXEC, errno.ENOENT])
def test_an_object_file_that_is_no_module(number: int) -> None:
    lines = explain_load(refused(number, "x: odd"), MSDOS._replace(problem=NO_MODULE), FakeIndex())
    assert lines == (NO_MODULE, "kernel: x: odd")
