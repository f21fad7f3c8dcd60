"""Every option of modprobe, alone and with others, beside kmod's: status, stdout, and what is said on stderr.

Every call is one that does nothing: -n, -D, -R, -c, -r of modules that are not there, or an error.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

from lkm.cli.modprobe import OPTIONS
from tests.support.modprobe import linked_tree, our_words
from tests.support.trees import uml_modules

pytestmark = pytest.mark.oracle

#: kmod's long options; of those each start is tried too.
LONG = (
    *(
        "all",
        "remove",
        "remove-dependencies",
        "remove-holders",
        "wait",
        "resolve-alias",
        "first-time",
        "ignore-install",
    ),
    *("ignore-remove", "use-blacklist", "force", "force-modversion", "force-vermagic", "show-depends", "showconfig"),
    *("show-config", "show-modversions", "dump-modversions", "show-exports", "dry-run", "show", "config", "dirname"),
    *("set-version", "syslog", "quiet", "verbose", "version", "help"),
)
#: Calls, parted by bars. ``-r`` without names is none of them: kmod has no autoclean.
EVERY = """
| -n | -a -n | -D | -R | -q | -a -q
-nv '' | -nv - | -nv -- | -nv -- msdos | -nv -- -a | -nv msdos.ko | -nv MSDOS | -nv 'ms*' | -nv msdo? | -nv fs-msdos
-nv symbol:fat_scan | -R fs_msdos | -R block-major-7-3 | -R 'a[b' | -R ] | -nv ext4 | -D ext4 | -R ext4 | -D fs-ext4
-R fs-msdos loop | -a -R fs-msdos nosuch loop | -nv LONG
-nv msdos "x='a b'" 'y="a b"' 'z=a"b c' w= = '==a b' 'a b' 'a  b=c d' | -nv msdos '' x '' | -nv msdos -v x
-nv msdos -- -x | -nv msdos x=1 -- | -nva msdos loop nosuch minix | -nva | -a -D msdos vfat | -aq -nv nosuch fat
-c nosuch | -D -q nosuch | -D nosuch | -q -D msdos | -q -n -v msdos | -qv -n msdos | -vq -n msdos | -qvv -n msdos
-n msdos | -nq nosuch | -Dv msdos | -nvs msdos | -sn nosuch
-nvS 1.2 msdos | -nvd /nowhere msdos | -nvd '' msdos | -nvC /nowhere msdos | -nvC '' msdos
-nv -S 1.2 -S 1.3 fat | -nv -C one -C two msdos | -nvC one/a.conf msdos | -nvCone/b.txt msdos
-nv --config=two msdos | -nv -d root -d root fat | -D -d ./root fat | -D -d root/../root/. fat | -D -S ../x fat
-c -C one | -c -C one/b.txt -C two | -C one -nvb minix | -C one -nv minix y=1 | -C one -nvi minix | -C one -D minix
-C one -R minix | -C one -nvq -b minix | -C one -a -nv minix loop | -C one -C /dev/null -nv minix
-rnv nosuch | -rnva nosuch ext4 | -rnv ext4 | -rR nfsv4 | -rnv -w abc fat | -rnv -w 1.5 fat | -rc | -rnv -w '' nfsv4
-nv -w 5 minix | -rD fat | -C one -rnv loop | -rnvq nosuch ext4
-Rn fat | -RD fat | -cR -C one | -nv --first-time fat | -D --first-time fat | -nvf minix
--show-modversions | --show-modversions /nowhere | --show-exports /etc/passwd | --show-exports msdos
-x | -nx msdos | -n msdos --nosuch | -n --show=1 msdos | -n --all=x msdos | -nS | -n -d | -n --wait
"""
ENVIRONMENTS = (
    *(
        "--",
        "fat",
        "-n",
        "-a",
        "-C one/a.conf",
        "-C 'with blank'",
        '-v "x',
        "x=1",
        "-S 1.2",
        "-R",
        "-D",
        "-q -q",
        "-x",
    ),
    *("--nosuch", "-b -i", "''", "-c -C one", "-r", "-d /nowhere", '"-v"', "-", "-C one", "--config=two -v"),
)


class Desk:
    """A directory to call both tools in, with configurations."""

    def __init__(self, place: Path) -> None:
        root, self.release = uml_modules()
        self.place = place
        linked_tree(root, self.release, place / "root")
        for name, text in {
            "one/a.conf": "options msdos a=1\ninstall minix echo $CMDLINE_OPTS\nblacklist minix\nremove loop echo\n",
            "one/b.txt": "options msdos c=3\n",
            "two/b.conf": "options msdos b=2\noptoins x\n",
            "with blank/d.conf": "options msdos d=4\n",
        }.items():
            (place / name).parent.mkdir(exist_ok=True)
            (place / name).write_text(text)

    def compare(self, words: str, **environment: str) -> str:
        """Return what differs, or nothing."""
        shell = f"set -- {words}\nprintf '%s\\0' \"$@\""
        argv = subprocess.run(["sh", "-c", shell], capture_output=True, check=True, text=True).stdout.split("\0")[:-1]
        where = ["-d", "root", "-S", self.release]
        if not re.search(r"-C|--config|-nvC", words) and "-C" not in environment.get("MODPROBE_OPTIONS", ""):
            where += ["-C", "/dev/null"]
        done = subprocess.run(
            ["/sbin/modprobe", *where, *argv],
            capture_output=True,
            check=False,
            env={"PATH": "/usr/bin:/bin", **environment},
            timeout=20,
        )
        with pytest.MonkeyPatch.context() as patch:
            for name, value in environment.items():
                patch.setenv(name, value)
            answer, said = our_words([*where, *argv])
        theirs = (done.returncode, done.stdout, spoken(done.stderr.decode()))
        ours = (*answer, spoken(said))
        return "" if theirs == ours else f"{environment} {words[:200]}\n  kmod: {theirs}\n  ours: {ours}"


def spoken(text: str) -> list[str]:
    """Return the lines of stderr that both have: without ours that explain, or tell of a place or cure.

    Of what is wrong in a file both tell, in words of their own (see test_config.py).
    """
    lines = []
    for line in text.splitlines():
        own = line.startswith(("  ", "libkmod: ")) or re.match(
            r"modprobe: (INFO|DEBUG|WARNING: .*(:\d+|cannot be read): )", line
        )
        if not own and "is blacklisted, and not loaded" not in line:
            line = re.sub(r"^(/sbin/)?modprobe: ", "modprobe: ", line)
            line = re.sub(r"ERROR: (\S+ \w+\(\) )", "ERROR: ", line).replace(" (see dmesg)", "")
            lines.append(re.sub(r"(ambiguous; possibilities|could not get \w+ of \S+): .*", r"\1", line))
    return lines


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return Desk(tmp_path_factory.mktemp("desk"))


@pytest.fixture(autouse=True)
def there(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(desk.place)
    monkeypatch.delenv("MODPROBE_OPTIONS", raising=False)


def hold(found: Iterable[str]) -> None:
    different = [text for text in found if text]
    assert not different, "\n".join(different)


def test_every_option_alone_and_with_others(desk: Desk) -> None:
    calls = EVERY.replace("LONG", "a" * 5000).strip("\n").replace("\n", "|").split("|")
    assert len(calls) > 100
    hold(desk.compare(words) for words in calls)


def test_every_start_of_every_long_option(desk: Desk) -> None:
    """Starts that are not clear are errors; with an option of its own ours must not make one of kmod's unclear."""
    starts = sorted({long[:size] for long in LONG for size in range(1, len(long) + 1)})
    own = ("ve", "h", "he", "version", "help")  # --help and --version say other things
    calls = [f"-n -v --{start} fat" for start in starts if not start.startswith(own) or start.startswith("verb")]
    # Without -r kmod loads what --remove-holders is given with; ours removes, as kmod's own development does.
    calls = [call for call in calls if not call.startswith("-n -v --remove-")]
    assert desk.compare("-n -v --remove-holders nfsv4") and not desk.compare("-n -v -r --remove-holders nfsv4")
    hold(desk.compare(call) for call in calls)
    assert len(calls) > 150
    assert {option.long for option in OPTIONS} >= set(LONG)


def test_options_of_the_environment(desk: Desk) -> None:
    words = ("-n -v msdos", "-n -v minix y=2")
    hold(desk.compare(each, MODPROBE_OPTIONS=text) for text in ENVIRONMENTS for each in words)


def test_options_after_a_name_where_posix_is_wanted(desk: Desk) -> None:
    words = ("-n -v msdos -q", "-n -v -- msdos -q", "-nva msdos -q minix", "-D fat --nosuch", "-n -v fat -- x")
    hold(desk.compare(each, POSIXLY_CORRECT="1") for each in words)
    assert desk.compare("-n -v msdos -x", POSIXLY_CORRECT="1") == ""


def test_help_and_version_end_all(desk: Desk) -> None:
    for words in ("-V", "-h", "-nV msdos", "-Vx", "-hx", "--he -x", "--version --nosuch", "-n -v msdos -V"):
        theirs = subprocess.run(["/sbin/modprobe", *words.split()], capture_output=True, check=False)
        (status, out), said = our_words(words.split())
        assert (theirs.returncode, bool(theirs.stdout), theirs.stderr) == (status, bool(out), said.encode()), words
