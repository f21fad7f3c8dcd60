"""Real modules split over roots that were indexed apart: together they mean what kmod says of them in one tree."""

from __future__ import annotations

import random
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from lkm.cli import modinfo, resolve
from lkm.errors import MachineError
from lkm.names import name_from_path
from lkm.plan.load import Request, plan_load
from lkm.plan.resolve import resolve as mean
from lkm.plan.steps import Insert
from lkm.state.nouns import KernelState
from lkm.system.world import open_world
from tests.support.modprobe import call, kmod_answers, our_answer, our_words
from tests.support.trees import uml_modules

pytestmark = pytest.mark.oracle


def split(place: Path, chance: random.Random, roots: int) -> list[Path]:
    """Spread the modules of the User-Mode Linux kernel over roots, each indexed by kmod's depmod for itself."""
    source, release = uml_modules()
    old = source / "lib/modules" / release
    made = [place / f"root{number}" for number in range(roots)]
    for module in sorted(old.rglob("*.ko")):
        link = chance.choice(made) / "usr/lib/modules" / release / module.relative_to(old)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(module)
    for name in ("modules.order", "modules.builtin", "modules.builtin.modinfo"):
        shutil.copy(old / name, made[0] / "usr/lib/modules" / release / name)
    for root in made:
        (root / "lib").symlink_to("usr/lib")
        index(root)
    return made


def index(root: Path) -> None:
    subprocess.run(["/sbin/depmod", "-b", str(root), uml_modules()[1]], check=True, capture_output=True)


def where(roots: Sequence[Path]) -> list[str]:
    more = [f"--extra-root={root}" for root in roots[1:]]
    return ["-d", str(roots[0]), "-S", uml_modules()[1], "-C", "/dev/null", *more]


def words_of(answer: tuple[int, bytes]) -> list[str]:
    """Return the module names of `-D` in order; its status first."""
    lines = answer[1].decode().splitlines()
    return [
        str(answer[0]),
        *[line.split()[-1].rpartition("/")[2].removesuffix(".ko").replace("-", "_") for line in lines],
    ]


def dependencies() -> dict[str, list[str]]:
    """Return all modules, each with the paths of all that it needs, from kmod's index of the whole tree."""
    source, release = uml_modules()
    lines = (source / "lib/modules" / release / "modules.dep").read_text().splitlines()
    return {name_from_path(path): line.split() for path, _, line in (each.partition(":") for each in lines)}


@pytest.fixture(scope="module")
def kmods() -> dict[str, tuple[int, bytes]]:
    """What kmod's `modprobe -D` says of every module of the whole tree."""
    source, release = uml_modules()
    names = list(dependencies())
    answers = kmod_answers([call(["-d", str(source), "-S", release, "-C", "/dev/null", "-D", n]) for n in names])
    return dict(zip(names, answers, strict=True))


@pytest.mark.parametrize(("roots", "seed"), [(2, 0), (4, 1)])
def test_every_module_of_a_tree_that_is_split_at_random(
    roots: int, seed: int, tmp_path: Path, kmods: dict[str, tuple[int, bytes]]
) -> None:
    made = split(tmp_path, random.Random(seed), roots)
    release = uml_modules()[1]
    world, merged = open_world(str(made[0]), release, ("/dev/null",), "", tuple(map(str, made[1:])))
    names = [entry.name for entry in merged.all_modules()]
    assert len(names) > 300
    whole = {name: {name_from_path(path) for path in line} for name, line in dependencies().items()}
    crossed = 0
    for name in names:
        (target,) = mean(name, world)
        plan = plan_load(target, Request(name, ignore_loaded=True), world, KernelState())
        assert not plan.problems
        steps = [step for step in plan.steps if isinstance(step, Insert)]
        ours = [str(step.module) for step in plan.steps]
        assert sorted(["0", *ours]) == sorted(words_of(kmods[name])), name
        for step in steps:
            assert Path(step.path).exists()
            assert whole[step.module] <= set(ours[: ours.index(step.module)]), name  # all it needs stands before it
        crossed += len({step.path.partition("/lib/")[0] for step in steps}) > 1
    assert crossed > 50
    assert not world.problems


@pytest.fixture
def pair(tmp_path: Path) -> list[Path]:
    """A base with fat and sunrpc, an extension with what needs them; and nothing else but loop and the built-ins."""
    source, release = uml_modules()
    old = source / "lib/modules" / release
    for number, names in enumerate((("fat", "sunrpc", "loop", "grace"), ("msdos", "vfat", "lockd"))):
        directory = tmp_path / f"root{number}/lib/modules" / release
        for name in names:
            (module,) = old.rglob(f"{name}.ko")
            (directory / module.relative_to(old)).parent.mkdir(parents=True, exist_ok=True)
            (directory / module.relative_to(old)).symlink_to(module)
    base, extension = (tmp_path / f"root{number}" for number in (0, 1))
    for name in ("modules.order", "modules.builtin", "modules.builtin.modinfo"):
        shutil.copy(old / name, base / "lib/modules" / release / name)
    index(base)
    index(extension)
    return [base, extension]


