"""``make bench``: our tools beside kmod's, in alternation in one run; each row a ratio of medians, with peak memory.

A ratio under 1 means that ours is faster. The table goes to standard output, the figures to build/bench.json.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tests.support.trees import copy_tree, debian_modules, uml_modules

PYTHON = sys.executable
LKM = str(Path(PYTHON).parent / "lkm")
ROUNDS = int(os.environ.get("LKM_BENCH_ROUNDS", "7"))


@dataclass
class Side:
    """Seconds and peak memory (MiB) of one command: medians over the rounds."""

    seconds: float
    memory: float


@dataclass
class Row:
    """One comparison. ``limit`` is the promised ratio, None where none is promised."""

    work: str
    ours: Side
    other: Side
    against: str
    limit: float | None

    @property
    def ratio(self) -> float:
        """Return ours / other."""
        return self.ours.seconds / self.other.seconds


def once(command: list[str]) -> tuple[float, float]:
    """Run a command with its output thrown away; return (seconds, peak MiB)."""
    start = time.perf_counter()
    child = os.posix_spawnp(
        command[0],
        command,
        os.environ,
        file_actions=[(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_RDWR, 0) for fd in (0, 1, 2)],
    )
    _, status, usage = os.wait4(child, 0)
    seconds = time.perf_counter() - start
    if os.waitstatus_to_exitcode(status):
        raise SystemExit(f"bench: failed with status {os.waitstatus_to_exitcode(status)}: {' '.join(command)}")
    return seconds, usage.ru_maxrss / 1024


def compare(
    work: str, ours: list[str], other: list[str], against: str, *, limit: float | None = None, rounds: int = ROUNDS
) -> Row:
    """Run both in alternation, after one uncounted run of each."""
    once(ours)
    once(other)
    figures: tuple[list[tuple[float, float]], ...] = ([], [])
    for _ in range(rounds):
        for side, command in zip(figures, (ours, other), strict=True):
            side.append(once(command))
    sides = [Side(statistics.median(s for s, _ in f), statistics.median(m for _, m in f)) for f in figures]
    row = Row(work, sides[0], sides[1], against, limit)
    bound = f"(at most {limit})" if limit else ""
    print(
        f"{row.work:<46} {row.ours.seconds * 1e3:9.1f} {row.other.seconds * 1e3:9.1f} {row.ratio:7.2f}"
        f" {row.ours.memory:6.0f} {row.other.memory:6.0f}  {against} {bound}",
        flush=True,
    )
    return row


def lab(kernel: str, limit: float) -> dict[str, Any]:
    """Measure how long a throwaway kernel takes to run nothing, after a first run that may fill caches."""
    command = [LKM, "lab", "run", "--kernel", kernel, "--", "true"]
    once(command)
    seconds = statistics.median(once(command)[0] for _ in range(ROUNDS))
    print(f"{'UML' if kernel == 'uml' else 'QEMU, resumed':<46} {seconds:9.2f}  (at most {limit})")
    return {"kernel": kernel, "seconds": seconds, "limit": limit}


def main() -> int:
    """Measure all rows."""
    for tool in ("depmod", "modinfo", "modprobe"):
        if not shutil.which(tool, path=os.environ["PATH"] + ":/sbin:/usr/sbin"):
            raise SystemExit("bench: kmod's tools are missing; `make kernels` installs them")
    os.environ["PATH"] += ":/sbin:/usr/sbin"
    version = subprocess.run(
        ["modprobe", "--version"], capture_output=True, text=True, check=True
    ).stdout.splitlines()[0]
    print(f"{version}; Python {sys.version.split()[0]}; median of {ROUNDS} rounds in alternation\n")
    print(f"{'work':<46} {'ours ms':>9} {'other ms':>9} {'ratio':>7} {'MiB':>6} {'MiB':>6}  against")
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="lkm-bench-") as scratch:
        uml_root, uml = uml_modules()
        small = copy_tree(uml_root, uml, Path(scratch) / "uml")
        deb_root, deb = debian_modules()
        large = copy_tree(deb_root, deb, Path(scratch) / "deb")
        for root, release, name in ((large, deb, "Debian"), (small, uml, "UML")):
            count = sum(1 for _ in (root / "lib/modules" / release).rglob("*.ko"))
            command = ["depmod", "-b", str(root), release]
            rows.append(compare(f"depmod, {name}'s {count} modules", [LKM, *command], command, "kmod"))
        files = [str(p) for p in sorted((large / "lib/modules" / deb).rglob("*.ko"))]
        rows.append(compare(f"modinfo of {len(files)} files", [LKM, "modinfo", *files], ["modinfo", *files], "kmod"))
        lookup = ["modprobe", "-n", "-v", "-d", str(small), "-S", uml, "msdos"]
        rows.append(compare("modprobe -n -v msdos, cold", [LKM, *lookup], lookup, "kmod", rounds=3 * ROUNDS))
        rows.append(
            compare(
                "modprobe -n -v msdos, cold", [LKM, *lookup], [PYTHON, "-c", "pass"], "python -c pass",
                limit=3.0, rounds=3 * ROUNDS,
            )
        )  # fmt: skip
    print("\nlab: seconds from start to end of `lkm lab run -- true`, on an idle machine")
    lab_rows = [lab("uml", 1.0), lab(str(deb_root), 1.3)]
    out = Path("build/bench.json")
    out.parent.mkdir(exist_ok=True)
    figures = {
        "kmod": version,
        "python": sys.version,
        "rounds": ROUNDS,
        "rows": [{**asdict(r), "ratio": r.ratio} for r in rows],
        "lab": lab_rows,
    }
    out.write_text(json.dumps(figures, indent=1) + "\n")
    over = [f"{r.work}: {r.ratio:.2f} > {r.limit}" for r in rows if r.limit and r.ratio > r.limit]
    over += [
        f"lab, {r['kernel']}: {r['seconds']:.2f} s > {r['limit']}" for r in lab_rows if r["seconds"] > r["limit"]
    ]
    print(f"\nfigures: {out}" + "".join(f"\nover its limit: {line}" for line in over))
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
