"""Calls of modprobe, ours in this process and kmod's in one shell, and trees and kernel states for both."""

from __future__ import annotations

import io
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from lkm.cli import modprobe, modprobe_run
from lkm.kernel.linux import LinuxKernel

#: Exit status and stdout of one call.
Answer = tuple[int, bytes]


def linked_tree(root: Path, release: str, dest: Path) -> Path:
    """Return ``dest`` with a module directory of links to ``root``'s modules, indexed by kmod's depmod."""
    old, new = root / "lib/modules" / release, dest / "lib/modules" / release
    new.mkdir(parents=True)
    for entry in old.iterdir():
        if entry.is_dir():
            (new / entry.name).symlink_to(entry)
        elif entry.name in ("modules.order", "modules.builtin", "modules.builtin.modinfo"):
            shutil.copy(entry, new / entry.name)
    subprocess.run(["/sbin/depmod", "-b", str(dest), release], check=True)
    return dest


def fake_kernel(place: Path, modules: Mapping[str, tuple[int, Sequence[str]]], cmdline: str) -> LinuxKernel:
    """Return a kernel with these modules (name → use count, holders), which files below ``place`` tell of."""
    proc = place / "proc"
    proc.mkdir(parents=True, exist_ok=True)
    lines = [
        f"{name} 100 {count} {''.join(f'{h},' for h in holders) or '-'} Live 0x0\n"
        for name, (count, holders) in modules.items()
    ]
    (proc / "modules").write_text("".join(lines))
    (proc / "cmdline").write_text(cmdline + "\n")
    return LinuxKernel(str(proc), str(place / "sys"), os.devnull)


def fake_sys(modules: Mapping[str, tuple[int, Sequence[str]]], cmdline: str) -> str:
    """Return shell commands that make the same state on /sys/module and /proc/cmdline (see ``kmod_answers``)."""
    lines = ["rm -rf /sys/module/*", f"printf '%s\\n' {shlex.quote(cmdline)} > /proc/cmdline"]
    for name, (count, holders) in modules.items():
        made = " ".join(f"/sys/module/{name}/holders/{holder}" for holder in ("", *holders))
        lines.append(f"mkdir -p {made}; echo live > /sys/module/{name}/initstate")
        lines.append(f"echo {count} > /sys/module/{name}/refcnt")
    return "\n".join(lines)


def call(arguments: Sequence[str]) -> str:
    """Return the shell commands for one call whose answer is wanted."""
    return f"/sbin/modprobe {shlex.join(arguments)} 2>/dev/null; printf '\\0%d\\0' $?"


def kmod_answers(commands: Sequence[str], *, private: Path | None = None) -> list[Answer]:
    """Run lines of ``call`` and others in one shell and return the answers.

    With ``private`` (a directory to work in) /sys/module and /proc/cmdline are the commands' own.
    """
    shell = ["/bin/sh"]
    script = "\n".join(commands)
    if private:
        (private / "cmdline").write_text("")
        # Not unshare's own way of making mounts private: it fails in a chroot, where / is no mount point.
        mounts = ["--make-rprivate /sys", "--make-rprivate /proc", "-t tmpfs none /sys/module"]
        mounts.append(f"--bind {private}/cmdline /proc/cmdline")
        script = "".join(f"mount {mount} || exit 1\n" for mount in mounts) + script
        # Another user than root needs a user namespace for that.
        shell = ["unshare", "-m" if os.geteuid() == 0 else "-rm", "--propagation", "unchanged", *shell]
    done = subprocess.run(shell, input=script.encode("utf-8", "surrogateescape"), capture_output=True, check=True)
    assert not done.stderr, done.stderr.decode()
    parts = done.stdout.split(b"\0")
    return [(int(status), text) for text, status in zip(parts[::2], parts[1::2], strict=False)]


def our_answer(arguments: Sequence[str], kernel: LinuxKernel | None = None) -> Answer:
    """Call our modprobe in this process."""
    answer, _ = our_words(arguments, kernel)
    return answer


def our_words(arguments: Sequence[str], kernel: LinuxKernel | None = None) -> tuple[Answer, str]:
    """Call our modprobe in this process; return the answer and what it said on stderr."""
    with pytest.MonkeyPatch.context() as patch:
        out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="surrogateescape")
        said = io.StringIO()
        patch.setattr(sys, "stdout", out)
        patch.setattr(sys, "stderr", said)
        if kernel:
            patch.setattr(modprobe_run, "LinuxKernel", lambda: kernel)
        status = modprobe.main(["modprobe", *arguments])
        out.flush()
        assert isinstance(out.buffer, io.BytesIO)
        return (status, out.buffer.getvalue()), said.getvalue()
