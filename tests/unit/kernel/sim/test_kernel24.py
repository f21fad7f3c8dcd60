"""A world that speaks 2.4: the HOWTO's lines from real loads, refusals, and what is registered."""

from __future__ import annotations

import errno
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lkm.kernel.interface import Done, Refused
from lkm.kernel.sim import rules24
from lkm.kernel.sim.kernel24 import MODULES, Kernel24, Start24, create_world


@pytest.fixture
def kernel(tmp_path: Path) -> Kernel24:
    create_world(str(tmp_path / "w")).close()
    return Kernel24(str(tmp_path / "w"))


def load(kernel: Kernel24, *names: str, parameters: str = "") -> None:
    for name in names:
        assert isinstance(kernel.load(f"{MODULES}/{name}.o", parameters), Done)


def use(kernel: Kernel24, name: str) -> None:
    kernel._flags(rules24.use(kernel.modules24(), name))


def release(kernel: Kernel24, name: str) -> None:
    kernel._flags(rules24.release(kernel.modules24(), name))


def resources(kernel: Kernel24, kind: str) -> list[tuple[str, int | None, str]]:
    query = "SELECT name, number, module FROM resources WHERE kind = ? ORDER BY name"
    return list(kernel.world.db.execute(query, (kind,)))


def test_the_howtos_first_stack(kernel: Kernel24) -> None:
    assert kernel.load(f"{MODULES}/msdos.o") == Refused("init_module", errno.ENOENT)
    load(kernel, "fat", "msdos")
    assert kernel.proc_modules() == (
        "msdos                   5632   0 (unused)\nfat                    30400   0 [msdos]\n"
    )
    assert "c8800060 fat_date_unix2dos\t[fat]\n" in kernel.proc_ksyms()
    assert kernel.unload("fat") == Refused("delete_module", errno.EBUSY)
    assert kernel.world.check() == ()


def test_the_howtos_other_lines(kernel: Kernel24) -> None:
    load(kernel, "serial", "parport", "parport_pc", "lp", "mydriver")
    use(kernel, "serial")
    release(kernel, "serial")
    kernel.world.db.execute("INSERT INTO faults VALUES('mydriver', 'hang-exit', '')")
    assert kernel.unload("mydriver") == Done("delete_module")
    assert kernel.unload("mydriver") == Refused("delete_module", errno.EBUSY)
    assert kernel.proc_modules() == (
        "mydriver                8154   0 (deleted)\n"
        "lp                      5280   0 (unused)\n"
        "parport_pc              7552   1\n"
        "parport                 7600   1 [lp parport_pc]\n"
        "serial                 24484   0\n"
    )
    assert "mydriver" not in kernel.proc_ksyms()


def test_what_a_module_uses_it_holds_until_it_goes(kernel: Kernel24) -> None:
    load(kernel, "parport", "lp")  # no port, so none is used
    assert kernel.unload("lp") == Done("delete_module")
    load(kernel, "parport_pc", "lp")
    assert kernel.unload("parport_pc") == Refused("delete_module", errno.EBUSY)
    assert kernel.unload("lp") == Done("delete_module")
    left = "parport_pc              7552   0\nparport                 7600   0 [parport_pc]\n"
    assert kernel.proc_modules() == left
    assert [kernel.unload(name) for name in ("parport_pc", "parport")] == [Done("delete_module")] * 2
    assert kernel.world.check() == ()


def test_a_sweep_ends_the_uses_of_what_it_frees(kernel: Kernel24) -> None:
    for name, needs in (("parport", ()), ("parport_pc", ("parport",)), ("lp", ("parport",))):
        uses = ("use:parport_pc+parport:",) if name == "lp" else ()
        assert kernel.insert(name, 4096, Start24(needs, autoclean=True, simulate=uses)) == 0
    use(kernel, "lp")
    release(kernel, "lp")
    kernel.delete_module(None)
    assert [(m.name, m.usecount) for m in kernel.modules24()] == [("lp", 0), ("parport_pc", 1), ("parport", 1)]
    kernel.delete_module(None)  # lp goes, and the restarted scan takes the others, tagged a moment ago
    assert kernel.modules24() == ()


def test_what_a_start_says(kernel: Kernel24) -> None:
    load(kernel, "8390")
    load(kernel, "ne", parameters="io=0x300 irq=11")
    load(kernel, "floppy", "parport", "lp")
    said = ["eth0: NE2000 found at 0x300, using IRQ 11.", "Floppy drive(s): fd0 is 1.44M"]
    assert [record.text for record in kernel.log()] == said
    assert resources(kernel, "interrupt") == [("floppy", 6, "floppy"), ("ne", 11, "ne")]


