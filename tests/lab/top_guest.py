"""In the lab: drives ``lkm top`` on a terminal while a real kernel asks for modules; prints what was to be seen.

Each moment has a name; the screen at that moment is printed as JSON: {name: lines}, and the status of ``lkm top``.
"""

from __future__ import annotations

import json
import os
import pty
import re
import select
import socket
import struct
import subprocess
import sys
import termios
import time
from fcntl import ioctl

from tests.support.kernels import LKM
from tests.support.screen import Screen

WIDTH, HEIGHT = 80, 24


class Player:
    """Somebody at the terminal."""

    def __init__(self) -> None:
        self.screen = Screen(WIDTH, HEIGHT)
        self.seen: dict[str, list[str]] = {}
        self.pid, self.terminal = pty.fork()
        if not self.pid:
            ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", HEIGHT, WIDTH, 0, 0))
            os.environ["TERM"] = "xterm-256color"
            os.execv(LKM, [LKM, "top", "--every", "0.3"])

    def wait(self, pattern: str, name: str = "") -> None:
        """Wait until the screen fits, and keep it under a name."""
        end = time.monotonic() + 40
        while not re.search(pattern, "\n".join(self.screen.lines())):
            if time.monotonic() > end:
                self.seen[f"no {pattern}"] = self.screen.lines()
                self.tell()
                sys.exit(1)
            if select.select([self.terminal], [], [], 0.1)[0]:
                self.screen.feed(os.read(self.terminal, 1 << 16))
        if name:
            self.seen[name] = self.screen.lines()

    def type(self, keys: str) -> None:
        os.write(self.terminal, keys.encode())

    def tell(self, status: int = -1) -> None:
        print(json.dumps({**self.seen, "status": status}), flush=True)


def main() -> None:
    player = Player()
    player.wait(r"over time[^\n]*used by")
    with socket.socket(socket.AF_APPLETALK, socket.SOCK_DGRAM):
        player.wait(r"request +net-pf-5 +kernel[^:]*: loaded\s+llc\s+psnap", "request")
        player.wait(r"\n appletalk [^\n]* in use", "in use")
        try:
            socket.socket(27, socket.SOCK_DGRAM)
        except OSError:
            player.wait(r"refused +net-pf-27 +kernel[^:]*:\s+not-found", "refused")
        player.type(4 * "\x1b[A" + "e")
        player.wait("asked for +by kernel[^~]*, as net-pf-5, at [^~]*autoclean", "explain")
        player.type("q")
    player.wait(r"\n appletalk [^\n]* \ds +\ds\n", "countdown")
    player.wait("removed +llc", "swept")
    subprocess.run([LKM, "modprobe", "loop"], check=True)
    player.wait(r"\n loop ", "loaded")
    player.type("/")
    player.wait("part of a name")
    player.type("loop")
    player.wait("1 of [0-9]+ modules")
    player.type("\r")
    time.sleep(0.7)  # nothing on the screen tells that keys are the table's again
    player.type("u")
    player.wait("Remove loop, and what it alone needed", "question")
    player.type("y")
    player.wait(r"\$ lkm unload loop[^$]*remove", "unload")
    player.type("q")
    player.wait("removed +loop", "gone")
    player.type("q")
    _, status = os.waitpid(player.pid, 0)
    player.tell(os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main()
