"""modprobe says byte for byte what kmod's does, for every module of two kernels and for drawn configurations.

kmod 30 is the oracle. Known differences of 34, none of which is drawn here: a NAME that is a path, ``-c`` with
weakdeps.
"""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from lkm.cli.modprobe_run import Session
from lkm.plan import load
from lkm.plan.resolve import World
from tests.support.modprobe import call, fake_kernel, fake_sys, kmod_answers, linked_tree, our_answer
from tests.support.trees import debian_modules, uml_modules
from tests.support.worlds import Scene, draw_scene

pytestmark = pytest.mark.oracle
#: What a shell tells of a segmentation fault: kmod walks softdeps that name each other for ever when it removes.
CRASHED = 139
TREES = {"uml": uml_modules, "debian": debian_modules}


class Tree:
    """An indexed tree: arguments that choose it, its module names, some of its aliases filled in."""

    def __init__(self, root: Path, release: str, empty: Path) -> None:
        self.where = ["-d", str(root), "-S", release, "-C", str(empty)]
        directory = root / "lib/modules" / release
        lines = (directory / "modules.dep").read_text().splitlines()
        self.names = sorted(line.partition(":")[0].rpartition("/")[2].removesuffix(".ko") for line in lines)
        self.patterns: list[str] = []
        for file in ("modules.alias", "modules.symbols"):
            words = [line.split() for line in (directory / file).read_text().splitlines() if line[0] != "#"]
            self.patterns += [word[1] for word in words]

    def aliases(self, count: int, seed: int) -> list[str]:
        chance = random.Random(seed)
        return [fill(pattern, chance) for pattern in chance.sample(self.patterns, count)]


def fill(pattern: str, chance: random.Random) -> str:
    """Return a text that the pattern matches (or nearly: one time in twenty a character is changed)."""
    out = ""
    at = 0
    while at < len(pattern):
        char = pattern[at]
        if char == "*":
            out += "".join(chance.choices("0123456789ABCDEFabcz_-.", k=chance.randrange(6)))
        elif char == "?":
            out += chance.choice("0Az_-")
        elif char == "[":
            end = pattern.index("]", at + 1)
            out += chance.choice(pattern[at + 1 : end].replace("-", ""))
            at = end
        else:
            out += char
        at += 1
    if out and chance.random() < 0.05:
        place = chance.randrange(len(out))
        out = out[:place] + chance.choice("-_x0") + out[place + 1 :]
    return out if out[:1] not in ("-", "") else f"x{out}"


