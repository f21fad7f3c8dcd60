"""QEMU, without help from the processor: Debian's own kernels, resumed from a snapshot that is made the first time.

The snapshot is a migration to a file with ``x-ignore-shared``: the memory stays in a file that each resumed guest
maps privately, so that the saved state is small and guests do not disturb each other.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import socket
import time
from pathlib import Path

from lkm.errors import LabError
from lkm.lab.cache import made_once
from lkm.lab.guest import Machine, Pipes, Relay, kernel_log, run_directory, started
from lkm.lab.prepared import find_kernel, prepare

PROGRAM, PACKAGE = "qemu-system-x86_64", "qemu-system-x86"

# -cpu max: without RDRAND the first program to want random numbers waits a second for them.
# thread=multi and memory-backend are needed by the snapshot's shape; the machine type that boots by PVH is pc.
_HARDWARE = ("-accel", "tcg,thread=multi", "-cpu", "max,-smap,-smep", "-nodefaults", "-no-user-config")
_BOOT = (
    "console=ttyS1 quiet panic=-1 reboot=t mitigations=off no_timer_check tsc=reliable random.trust_cpu=on "
    "rcupdate.rcu_expedited=1 init_on_alloc=0 cryptomgr.notests"
)
_SNAPSHOT_TIMEOUT = 120.0


def machine(directory: Path, pipes: Pipes, kernel: Path, *, memory: str, append: str, rw: str) -> Machine:
    """Return how to start the guest whose files are in ``directory``.

    With an ``append`` it boots, in about three seconds, as a snapshot has its command line already. Raises LabError.
    """
    program = shutil.which(PROGRAM)
    if program is None:
        raise LabError(f"{PROGRAM} is not installed", hint=f"apt-get install --no-install-recommends {PACKAGE}")
    made = prepare(find_kernel(kernel))
    stdin = Path("/dev/null")
    if append:
        more = [*booting(made, append), *memory_arguments(memory)]
    else:
        saved = snapshot(program, made, memory)
        pipes.given["state"] = os.open(saved / "state", os.O_RDONLY)
        more = [*memory_arguments(memory, str(saved / "memory"), share=False), "-incoming", "defer"]
        # What the saved guest waits for. One that boots would answer it by echo.
        stdin = directory / "stdin"
        stdin.write_bytes(b"\n" * 64)
        more += monitor(pipes, ("migrate-incoming", {"uri": f"fd:{pipes.given['state']}"}))
    command = [program, *hardware(directory, rw, pipes.given), *more]
    return Machine(command, _environment(), str(stdin), stdout="out")


def hardware(directory: Path, rw: str, given: dict[str, int]) -> list[str]:
    """Return the arguments that a guest has whether it boots or is resumed: devices in this order, then theirs.

    Serial lines: the command's output (and QEMU's input), the kernel's log, the status, the command's errors.
    """
    shared = [("root", "/", ",readonly=on"), ("job", str(directory), ",readonly=on")]
    shared.append(("rw", rw, "") if rw else ("rw", str(directory), ",readonly=on"))
    arguments = [
        "-M",
        "pc,memory-backend=ram",
        *_HARDWARE,
        "-display",
        "none",
        "-no-reboot",
        "-monitor",
        "none",
        "-serial",
        "stdio",
    ]
    arguments += ["-serial", f"file:{directory}/log"]
    for name in ("status", "err"):
        arguments += ["-serial", f"file:/proc/self/fd/{given[name]}" if name in given else "null"]
    # Tells a resumed kernel that it is not the one that was saved, so that it starts its random numbers anew.
    arguments += ["-device", "vmgenid,guid=auto"]
    for tag, path, more in shared:
        text = f"local,path={escaped(path)},mount_tag={tag},security_model=none,multidevs=remap{more}"
        arguments += ["-virtfs", text]
    return arguments


def booting(made: Path, append: str) -> list[str]:
    """Return the arguments for a boot from the start."""
    return ["-kernel", str(made / "kernel"), "-initrd", str(made / "initrd"), "-append", f"{_BOOT} {append}"]


def memory_arguments(size: str, path: str = "", *, share: bool = False) -> list[str]:
    """Return the arguments for the guest's memory, in a file if one is named.

    >>> memory_arguments("512M", "/a,b", share=True)
    ['-m', '512M', '-object', 'memory-backend-file,id=ram,size=512M,mem-path=/a,,b,share=on']
    """
    if not path:
        return ["-m", size, "-object", f"memory-backend-ram,id=ram,size={size}"]
    backend = f"memory-backend-file,id=ram,size={size},mem-path={escaped(path)},share={'on' if share else 'off'}"
    return ["-m", size, "-object", backend]


def escaped(value: str) -> str:
    """Return the value as QEMU's comma-separated arguments want it."""
    return value.replace(",", ",,")


def snapshot(program: str, made: Path, memory: str) -> Path:
    """Return the directory with the saved machine: ``state`` and ``memory``. Made once for each shape of machine."""
    stat = os.stat(program)
    shape = repr((stat.st_size, stat.st_mtime_ns, hardware(Path("/"), "", {}), _BOOT)).encode()
    return made_once(
        made / f"snapshot-{memory}-{hashlib.sha256(shape).hexdigest()[:16]}",
        lambda work: _save(program, made, memory, work),
    )


def _save(program: str, made: Path, memory: str, work: Path) -> None:
    with run_directory() as directory, Pipes(("out", "status")) as pipes:
        state = directory / "state"
        command = [program, *hardware(directory, "", pipes.given), *booting(made, "LAB_SNAPSHOT=1")]
        command += [*memory_arguments(memory, str(work / "memory"), share=True), *monitor(pipes)]
        peer = socket.socket(fileno=os.dup(pipes.given["monitor peer"]))
        relay = Relay(pipes, {}, time.monotonic() + _SNAPSHOT_TIMEOUT)
        with peer, started(Machine(command, _environment(), stdout="out"), directory, pipes) as guest:
            with contextlib.suppress(TimeoutError, BrokenPipeError):
                relay.until_end(guest, said=b"ready")
                # The machine must not be stopped first: it would be resumed stopped.
                uri = f"exec:cat >{state}.new && mv {state}.new {state}"
                peer.sendall(_request("migrate", {"uri": uri}))
                while not state.exists() and relay.goes_on(guest, 0.05):
                    pass
            if not state.exists():
                raise LabError(f"no snapshot could be made; the kernel's log:\n{kernel_log(directory)}", str(made))
            shutil.move(state, work / "state")


def monitor(pipes: Pipes, *requests: tuple[str, dict[str, object]]) -> list[str]:
    """Give QEMU a monitor (QMP) on which these requests wait already; return its arguments.

    QEMU inherits the other end too, so that the monitor stays open without anybody there.
    """
    ours, theirs = socket.socketpair()
    shared_apart: dict[str, object] = {"capabilities": [{"capability": "x-ignore-shared", "state": True}]}
    first: dict[str, object] = {}
    for name, arguments in (("qmp_capabilities", first), ("migrate-set-capabilities", shared_apart), *requests):
        ours.sendall(_request(name, arguments))
    pipes.given["monitor"], pipes.given["monitor peer"] = theirs.detach(), ours.detach()
    chardev = f"socket,id=monitor,fd={pipes.given['monitor']}"
    return ["-chardev", chardev, "-mon", "chardev=monitor,mode=control"]


def _request(name: str, arguments: dict[str, object]) -> bytes:
    return json.dumps({"execute": name, "arguments": arguments}).encode() + b"\n"


def _environment() -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin"}
