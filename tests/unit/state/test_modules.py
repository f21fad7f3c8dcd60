from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lkm.names import ModuleName
from lkm.state.modules import STATES, parse_line, parse_modules
from lkm.state.nouns import KernelState, LoadedModule

REAL = """\
msdos 8072 0 - Live 0x000000008bafe000
fat 60806 2 vfat,msdos, Live 0x000000008bb44000
gt_main 16384 0 - Unloading 0xffffffffc0a00000 (OE-)
gt_perm 16384 1 [permanent], Live 0xffffffffc0a10000 (O)
both 4096 2 user,[permanent], Loading 0x0 (+)
"""


def test_each_kind_of_line() -> None:
    modules, problems = parse_modules(REAL)
    assert problems == ()
    assert [m.name for m in modules] == ["msdos", "fat", "gt_main", "gt_perm", "both"]
    msdos, fat, main, perm, both = modules
    assert msdos == LoadedModule(ModuleName("msdos"), 8072, 0, address=0x8BAFE000)
    assert fat.holders == ("vfat", "msdos") and fat.refcount == 2
    assert (main.state, main.taint) == ("Unloading", "OE")
    assert perm.permanent and perm.holders == ()
    assert both.permanent and both.holders == ("user",) and both.taint == "" and both.state == "Loading"
    assert KernelState(modules).find("fat") is fat
    assert KernelState(modules).find("nosuch") is None


def test_kernel_that_does_not_count() -> None:
    (module,), _ = parse_modules("fat 60806 - - Live 0x0\n")
    assert (module.refcount, module.holders) == (-1, ())


def test_junk_is_a_problem_with_its_line_and_the_rest_is_read() -> None:
    modules, problems = parse_modules(
        "fat 1 0 - Live 0x0\nfat x 0 - Live 0x0\n\nfat 1 0 - Dead 0x0\nlast 1 0 - Live 0x0"
    )
    assert [m.name for m in modules] == ["fat", "last"]
    assert [(p.origin.line, p.text) for p in problems] == [(2, "fat x 0 - Live 0x0"), (4, "fat 1 0 - Dead 0x0")]


names = st.text(st.characters(blacklist_characters="\n,", codec="utf-8"), min_size=1).filter(
    lambda s: not s.startswith("[permanent]") and s != "-"
)
users = names.filter(lambda s: " " not in s)
loaded = st.builds(
    LoadedModule,
    names,
    st.integers(0, 2**40),
    st.integers(-1, 1000),
    st.lists(users, max_size=3).map(tuple),
    st.sampled_from(STATES),
    st.integers(0, 2**64 - 1),
    st.text("POFGECL", max_size=4),
    st.booleans(),
)


def line_of(module: LoadedModule) -> str:
    """Write the line as the kernel's m_show does."""
    used = "".join(f"{name}," for name in module.holders) + "[permanent]," * module.permanent
    flags = f" ({module.taint})" if module.taint else ""
    return (
        f"{module.name} {module.size} {module.refcount} {used or '-'} {module.state} 0x{module.address:016x}{flags}"
    )


@given(loaded)
def test_what_the_kernel_writes_is_read_back(module: LoadedModule) -> None:
    assert parse_line(line_of(module)) == module


@given(st.text())
def test_every_line_of_any_text_is_a_module_or_a_problem(text: str) -> None:
    modules, problems = parse_modules(text)
    assert len(modules) + len(problems) == sum(1 for line in text.split("\n") if line)
