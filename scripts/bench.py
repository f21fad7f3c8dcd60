"""``make bench``: our tools beside kmod's, in alternation in one run; each row a ratio of medians, with peak memory.

A ratio under 1 means that ours is faster. All files are in the page cache. The table goes to standard output, the
figures to build/bench.json. The status is 1 when a row is over its limit.
"""

from __future__ import annotations

import ctypes
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from scripts.measure import HEAD, ROUNDS, Command, Row, compare
from tests.support.trees import copy_tree, debian_modules, uml_modules

from lkm.autoload.engine import Engine
from lkm.autoload.events import Answer, Asked, Finished, Limits, Start
from lkm.autoload.nouns import ALLOW, UEVENT, Outcome, Request, Verdict
from lkm.system.indexfiles import open_index

PYTHON = sys.executable
LKM = str(Path(PYTHON).parent / "lkm")
#: The least that `lookups` promises, a second.
WARM = 100_000
#: The most that `lkm check` of Debian's tree may take on two processors: seconds, and MiB.
CHECK, CHECK_MEMORY = 10.0, 400.0
#: The most that the autoload engine may take for 99 of 100 requests, in seconds.
ENGINE = 0.001
#: The most that importing the Python API may take, its Manager too, in seconds.
IMPORT = 0.030
#: How much longer than eight times a tree eight trees may take.
GROWTH = 1.15


class Tree:
    """One tree twice, for ours and for kmod's: the second is made of hard links, so both read the same pages."""

    def __init__(self, root: Path, release: str, place: Path, compress: str = "") -> None:
        self.release = release
        self.ours = copy_tree(root, release, place / "ours", compress=compress)
        self.theirs = place / "theirs"
        shutil.copytree(self.ours, self.theirs, copy_function=os.link)
        self.directory = self.ours / "lib/modules" / release
        self.files = sorted(str(path) for path in self.directory.rglob("*.ko*"))

    def depmod(self, *options: str) -> tuple[Command, Command]:
        """Return ours and kmod's."""
        ours = Command([LKM, "depmod", *options, "-b", str(self.ours), self.release])
        return ours, Command(["depmod", "-b", str(self.theirs), self.release])

    def toggled(self) -> None:
        """Add a module, or remove it again."""
        extra = self.directory / "updates/lkm_bench.ko"
        if extra.exists():
            extra.unlink()
        else:
            extra.parent.mkdir(exist_ok=True)
            shutil.copyfile(next(file for file in self.files if file.endswith("/msdos.ko")), extra)
            old = time.time_ns() - 10**10  # as an installed file: not written this very moment
            os.utime(extra, ns=(old, old))
            time.sleep(0.2)


def depmod_rows(place: Path) -> list[Row]:
    """Compare depmod on Debian's modules: plain and compressed, full, unchanged and with one module more."""
    rows = []
    root, release = debian_modules()
    for kind, limit in (("", 0.6), ("zst", 0.6), ("xz", 0.55)):
        tree = Tree(root, release, place / f"deb{kind}", kind)
        name = f"depmod, {len(tree.files)} modules .ko{'.' * bool(kind)}{kind}"
        rows.append(compare(f"{name}, full", *tree.depmod("--no-cache"), limit=limit, most=120))
        if kind:
            shutil.rmtree(place / f"deb{kind}")
            continue
        ours, theirs = tree.depmod()
        rows.append(compare("the same, nothing changed", ours, theirs, limit=0.15))
        added = Command(ours.words, before=tree.toggled)
        rows.append(compare("the same, one module added or removed", added, theirs, limit=0.2))
    return rows


def tool_rows(place: Path) -> list[Row]:
    """Compare modinfo of all modules and a cold modprobe."""
    root, release = debian_modules()
    files = [str(path) for path in sorted((root / "lib/modules" / release).rglob("*.ko"))]
    name = f"modinfo of {len(files)} files, one call"
    rows = [compare(name, Command([LKM, "modinfo", *files]), Command(["modinfo", *files]), limit=1.0)]
    root, release = uml_modules()
    tree = copy_tree(root, release, place / "uml")
    subprocess.run(["depmod", "-b", str(tree), release], check=True)
    words = ["modprobe", "-n", "-v", "-d", str(tree), "-S", release, "msdos"]
    ours = Command([LKM, *words])
    nothing = Command([PYTHON, "-c", "pass"])
    for other, against, limit in ((Command(words), "kmod", None), (nothing, "python -c pass", 2.0)):
        rows.append(compare("modprobe -n -v msdos, cold", ours, other, against, limit=limit, rounds=5 * ROUNDS))
    return rows


