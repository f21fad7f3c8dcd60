"""Configuration against `modprobe -c`, which names on stderr the lines that it cannot use.

Known differences, each stated by a test below or by `as_kmod`:
- softdep: kmod's dump has no space before `post:`, and repeats names when `pre:` and `post:` take turns;
- `modprobe.blacklist=` on the kernel command line: kmod leaves `-` as it is, so that the name never matches;
- kmod 30 has no weakdep (a directive since 33), reads `*.alias` files (until 32), and adds the byte 0xff for a
  backslash as the last byte of a file.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from lkm.config.depmod import assemble_depmod
from lkm.config.lines import logical_lines, words
from lkm.config.nouns import Settings
from lkm.config.settings import assemble
from lkm.report.config import INDEXES_FOLLOW, config_text
from lkm.system.configfiles import depmod_files, modprobe_files
from tests.support.kmod import kmod_version

pytestmark = pytest.mark.oracle

SOURCE = Path(__file__).with_name("redirect.c")
RELEASE = "1.2.3"
World = dict[str, bytes]


@pytest.fixture(scope="session")
def redirect(tmp_path_factory: pytest.TempPathFactory) -> Path:
    library = tmp_path_factory.mktemp("redirect") / "redirect.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", str(library), str(SOURCE), "-ldl"], check=True)
    return library


def write(root: Path, world: World) -> None:
    for each in root.iterdir():
        shutil.rmtree(each)
    for name in ("proc/cmdline", f"lib/modules/{RELEASE}/modules.softdep"):
        (root / name).parent.mkdir(parents=True)
        (root / name).write_bytes(b"")
    for name, data in world.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)


def kmod_dump(redirect: Path, root: Path, paths: tuple[str, ...]) -> tuple[bytes, list[tuple[str, int, str]]]:
    """Return kmod's dump, and its complaints as (file, line, first word); line 0 where it names none."""
    command = ["modprobe", "-d", str(root), "-S", RELEASE, *(f"--config={p}" for p in paths), "-c"]
    environment = {"PATH": "/usr/sbin:/sbin:/usr/bin:/bin", "LD_PRELOAD": str(redirect), "REDIRECT": str(root)}
    done = subprocess.run(command, env=environment, capture_output=True, check=False, timeout=20)
    assert done.returncode == 0, done.stderr
    said = []
    for text in re.split(r"^libkmod: ERROR:? ", done.stderr.decode("utf-8", "surrogateescape"), flags=re.M)[1:]:
        bad = re.search(r": (\S+) line (\d+): ignoring bad line starting with '(.*)'\n", text, re.S)
        old = re.search(r": (\S+): command (\w+) is deprecated and not parsed anymore\n", text)
        boot = re.search(r"while parsing module name: '(.*)'\n", text, re.S)
        if bad:
            said.append((bad[1].removeprefix(str(root)), int(bad[2]), bad[3]))
        elif old:
            said.append((old[1].removeprefix(str(root)), 0, old[2]))
        else:
            assert boot, text
            said.append(("/proc/cmdline", 0, boot[1].replace("-", "_")))  # folded up to the bracket
    return done.stdout, said


def our_dump(root: Path, paths: tuple[str, ...]) -> tuple[bytes, list[tuple[str, int, str]], Settings]:
    files = modprobe_files("" if paths else str(root), paths, f"{root}/lib/modules/{RELEASE}")
    cmdline = (root / "proc/cmdline").read_bytes().decode("utf-8", "surrogateescape")
    found = assemble(files, cmdline)
    last = {(name, line.first): line.last for name, text in files for line in logical_lines(text)}
    said = []
    for problem in found.problems:
        file = problem.origin.file.removeprefix(str(root))
        line = last.get((problem.origin.file, problem.origin.line), 0)
        if problem.message.startswith(("ignored, as", "ends in a carriage return")):
            continue  # kmod says nothing of it
        if file == "/proc/cmdline":
            said.append((file, 0, problem.message.removeprefix("bad module name '")[:-1].replace("-", "_")))
            continue
        word = words(problem.text, " \t")[0]
        said.append((file, 0 if word in ("include", "config") else line, word))
    text = as_kmod(config_text(found)) + INDEXES_FOLLOW
    return text.encode("utf-8", "surrogateescape"), said, found


def as_kmod(text: str) -> str:
    return re.sub(r"^(softdep [^ ]+ pre: .*) (?=post: )", r"\1", text, flags=re.M)


def compare(redirect: Path, root: Path, world: World, paths: tuple[str, ...] = ()) -> Settings:
    write(root, world)
    paths = tuple(f"{root}/{p}" for p in paths)
    theirs, they_say = kmod_dump(redirect, root, paths)
    ours, we_say, found = our_dump(root, paths)
    assert ours == theirs
    assert we_say == they_say
    return found


# --- drawn worlds ---------------------------------------------------------------------------------------------------

