"""``make demo``: the life of some real modules in a real Linux kernel, by this package's tools alone.

Outside, it starts a throwaway User-Mode Linux kernel and runs itself in it (``--inside``). There each step is
explained in a line, its command and real output are shown, and the result is checked: the demo fails, with a
non-zero status, when a step does not do what its line says.
"""

import os
import shlex
import subprocess
import sys
from pathlib import Path

BOLD, DIM, RED, OFF = ("\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[0m") if "--color" in sys.argv else ("",) * 4
LKM = str(Path(sys.executable).parent / "lkm")


class Demo:
    """Steps counted, and what went against expectation."""

    def __init__(self) -> None:
        self.step = 0
        self.surprises: list[str] = []

    def say(self, text: str) -> None:
        """Explain the next step in a line."""
        self.step += 1
        print(f"\n{BOLD}{self.step}. {text}{OFF}", flush=True)

    def run(self, command: str, *, status: int = 0, expect: str = "", most: int = 0) -> str:
        """Show a command and its output (at most that many lines of it); note what was not expected."""
        print(f"   {DIM}${OFF} {command}", flush=True)
        words = shlex.split(command)
        if words[0] == "lkm":
            words[0] = LKM
        done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        lines = done.stdout.splitlines()
        shown = lines[:most] if most else lines
        for line in shown:
            print(f"     {line}")
        if len(lines) > len(shown):
            print(f"     {DIM}... {len(lines) - len(shown)} more lines{OFF}")
        if done.returncode != status:
            self.surprise(f"{command}: exit status {done.returncode}, not {status}")
        if expect not in done.stdout:
            self.surprise(f"{command}: no {expect!r} in its output")
        return done.stdout

    def surprise(self, text: str) -> None:
        """Note what should not have happened."""
        self.surprises.append(text)
        print(f"     {RED}unexpected: {text}{OFF}")


def inside() -> int:
    """Play the steps; runs as root in the lab kernel."""
    demo = Demo()
    release = os.uname().release
    tree = f"/lib/modules/{release}"
    fat = f"{tree}/kernel/fs/fat"
    print(f"This is Linux {release}, a real kernel in a process of its own, with {count_modules(tree)} module files.")

    demo.say("Index the tree: which module needs which, who answers to which alias (depmod).")
    for file in Path(tree).glob("modules.*"):
        if file.name not in ("modules.order", "modules.builtin", "modules.builtin.modinfo"):
            file.unlink()
    demo.run("lkm depmod")
    demo.run(f"grep fat/msdos {tree}/modules.dep", expect="kernel/fs/fat/fat.ko")

    demo.say("Insert msdos.ko by hand. It cannot work yet, and the answer is a cause and a cure.")
    demo.run(f"lkm insmod {fat}/msdos.ko", status=1, expect="fat")

    demo.say("modprobe finds the file by name, and loads what it needs first.")
    demo.run("lkm modprobe -v msdos", expect="msdos.ko")

    demo.say("What is loaded now: lsmod, and the kernel's own words.")
    demo.run("lkm lsmod", expect="fat")
    demo.run("grep -E '^(msdos|fat)' /proc/modules", expect="msdos,")

    demo.say("What the module did: the kernel knows a new file system.")
    demo.run("grep -w msdos /proc/filesystems", expect="msdos")

    demo.say("A module in use is not removed, and we say who uses it.")
    demo.run("lkm rmmod fat", status=1, expect="msdos")

    demo.say("modprobe -r removes a module and what it alone needed.")
    demo.run("lkm modprobe -r -v msdos", expect="rmmod fat")
    demo.run("grep -cE '^(msdos|fat)' /proc/modules", status=1, expect="0")

    demo.say("A module with parameters: what it takes, loaded with a value, read back from the kernel.")
    demo.run("lkm modinfo -p loop", expect="max_loop")
    demo.run("lkm modprobe -v loop max_loop=3", expect="max_loop=3")
    demo.run("cat /sys/module/loop/parameters/max_loop", expect="3")
    demo.run("lkm modprobe -r loop")

    print()
    for text in demo.surprises:
        print(f"{RED}unexpected: {text}{OFF}")
    if not demo.surprises:
        print(f"{BOLD}All {demo.step} steps did what they say.{OFF} The kernel goes now; nothing here changed.")
    return 1 if demo.surprises else 0


def count_modules(tree: str) -> int:
    """Return how many module files there are."""
    return sum(1 for _ in Path(tree).rglob("*.ko*"))


def outside() -> int:
    """Start the lab kernel and play the demo in it."""
    print("Booting a throwaway Linux kernel (User-Mode Linux) ...", flush=True)
    color = ["--color"] if sys.stdout.isatty() else []
    return subprocess.call([LKM, "lab", "run", "--", sys.executable, os.path.abspath(__file__), "--inside", *color])


if __name__ == "__main__":
    sys.exit(inside() if "--inside" in sys.argv else outside())