def modaliases(directory: Path, count: int) -> list[str]:
    """Return distinct PCI and USB modaliases that the modules in a tree know, drawn from their patterns."""
    lines = (directory / "modules.alias").read_text().splitlines()
    patterns = [
        word for word in (line.split()[1] for line in lines if line[0] == "a") if word[:4] in ("pci:", "usb:")
    ]
    chance = random.Random(4)
    found: dict[str, None] = {}
    while len(found) < count:
        pattern = chance.choice(patterns)
        if "[" not in pattern:
            parts = pattern.split("*")
            text = "".join(part + f"{chance.randrange(16**4):04X}" for part in parts[:-1]) + parts[-1]
            found[text] = None
    return list(found)


def lookup_rows(place: Path) -> tuple[list[Row], dict[str, float]]:
    """Compare lookups of modaliases, cold by command and warm in process."""
    _, release = debian_modules()
    tree = place / "deb/theirs"
    directory = tree / "lib/modules" / release
    rows = []
    texts = modaliases(directory, 20_000)
    for count in (1_000, 20_000):
        file = place / f"modaliases{count}"
        file.write_text("\n".join(texts[:count]) + "\n")
        where = ["-d", str(tree), "-S", release]
        ours = Command([LKM, "resolve", *where], stdin=str(file))
        other = Command(["modprobe", *where, "-a", "-R", *texts[:count]])
        rows.append(compare(f"{count} modaliases, cold", ours, other))
    return rows, warm(directory, texts)


def warm(directory: Path, texts: list[str]) -> dict[str, float]:
    """Return lookups a second in one process: ours, compiled, and libkmod's by ctypes, in alternation."""
    index = open_index(str(directory))
    start = time.perf_counter()
    index.compile()
    compiling = time.perf_counter() - start
    library = ctypes.CDLL("libkmod.so.2")
    for function in ("kmod_new", "kmod_module_new_from_lookup"):
        getattr(library, function).restype = ctypes.c_void_p if function == "kmod_new" else ctypes.c_int
    nothing = (ctypes.c_char_p * 1)(None)
    context = ctypes.c_void_p(library.kmod_new(str(directory).encode(), nothing))
    library.kmod_load_resources(context)
    encoded = [text.encode() for text in texts]

    def theirs() -> None:
        for text in encoded:
            found = ctypes.c_void_p(None)
            library.kmod_module_new_from_lookup(context, text, ctypes.byref(found))
            library.kmod_module_unref_list(found)

    def ours() -> None:
        for text in texts:
            index.aliases(text)

    seconds: dict[str, list[float]] = {"ours": [], "libkmod": []}
    for number in range(ROUNDS + 1):
        for name, work in (("ours", ours), ("libkmod", theirs)):
            start = time.perf_counter()
            work()
            if number:
                seconds[name].append(time.perf_counter() - start)
    rate = {name: len(texts) / statistics.median(times) for name, times in seconds.items()}
    print(
        f"\nwarm lookups of {len(texts)} distinct modaliases in process, a second: ours {rate['ours']:,.0f}"
        f" (at least {WARM:,}; after {compiling * 1e3:.0f} ms to compile), libkmod by ctypes {rate['libkmod']:,.0f}"
    )
    return rate


def growth(place: Path) -> dict[str, list[float]]:
    """Return seconds of depmod for 1, 2, 4 and 8 times Debian's tree, ours (no cache) and kmod's.

    The further trees are hard links with other module names (``c3_msdos.ko``); their aliases and symbols are the same
    again, so that the indexes grow as the tree does.
    """
    root, release = debian_modules()
    modules = place / "grown/lib/modules" / release
    first = copy_tree(root, release, place / "grown") / "lib/modules" / release / "kernel"
    files = sorted(first.rglob("*.ko"))
    commands = {
        "ours": Command([LKM, "depmod", "--no-cache", "-b", str(place / "grown"), release]),
        "kmod": Command(["depmod", "-b", str(place / "grown"), release]),
    }
    seconds: dict[str, list[float]] = {"ours": [], "kmod": []}
    copies = 1
    for times in (1, 2, 4, 8):
        while copies < times:
            for file in files:
                target = modules / f"copy{copies}" / file.relative_to(first).parent / f"c{copies}_{file.name}"
                target.parent.mkdir(parents=True, exist_ok=True)
                os.link(file, target)
            copies += 1
        figures: dict[str, list[float]] = {"ours": [], "kmod": []}
        for number in range(6):
            for name, command in commands.items():
                taken = command.seconds()
                if number:
                    figures[name].append(taken)
        for name, taken_each in figures.items():
            seconds[name].append(statistics.median(taken_each))
    for name, times_each in seconds.items():
        per = [
            f"{taken * 1e3:.0f} ms ({taken / times_each[0] / n:.2f})"
            for taken, n in zip(times_each, (1, 2, 4, 8), strict=True)
        ]
        print(f"growth, depmod of 1, 2, 4, 8 trees, {name}: {', '.join(per)}")
    return seconds