KEYWORDS = (
    "alias",
    "blacklist",
    "options",
    "install",
    "remove",
    "softdep",
    "include",
    "config",
    "optoins",
    "#x",
    "-",
    "",
)
WORDS = (
    *("a", "b-c", "x_y", "snd-hda-*", "m[a-z]-q-[!-]", "[a-", "a-]", "[]-]", "v?", "pre:", "post:", "a=1", 'b="c d"'),
    *(
        "#",
        "\r",
        "\\",
        "\\\\",
        "\\q",
        "'",
        "%s",
        "$CMDLINE_OPTS",
        "é",
        "\udcff",
        "\x01",
        "\x1c",
        "\x85",
        "\u2003",
        "a" * 300,
    ),
)
GAPS = (" ", " ", " ", "  ", "   ", "\t", " \t", "\t ", " \\\n", "\\\n  ", "\v", "\f", " \r ")
ENDS = ("\n", "\n", "\n", "\n\n", "\r\n", " \n", "\\\n", "\0junk\n", "\t\\\n\\\n\n")


@st.composite
def lines(draw: st.DrawFn) -> str:
    out = [draw(st.sampled_from(("", "", "", "", " ", "\t", "\\\n"))), draw(st.sampled_from(KEYWORDS))]
    for _ in range(draw(st.integers(0, 5))):
        out += [draw(st.sampled_from(GAPS)), draw(st.sampled_from(WORDS))]
    return "".join(out) + draw(st.sampled_from(ENDS))


def draws_a_known_difference(text: str) -> bool:
    """pre: and post: taking turns, and a backslash at the file's end."""
    for line in logical_lines(text):
        modes = [w for w in words(line.text) if w in ("pre:", "post:")]
        turns = [m for at, m in enumerate(modes) if at == 0 or modes[at - 1] != m]
        if len(turns) > 2:
            return True
    return text.endswith("\\")


@st.composite
def files(draw: st.DrawFn) -> bytes:
    text = "".join(draw(st.lists(lines(), max_size=6)))
    text = draw(st.sampled_from((text, text.rstrip("\n\\"))))
    assume(not draws_a_known_difference(text))
    return text.encode("utf-8", "surrogateescape")


BOOT_WORDS = st.lists(
    st.sampled_from(
        (
            'a"b.c=1" ',
            'a.b"=1 2" ',
            '"x.y=1 2" ',
            'x.y="1 2" ',
            "a",
            "b-c",
            ".",
            ".",
            "=",
            "=",
            '"',
            " ",
            "x[a-z]",
            "]",
            "é",
            "\t",
            "\v",
            "modprobe.blacklist=",
            ",",
        )
    ),
    max_size=30,
)
NAMES = (
    "a.conf",
    "b.conf",
    "B.conf",
    "é.conf",
    "10-x.conf",
    ".conf",
    ".h.conf",
    "conf",
    "x.conf~",
    "modules.softdep",
)
PLACES = ("etc", "run", "usr/local/lib", "lib")


@st.composite
def worlds(draw: st.DrawFn) -> tuple[World, tuple[str, ...]]:
    boot = "".join(draw(BOOT_WORDS)) + "\n"
    assume(not re.search(r"blacklist=[^ ]*-", boot))
    world = {"proc/cmdline": boot.encode(), f"lib/modules/{RELEASE}/modules.softdep": draw(files())}
    for _ in range(draw(st.integers(1, 4))):
        world[f"{draw(st.sampled_from(PLACES))}/modprobe.d/{draw(st.sampled_from(NAMES))}"] = draw(files())
    named = sorted(name for name in world if name != "proc/cmdline")
    choices = [*named, "nowhere", *sorted({name.rsplit("/", 1)[0] for name in named if "modprobe.d" in name})]
    return world, tuple(draw(st.lists(st.sampled_from(choices), max_size=3)))


FIXED = (HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much)


@settings(max_examples=300, derandomize=True, deadline=None, suppress_health_check=FIXED)
@given(worlds())
def test_drawn_worlds(redirect: Path, tmp_path: Path, drawn: tuple[World, tuple[str, ...]]) -> None:
    compare(redirect, tmp_path, *drawn)


@pytest.mark.sweep
@settings(max_examples=10_000, deadline=None, suppress_health_check=FIXED)
@given(worlds())
def test_many_drawn_worlds(redirect: Path, tmp_path: Path, drawn: tuple[World, tuple[str, ...]]) -> None:
    compare(redirect, tmp_path, *drawn)


# --- the known differences ------------------------------------------------------------------------------------------


def dumps(redirect: Path, root: Path, world: World) -> tuple[bytes, str]:
    write(root, world)
    ours = config_text(assemble(modprobe_files(str(root)), (root / "proc/cmdline").read_text()))
    return kmod_dump(redirect, root, ())[0].split(b"\n# End")[0], ours


