"""What the shells make of our completions, asked in the shells themselves."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lkm.cli.completion import main
from lkm.cli.main import TOOLS
from tests.support.trees import uml_modules

ROOT = Path(__file__).parents[3]
SHARE = ROOT / "src/lkm/share"


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return an environment with `lkm` on PATH and a simulated kernel, in which fat is loaded, for it."""
    place = tmp_path_factory.mktemp("completion")
    root, _ = uml_modules()
    world = str(place / "world")
    variables = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "LKM_KERNEL": f"sim:{world}",
    }
    new = ["lkm", "sim", "new", world, "--image", "/usr/bin/linux.uml", "--tree", str(root)]
    for command in (new, ["lkm", "modprobe", "fat"]):
        subprocess.run(command, env=variables, check=True, capture_output=True)
    return variables


def bash(line: str, environment: dict[str, str]) -> list[str]:
    words = line.split(" ")
    array = " ".join(f"'{word}'" for word in words)
    script = (
        f"source {SHARE}/completions/lkm.bash; COMP_WORDS=({array}); COMP_CWORD={len(words) - 1}; "
        f"COMP_LINE='{line}'; COMP_POINT={len(line)}; _shtab_lkm 2>/dev/null; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    )
    return _words(["bash", "-c", script], environment)


def fish(line: str, environment: dict[str, str]) -> list[str]:
    script = f"source {SHARE}/completions/lkm.fish; complete -C '{line}'"
    return [word.partition("\t")[0] for word in _words(["fish", "--no-config", "-c", script], environment)]


def _words(command: list[str], environment: dict[str, str]) -> list[str]:
    result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    return [line.strip() for line in result.stdout.splitlines() if line.strip()]


SHELLS = {"bash": bash, "fish": fish}


@pytest.mark.parametrize("shell", SHELLS)
def test_tools_options_and_names_are_completed(shell: str, environment: dict[str, str]) -> None:
    assert shutil.which(shell), f"{shell} is missing: make kernels"
    ask = SHELLS[shell]
    assert ask("lkm modpr", environment) == ["modprobe"]
    assert set(ask("lkm ", environment)) >= set(TOOLS)
    assert ask("lkm modprobe --show-al", environment) == ["--show-alias"]
    assert set(ask("lkm modprobe msd", environment)) == {"msdos"}
    assert ask("lkm rmmod f", environment) == ["fat"]
    assert ask("lkm rmmod msd", environment) == []
    assert ask("lkm lab ru", environment) == ["run"]


def test_zsh_takes_the_script_and_asks_for_names(environment: dict[str, str]) -> None:
    script = (
        f'autoload -Uz compinit; compinit -D; eval "$(<{SHARE}/completions/lkm.zsh)"; '
        "print ${+functions[_shtab_lkm]}; compadd() { shift; print -l $@ }; _lkm_loaded"
    )
    command = ["zsh", "-f", "-c", script]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (result.stdout, result.stderr) == ("1\nfat\n", "")


def test_a_shell_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "bash"]) == 0
    assert capsys.readouterr().out == (SHARE / "completions/lkm.bash").read_text()
    assert main(["completion", "tcsh"]) == 1
    assert capsys.readouterr().err == "lkm completion: name one shell\n  one of: bash fish zsh\n"
    assert main(["completion", "--names", "stars"]) == 1
    assert "modules loaded" in capsys.readouterr().err


def test_names_that_cannot_be_had_are_none(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LKM_KERNEL", "sim:/nonexistent/world")
    assert main(["completion", "--names", "modules"]) == 0
    assert capsys.readouterr().out == ""