@pytest.fixture(scope="module", params=list(TREES))
def tree(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Tree:
    place = tmp_path_factory.mktemp(request.param)
    (place / "empty").mkdir()
    root, release = TREES[request.param]()
    return Tree(linked_tree(root, release, place / "root"), release, place / "empty")


def compare(calls: Sequence[Sequence[str]]) -> None:
    for arguments, theirs in zip(calls, kmod_answers([call(c) for c in calls]), strict=True):
        assert our_answer(arguments) == theirs, arguments


def in_groups(words: Sequence[str], size: int) -> list[Sequence[str]]:
    return [words[at : at + size] for at in range(0, len(words), size)]


@pytest.fixture
def kmods_defects(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put back the defects of kmod that show in what is drawn (test_defects.py): then nothing else may differ."""
    every = World.softdeps
    monkeypatch.setattr(World, "softdeps", lambda self, module: every(self, module)[:1])
    monkeypatch.setattr(load._Walk, "softdeps_hide_commands", True)
    monkeypatch.setattr(Session, "combined", lambda self, states: states[-1])


@pytest.mark.usefixtures("kmods_defects")
def test_every_module(tree: Tree) -> None:
    calls = [[*tree.where, "-D", name] for name in tree.names]
    for group in in_groups(tree.names, 100):
        calls += [[*tree.where, "-a", "-n", "-v", *group], [*tree.where, "-a", "-R", *group]]
    compare(calls)


def test_several_softdeps_of_one_module(tree: Tree) -> None:
    """Debian's btrfs, for one, has several softdep lines: kmod sees the first, we see all."""
    text = (Path(tree.where[1]) / "lib/modules" / tree.where[3] / "modules.softdep").read_text()
    named = [line.split()[1] for line in text.splitlines() if line.startswith("softdep ")]
    several = sorted({name for name in named if named.count(name) > 1})
    calls = [[*tree.where, "-D", name] for name in several]
    more = []
    for name, arguments, (status, theirs) in zip(several, calls, kmod_answers([call(c) for c in calls]), strict=True):
        ours = our_answer(arguments)
        assert ours[0] == status == 0
        assert set(ours[1].splitlines()) >= set(theirs.splitlines())
        if ours[1] != theirs:
            more.append(name)
    assert "btrfs" in more or "amd64" not in tree.where[3]  # UML has built in what they name


@pytest.mark.usefixtures("kmods_defects")
def test_aliases(tree: Tree) -> None:
    aliases = tree.aliases(1000, seed=2)
    calls = [[*tree.where, "-R", alias] for alias in aliases]
    for group in in_groups(aliases, 50):
        calls += [[*tree.where, "-a", "-D", *group], [*tree.where, "-a", "-n", "-v", *group]]
    compare(calls)


def test_show_config(tree: Tree) -> None:
    ours, theirs = our_answer([*tree.where, "-c"]), kmod_answers([call([*tree.where, "-c"])])[0]
    assert ours[0] == theirs[0] == 0
    # The softdep lines of kmod 30 cannot be read again; ours can (see report/config.py).
    drop = [line for line in theirs[1].splitlines() if not line.startswith(b"softdep ")]
    assert [line for line in ours[1].splitlines() if not line.startswith(b"softdep ")] == drop


@pytest.mark.parametrize("option", ["--show-exports", "--show-modversions"])
@pytest.mark.parametrize("name", sorted(TREES))
def test_show_symbols(name: str, option: str) -> None:
    root, release = TREES[name]()
    files = sorted((root / "lib/modules" / release / "kernel").rglob("*.ko"))
    compare([[option, str(file)] for file in files[::6]])


@pytest.fixture(scope="module")
def uml_root(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    root, release = uml_modules()
    return linked_tree(root, release, tmp_path_factory.mktemp("worlds") / "root"), release


def run_scenes(scenes: Sequence[Scene], root: tuple[Path, str], place: Path) -> int:
    """Compare all calls of all scenes; return how many there were."""
    commands, ours = [], []
    for number, scene in enumerate(scenes):
        config = place / f"config{number}"
        config.mkdir()
        for name, text in scene.files:
            (config / name).write_text(text)
        where = ["-d", str(root[0]), "-S", root[1], "-C", str(config)]
        kernel = fake_kernel(place / f"kernel{number}", scene.modules, scene.cmdline)
        commands.append(fake_sys(scene.modules, scene.cmdline))
        for arguments in scene.calls:
            commands.append(call([*where, *arguments]))
            ours.append((scene, arguments, our_answer([*where, *arguments], kernel)))
    theirs = kmod_answers(commands, private=place)
    assert len(ours) == len(theirs)
    for (scene, arguments, mine), his in zip(ours, theirs, strict=True):
        if his[0] == CRASHED:
            continue
        assert mine == his, f"{arguments}\n{scene}"
    return len(ours)


#: Worlds that once differed, reduced.
FOUND = (
    Scene(
        (("a.conf", "softdep fat pre: fs-msdos\nremove fs-msdos /bin/true\nsoftdep sunrpc post: fat\n"),),
        {"fat": (1, ("vfat",)), "vfat": (0, ()), "sunrpc": (0, ())},
        "",
        (("-r", "-n", "-v", "-a", "sunrpc"), ("-r", "-n", "-v", "-q", "vfat", "sunrpc")),
    ),
    Scene(
        (("a.conf", "softdep fat pre: loop\nsoftdep loop post: minix\nsoftdep sunrpc post: fat\n"),),
        {"fat": (1, ("vfat",)), "vfat": (0, ()), "sunrpc": (0, ()), "loop": (0, ()), "minix": (0, ())},
        "",
        tuple(("-r", "-n", "-v", "-a", *words) for words in (["sunrpc"], ["-i", "sunrpc"], ["fat"])),
    ),
)


@pytest.mark.usefixtures("kmods_defects")
def test_worlds_that_once_differed(uml_root: tuple[Path, str], tmp_path: Path) -> None:
    assert run_scenes(FOUND, uml_root, tmp_path) == 5


@pytest.mark.usefixtures("kmods_defects")
@pytest.mark.parametrize("seed", range(4))
def test_drawn_configurations(seed: int, uml_root: tuple[Path, str], tmp_path: Path) -> None:
    chance = random.Random(seed)
    assert run_scenes([draw_scene(chance) for _ in range(50)], uml_root, tmp_path) > 400


@pytest.mark.sweep
@pytest.mark.usefixtures("kmods_defects")
def test_many_drawn_configurations(uml_root: tuple[Path, str], tmp_path: Path) -> None:
    chance = random.Random(os.environ.get("LKM_SEED", "sweep"))
    count = run_scenes([draw_scene(chance) for _ in range(2000)], uml_root, tmp_path)
    print(f"{count} calls alike")