def engine(requests: int = 20_000, clients: int = 50, aliases: int = 40) -> dict[str, float]:
    """Measure what the autoload engine alone takes for a request, from the question to its answer: p50 and p99.

    ``clients`` ask for ``aliases`` in turn; each load ends once all of them wait, so most requests share one.
    """
    told = Engine(lambda request: Verdict(ALLOW), Limits(jobs=aliases))
    done = Outcome(0, "done")
    taken: dict[int, float] = {}
    for first in range(0, requests, clients):
        jobs = []
        for client in range(first, first + clients):
            request = Request(f"net-pf-{client % aliases}", UEVENT, 0.0)
            start = time.perf_counter()
            actions = told.feed(Asked(client, request), float(first))
            taken[client] = time.perf_counter() - start
            jobs += [action.job for action in actions if isinstance(action, Start)]
        for job in jobs:
            start = time.perf_counter()
            answers = [a for a in told.feed(Finished(job, done), float(first)) if isinstance(a, Answer)]
            for answer in answers:
                taken[answer.client] += (time.perf_counter() - start) / len(answers)
    seconds = sorted(taken.values())
    figures = {
        "p50": seconds[len(seconds) // 2],
        "p99": seconds[len(seconds) * 99 // 100],
        "requests": float(requests),
    }
    print(
        f"\nautoload engine alone, {requests} requests of {clients} clients for {aliases} aliases: "
        f"p50 {figures['p50'] * 1e6:.1f} us, p99 {figures['p99'] * 1e6:.1f} us (at most {ENGINE * 1e6:.0f})"
    )
    return figures


def lab(kernel: str, limit: float) -> dict[str, Any]:
    """Measure how long a throwaway kernel takes to run nothing, after a first run that may fill caches."""
    command = Command([LKM, "lab", "run", "--kernel", kernel, "--", "true"])
    command.seconds()
    seconds = statistics.median(command.seconds() for _ in range(ROUNDS))
    print(f"{'UML' if kernel == 'uml' else 'QEMU, resumed':<44} {seconds:9.2f}  (at most {limit})")
    return {"kernel": kernel, "seconds": seconds, "limit": limit}


def check(place: Path) -> dict[str, Any]:
    """Measure `lkm check --all` of Debian's tree against its own image, in seconds."""
    root, release = debian_modules()
    tree = copy_tree(root, release, place / "check")
    subprocess.run([LKM, "depmod", "-b", str(tree), release], check=True)
    image = next((root / "boot").glob("vmlinuz-*"))
    command = Command([LKM, "check", "--image", str(image), "-d", str(tree), "--all"])
    command.seconds()
    seconds = statistics.median(command.seconds() for _ in range(3))
    memory = command.memory()
    shutil.rmtree(place / "check")
    limits = f"(at most {CHECK}; MiB: {memory:.0f}, at most {CHECK_MEMORY:.0f})"
    print(f"{'check, Debian tree, all modules':<44} {seconds:9.2f}  {limits}")
    return {"seconds": seconds, "limit": CHECK, "memory": memory, "most": CHECK_MEMORY}


def daemon() -> list[dict[str, Any]]:
    """Measure what a request costs that finds its module loaded, and print median and 99th percentile."""
    rows: list[dict[str, Any]] = []
    root = str(Path(__file__).parents[1])
    words = [PYTHON, "-m", "scripts.bench_daemon"]
    in_guest = [LKM, "lab", "run", "--", "env", f"PYTHONPATH={root}", *words, "guest"]
    print("\nautoload: a request for a module that is loaded already, ms")
    for place, command in (("simulated kernel", words), ("User-Mode Linux", in_guest)):
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True, cwd=root)
        for name, taken in json.loads(done.stdout).items():
            row = {
                "name": f"{name}, {place}",
                "median": statistics.median(taken),
                "p99": taken[len(taken) * 99 // 100],
            }
            print(f"{row['name']:<46} median {row['median']:7.2f}  p99 {row['p99']:7.2f}  of {len(taken)}")
            rows.append(row)
    return rows


def imports() -> dict[str, float]:
    """Return the seconds that importing takes in a fresh Python, medians: of ``lkm``, and of ``Manager`` from it."""
    code = "from time import perf_counter as now; start = now(); {}; print(now() - start)"
    lines = {"lkm": "import lkm", "Manager": "from lkm import Manager"}
    seconds: dict[str, list[float]] = {name: [] for name in lines}
    for _ in range(5 * ROUNDS):
        for name, line in lines.items():
            words = [PYTHON, "-c", code.format(line)]
            seconds[name].append(float(subprocess.run(words, capture_output=True, text=True, check=True).stdout))
    found = {name: statistics.median(times) for name, times in seconds.items()}
    print(
        f"\nimport lkm: {found['lkm'] * 1000:.1f} ms; from lkm import Manager: {found['Manager'] * 1000:.1f} ms"
        f" (at most {IMPORT * 1000:.0f})"
    )
    return found


def main() -> int:
    """Measure all rows."""
    os.environ["PATH"] += ":/sbin:/usr/sbin"
    for tool in ("depmod", "modinfo", "modprobe"):
        if not shutil.which(tool):
            raise SystemExit("bench: kmod's tools are missing; `make kernels` installs them")
    said = subprocess.run(["modprobe", "--version"], capture_output=True, text=True, check=True).stdout
    version = said.splitlines()[0]
    print(f"{version}; Python {sys.version.split()[0]}; {os.cpu_count()} processors; medians of {ROUNDS} rounds in")
    print("alternation; memory: peak of all processes together, shared pages counted once\n")
    print(HEAD)
    with tempfile.TemporaryDirectory(prefix="lkm-bench-", dir=os.environ.get("LKM_BENCH_DIR")) as scratch:
        place = Path(scratch)
        rows = depmod_rows(place) + tool_rows(place)
        more, rate = lookup_rows(place)
        rows += more
        shutil.rmtree(place / "deb")
        grown = growth(place)
        checked = check(place)
    imported = imports()
    autoload = engine()
    print("\nlab: seconds from start to end of `lkm lab run -- true`, on an idle machine")
    root, _ = debian_modules()
    lab_rows = [lab("uml", 1.0), lab(str(root), 1.3)]
    daemon_rows = daemon()
    out = Path("build/bench.json")
    out.parent.mkdir(exist_ok=True)
    figures = {
        "kmod": version,
        "python": sys.version,
        "rounds": ROUNDS,
        "rows": [{**asdict(row), "ratio": row.ratio} for row in rows],
        "warm": rate,
        "growth": grown,
        "imports": imported,
        "engine": autoload,
        "lab": lab_rows,
        "check": checked,
        "daemon": daemon_rows,
    }
    out.write_text(json.dumps(figures, indent=1) + "\n")
    over = [fault for row in rows for fault in row.faults()]
    if rate["ours"] < WARM:
        over.append(f"warm lookups: {rate['ours']:,.0f} < {WARM:,}")
    if imported["Manager"] > IMPORT:
        over.append(f"import: {imported['Manager'] * 1000:.1f} ms")
    if autoload["p99"] > ENGINE:
        over.append(f"autoload engine: p99 {autoload['p99'] * 1e6:.0f} us")
    ours = grown["ours"]
    if ours[-1] / ours[0] / 8 > GROWTH:
        over.append(f"growth: 8 trees take {ours[-1] / ours[0]:.1f} times as long as one")
    if checked["seconds"] > CHECK:
        over.append(f"check: {checked['seconds']:.1f} s > {CHECK}")
    if checked["memory"] > CHECK_MEMORY:
        over.append(f"check: {checked['memory']:.0f} MiB > {CHECK_MEMORY:.0f}")
    over += [
        f"lab, {r['kernel']}: {r['seconds']:.2f} s > {r['limit']}" for r in lab_rows if r["seconds"] > r["limit"]
    ]
    print(f"\nfigures: {out}" + "".join(f"\nover its limit: {line}" for line in over))
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