def test_modprobe_modinfo_and_resolve(pair: list[Path], capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    base, extension = (f"{root}/lib/modules/{uml_modules()[1]}" for root in pair)
    status, out = our_answer([*where(pair), "-D", "msdos"])
    assert (status, out.decode().splitlines()) == (
        0,
        [f"insmod {base}/kernel/fs/fat/fat.ko ", f"insmod {extension}/kernel/fs/fat/msdos.ko "],
    )
    assert our_answer([*where(pair), "-R", "fs-vfat"]) == (0, b"vfat\n")
    assert our_answer([*where(pair[:1]), "-R", "fs-vfat"])[0] == 1
    assert our_answer([*where(pair), "-D", "ext4"]) == (0, b"builtin ext4\n")
    assert words_of(our_answer([*where(pair), "-D", "lockd"])) == ["0", "grace", "sunrpc", "lockd"]
    dump = our_answer([*where(pair), "-c"])[1].decode()
    assert "alias fs_vfat vfat\n" in dump and "alias symbol:fat_scan fat\n" in dump
    more = f"--extra-root={pair[1]}"
    assert modinfo.main(["modinfo", "-b", str(pair[0]), "-k", uml_modules()[1], more, "-n", "fs-msdos", "fat"]) == 0
    out = capfdbinary.readouterr().out
    assert out.decode() == f"{extension}/kernel/fs/fat/msdos.ko\n{base}/kernel/fs/fat/fat.ko\n"
    words = ["-C", "/dev/null", "-d", str(pair[0]), "-S", uml_modules()[1], more]
    assert resolve.main(["resolve", *words, "fs-vfat", "symbol:fat_scan", "block-major-7-1"]) == 0
    assert capfdbinary.readouterr().out == b"fs-vfat\tvfat\nsymbol:fat_scan\tfat\nblock-major-7-1\tloop\n"


def test_a_module_of_an_extension_takes_the_place_of_the_systems(pair: list[Path]) -> None:
    source, release = uml_modules()
    base, extension = (root / "lib/modules" / release for root in pair)
    (extension / "updates").mkdir()
    (extension / "updates/fat.ko").symlink_to(next(source.rglob("fat.ko")))
    (base / "modules.softdep").write_text("softdep fat pre: loop\nsoftdep sunrpc pre: loop\n")
    index(pair[1])
    assert our_answer([*where(pair), "-D", "fat"]) == (0, f"insmod {extension}/updates/fat.ko \n".encode())
    (base / "kernel/fs/fat/msdos.ko").symlink_to(next(source.rglob("msdos.ko")))
    (extension / "kernel/fs/fat/msdos.ko").unlink()
    index(pair[0])
    (base / "modules.softdep").write_text("softdep fat pre: loop\nsoftdep sunrpc pre: loop\n")
    # msdos is the system's, and its line of modules.dep names the system's fat.
    lines = our_answer([*where(pair), "-D", "msdos"])[1].decode().splitlines()
    assert lines == [f"insmod {extension}/updates/fat.ko ", f"insmod {base}/kernel/fs/fat/msdos.ko "]
    assert words_of(our_answer([*where(pair), "-D", "sunrpc"])) == ["0", "loop", "sunrpc"]
    (extension / "modules.softdep").write_text("softdep fat post: loop\n")
    assert words_of(our_answer([*where(pair), "-D", "fat"])) == ["0", "fat", "loop"]
    text = our_answer([*where(pair), "-c", "--origin"])[1].decode()
    assert text.startswith(f"# modules of {base}\n# modules of {extension}\n")
    assert f"# {extension}/modules.softdep:1\nsoftdep fat post: loop\n" in text
    assert f"# {base}/kernel/fs/fat/fat.ko: hidden by {extension}/updates/fat.ko\n" in text


def test_an_extension_with_an_index_of_the_whole(pair: list[Path]) -> None:
    """Images of extensions are often indexed over the system that they are for, and ship that index."""
    base, extension = (root / "lib/modules" / uml_modules()[1] for root in pair)
    theirs = [*extension.rglob("*.ko")]
    for module in base.rglob("*.ko"):
        (extension / module.relative_to(base)).parent.mkdir(parents=True, exist_ok=True)
        (extension / module.relative_to(base)).symlink_to(module.resolve())
    index(pair[1])
    for module in [*extension.rglob("*.ko")]:
        if module not in theirs:
            module.unlink()
    lines = our_answer([*where(pair), "-D", "vfat"])[1].decode().splitlines()
    assert lines == [f"insmod {base}/kernel/fs/fat/fat.ko ", f"insmod {extension}/kernel/fs/fat/vfat.ko "]
    assert our_answer([*where(pair), "-R", "block-major-7-1"]) == (0, b"loop\n")


def test_roots_that_are_no_help(pair: list[Path], tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (answer, said) = our_words([*where([*pair, tmp_path / "empty"]), "-D", "msdos"])
    assert answer[0] == 0
    assert said.startswith(f"modprobe: WARNING: {tmp_path}/empty: no module directory for kernel "), said
    (pair[1] / "lib/modules" / uml_modules()[1] / "modules.dep.bin").unlink()
    (answer, said) = our_words([*where(pair), "-D", "msdos"])
    assert answer[0] == 1
    assert "has no index: run depmod -b" in said and "  nor is it in " in said, said
    with pytest.raises(MachineError, match="No such file or directory"):
        our_words([*where([*pair, tmp_path / "nowhere"]), "-D", "fat"])


def test_a_broken_index_of_an_extension_leaves_the_system_as_it_is(pair: list[Path]) -> None:
    (pair[1] / "lib/modules" / uml_modules()[1] / "modules.alias.bin").write_bytes(b"junk" * 9)
    (answer, said) = our_words([*where(pair), "-R", "block-major-7-1"])
    assert answer == (0, b"loop\n")
    (answer, said) = our_words([*where(pair), "-R", "fs-vfat"])
    assert answer[0] == 1 and f"WARNING: {pair[1]}/lib/modules/{uml_modules()[1]}/modules.alias.bin: " in said, said