def test_states_of_a_start(kernel: Kernel24) -> None:
    assert kernel.create_module("x", 4096) == 0
    assert kernel.proc_modules() == "x                       4096 (uninitialized)\n"
    kernel.world.db.execute("INSERT INTO faults VALUES('x', 'hang', '')")
    assert kernel.init_module("x", Start24()) == 0
    assert kernel.proc_modules() == "x                       4096 (initializing)\n"
    assert kernel.delete_module("x") == errno.EBUSY


@pytest.mark.parametrize(("kind", "argument", "number"), [("init", "19", 19), ("init-positive", "3", errno.EBUSY)])
def test_a_start_that_fails_leaves_nothing(kernel: Kernel24, kind: str, argument: str, number: int) -> None:
    kernel.world.db.execute("INSERT INTO faults VALUES('msdos', ?, ?)", (kind, argument))
    load(kernel, "fat")
    assert kernel.load(f"{MODULES}/msdos.o") == Refused("init_module", number)
    assert kernel.proc_modules() == "fat                    30400   0\n"  # being bound to was a use
    assert kernel.world.check() == ()


def test_a_sweep_in_a_world(kernel: Kernel24) -> None:
    for name, needs in (("low", ()), ("high", ("low",))):
        assert kernel.insert(name, 4096, Start24(needs, autoclean=True)) == 0
    use(kernel, "high")
    release(kernel, "high")
    assert kernel.delete_module(None) == 0
    assert [m.name for m in kernel.modules24()] == ["high", "low"]
    assert kernel.delete_module(None) == 0
    assert kernel.modules24() == ()


def test_what_a_start_registers(kernel: Kernel24) -> None:
    load(kernel, "fat", "msdos", "8390", "3c59x", "af_packet")
    assert kernel.load(f"{MODULES}/ne.o") == Refused("init_module", errno.ENXIO)
    load(kernel, "ne", parameters="io=0x300 irq=11")
    assert resources(kernel, "filesystem") == [("msdos", None, "msdos")]
    assert resources(kernel, "family") == [("PF_PACKET", 17, "af_packet")]
    assert resources(kernel, "netdev") == [("eth0", None, "3c59x"), ("eth1", None, "ne")]
    assert resources(kernel, "interrupt") == [("ne", 11, "ne")]
    assert "  -1 (unused)" in kernel.proc_modules()
    assert kernel.world.check() == ()


def test_other_refusals(kernel: Kernel24, tmp_path: Path) -> None:
    (tmp_path / "text.o").write_text("no ELF")
    assert kernel.load(str(tmp_path / "text.o")) == Refused("read", errno.ENOEXEC)
    assert kernel.load(str(tmp_path / "none.o")) == Refused("open", errno.ENOENT)
    assert kernel.load(f"{MODULES}/usbcore.o") == Refused("init_module", errno.ENOEXEC)
    assert kernel.load(f"{MODULES}/3c59x.o", "nonsense=1") == Refused("init_module", errno.EINVAL)
    load(kernel, "fat")
    assert kernel.load(f"{MODULES}/fat.o") == Refused("init_module", errno.EEXIST)


NAMES = ("a", "b", "c")
STEPS = st.one_of(
    st.tuples(st.just("load"), st.sampled_from(NAMES), st.sampled_from(["", *NAMES]), st.booleans()),
    st.tuples(st.sampled_from(["unload", "use", "release"]), st.sampled_from(NAMES)),
    st.tuples(st.just("sweep"), st.just("")),
)


@settings(max_examples=25, deadline=None)
@given(st.lists(STEPS, max_size=15))
def test_a_world_holds_what_the_rules_say(steps: list[tuple[str, ...]]) -> None:
    """The world, read again after each step, equals the rules' own state."""
    with tempfile.TemporaryDirectory() as place:
        create_world(f"{place}/w").close()
        kernel = Kernel24(f"{place}/w")
        state: rules24.State24 = ()
        for verb, name, *more in steps:
            if verb == "load":
                need, auto = more
                needs = (need,) if need and need != name else ()
                number = kernel.insert(name, 4096, Start24(needs, autoclean=bool(auto)))
                state, refused = rules24.create(state, name, 4096)
                if not refused:
                    state, refused = rules24.begin(state, name, needs, rules24.AUTOCLEAN if auto else 0)
                    state = rules24.delete(state, name)[0] if refused else rules24.finish(state, name, 0)[0]
                assert number == refused
            elif verb == "unload":
                number = kernel.delete_module(name)
                state, refused = rules24.delete(state, name)
                assert number == refused
            elif verb == "sweep":
                kernel.delete_module(None)
                state, _ = rules24.sweep(state)
            elif (module := rules24.find(state, name)) and (verb == "use" or module.usecount):
                change = rules24.use if verb == "use" else rules24.release
                kernel._flags(change(kernel.modules24(), name))
                state = change(state, name)
            assert kernel.modules24() == state
            assert kernel.proc_modules() == rules24.proc_modules(state)
        assert kernel.world.check() == ()
        kernel.world.close()