def test_kmod_runs_pre_and_post_together(redirect: Path, tmp_path: Path) -> None:
    world = {"etc/modprobe.d/x.conf": b"softdep m pre: a post: b\nsoftdep n pre: a post: b pre: c\n"}
    theirs, ours = dumps(redirect, tmp_path, world)
    assert theirs == b"softdep m pre: apost: b\nsoftdep n pre: a b cpost: b\n"
    assert ours == "softdep m pre: a post: b\nsoftdep n pre: a c post: b\n"


def test_kmod_30_knows_no_weakdep(redirect: Path, tmp_path: Path) -> None:
    theirs, ours = dumps(redirect, tmp_path, {"etc/modprobe.d/x.conf": b"weakdep m a\n"})
    assert (theirs, ours) == (b"weakdep m a\n" if kmod_version() >= 33 else b"", "weakdep m a\n")


def test_kmod_30_reads_files_that_end_in_alias(redirect: Path, tmp_path: Path) -> None:
    theirs, ours = dumps(redirect, tmp_path, {"etc/modprobe.d/x.alias": b"alias a b\n"})
    assert (theirs, ours) == (b"" if kmod_version() >= 33 else b"alias a b\n", "")


def test_kmod_does_not_fold_blacklists_of_the_kernel_command_line(redirect: Path, tmp_path: Path) -> None:
    theirs, ours = dumps(redirect, tmp_path, {"proc/cmdline": b"modprobe.blacklist=a-b,c\n"})
    assert (theirs, ours) == (b"blacklist a-b\nblacklist c\n", "blacklist a_b\nblacklist c\n")


def test_kmod_30_makes_a_byte_of_the_end_of_the_file(redirect: Path, tmp_path: Path) -> None:
    theirs, ours = dumps(redirect, tmp_path, {"etc/modprobe.d/x.conf": b"alias a b\\"})
    assert (theirs, ours) == (b"alias a b\n" if kmod_version() >= 34 else b"alias a b\xff\n", "alias a b\n")


def test_usr_lib_comes_before_lib(redirect: Path, tmp_path: Path) -> None:
    # Debian's kmod 30 has no /usr/lib in its list; there /lib is a link to it.
    world = {"usr/lib/modprobe.d/x.conf": b"blacklist usr\n", "lib/modprobe.d/x.conf": b"blacklist lib\n"}
    theirs, ours = dumps(redirect, tmp_path, world)
    first = b"usr" if kmod_version() >= 34 else b"lib"
    assert (theirs, ours) == (b"blacklist %s\n" % first, "blacklist usr\n")


# --- depmod.d -------------------------------------------------------------------------------------------------------

DEPMOD_KEYWORDS = ("search", "override", "external", "exclude", "include", "make_map_files", "serach", "#", "")
DEPMOD_WORDS = ("m", "*", "6[.]1", "^5", "[", "(", "\\(", "a-b", "built-in", "external", "\r", "#", "{", "x/y")


@st.composite
def depmod_lines(draw: st.DrawFn) -> str:
    out = [draw(st.sampled_from(("", "", " "))), draw(st.sampled_from(DEPMOD_KEYWORDS))]
    for _ in range(draw(st.integers(0, 4))):
        out += [draw(st.sampled_from(GAPS)), draw(st.sampled_from(DEPMOD_WORDS))]
    return "".join(out) + draw(st.sampled_from(ENDS))


@settings(max_examples=150, derandomize=True, deadline=None, suppress_health_check=FIXED)
@given(st.lists(depmod_lines(), max_size=6), st.lists(depmod_lines(), max_size=3))
def test_bad_lines_of_depmod_d(tmp_path: Path, first: list[str], second: list[str]) -> None:
    places = {"b.conf": "".join(first) + "\n", "a.conf": "".join(second) + "\n", "c": "bad\n"}
    directory = tmp_path / "depmod.d"
    directory.mkdir(exist_ok=True)
    for name, text in places.items():
        (directory / name).write_text(text)
    (tmp_path / "lib/modules/6.1.0").mkdir(parents=True, exist_ok=True)
    command = ["depmod", "-n", "-vv", "-C", str(directory), "-b", str(tmp_path), "6.1.0"]
    done = subprocess.run(command, capture_output=True, env={"PATH": "/usr/sbin:/sbin"}, check=False)
    # Lines may hold a carriage return, so only \n ends one.
    said = re.findall(r"depmod: (?:ERROR|INFO): (\S+):(\d+): (.*)\n", done.stderr.decode())
    theirs = [(file, int(line)) for file, line, text in said if "did not match" not in text]
    files = depmod_files("", (str(directory),))
    last = {(name, line.first): line.last for name, text in files for line in logical_lines(text)}
    ours = [
        (p.origin.file, last[p.origin.file, p.origin.line])
        for p in assemble_depmod(files).problems
        if "regular expression" not in p.message  # such a line never matches, and kmod says no more of it
    ]
    assert ours == theirs
