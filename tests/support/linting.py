"""Configurations given as text, and a small tree, for the rules of lint."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from lkm.lint.case import Case, case_of
from lkm.lint.fix import fixed
from lkm.lint.nouns import Flaw
from lkm.lint.sheet import CMDLINE, DEPMOD, LOAD, MODPROBE, read
from lkm.modfile.kernelparam import KernelParam
from lkm.wildcard import matches

P = KernelParam

FRAMEBUFFERS = """arkfb aty128fb atyfb radeonfb cirrusfb cyber2000fb cyblafb gx1fb gxfb hgafb i810fb intelfb kyrofb
lxfb matroxfb_base neofb nvidiafb pm2fb rivafb s1d13xxxfb savagefb sisfb sstfb tdfxfb tridentfb vesafb vfb viafb
vt8623fb"""
#: The directives of files that Debian packages bring: package → text.
STOCK = {
    "kmod": "softdep uhci-hcd pre: ehci-hcd\nsoftdep ohci-hcd pre: ehci-hcd\noptions snd-pcsp index=-2\n"
    "options cx88_alsa index=-2\noptions snd-atiixp-modem index=-2\noptions snd-intel8x0m index=-2\n"
    "options snd-via82xx-modem index=-2\n",
    "systemd": "options bonding max_bonds=0\noptions dummy numdummies=0\noptions ifb numifbs=0\n",
    "mdadm": "options md_mod start_ro=1\n",
    "intel-microcode": "blacklist microcode\n",
    "udev": "".join([f"blacklist {name}\n" for name in FRAMEBUFFERS.split()]),
}


class LintTree:
    """vfat and msdos need fat; loop and dummy have parameters; ext4 is built in. ``fat`` has no alias."""

    modules: Mapping[str, tuple[str, ...]] = {
        **dict.fromkeys(("fat", "loop", "dummy", "snd_hda_intel"), ()),
        "vfat": ("fat",),
        "msdos": ("fat",),
    }
    aliases: Mapping[str, str] = {
        **{f"fs_{name}": name for name in ("vfat", "msdos")},
        "block_major_7_*": "loop",
        "rtnl_link_dummy": "dummy",
        "pci:v*": "snd_hda_intel",
        "fs_ext4": "ext4",
    }
    tables: Mapping[str, tuple[KernelParam, ...]] = {
        "loop": (P("max_loop", "int"), P("max_part", "short"), P("own", "")),
        "dummy": (P("numdummies", "int"),),
        "snd_hda_intel": (
            *(P("index", "array of int", limit=2), P("enable", "bool", bare=True), P("model", "charp")),
            P("patch", "string", limit=4),
        ),
        "ext4": (P("debug_level", "uint"),),
    }

    def origin(self) -> str:
        return "/lib/modules/R"

    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self.modules))

    def path(self, name: str) -> str:
        return f"/lib/modules/R/kernel/{name}.ko" if name in self.modules else ""

    def meant(self, alias: str) -> tuple[str, ...]:
        return tuple(m for pattern, m in self.aliases.items() if matches(pattern, alias))

    def has_alias(self, name: str) -> bool:
        return name in self.aliases.values()

    def users(self, name: str) -> tuple[str, ...]:
        return tuple(sorted(m for m, needs in self.modules.items() if name in needs))

    def needs(self, name: str) -> tuple[str, ...]:
        return self.modules.get(name, ())

    def is_builtin(self, name: str) -> bool:
        return name == "ext4"

    def parameters(self, name: str) -> tuple[KernelParam, ...] | None:
        known = name in self.modules or name == "ext4"
        return self.tables.get(name, ()) if known else None


TREE = LintTree()


def case(
    text: str = "", *, package: str = "", loads: str = "", depmod: str = "", cmdline: str = "", tree: bool = True
) -> Case:
    """Return a case: x.conf of modprobe.d is the administrator's, p.conf a package's."""
    sheets = [
        read(MODPROBE, "p.conf", package, local=False),
        read(MODPROBE, "x.conf", text),
        read(LOAD, "load.conf", loads),
        read(DEPMOD, "d.conf", depmod),
        read(CMDLINE, "/proc/cmdline", cmdline),
    ]
    return case_of([sheet for sheet in sheets if sheet.text], tree=TREE if tree else None, release="6.1")


def found(rule: str, one: Case) -> list[Flaw]:
    """Return what one rule finds."""
    flaws: list[Flaw] = list(import_module(f"lkm.lint.rules.{rule}").find(one))
    return flaws


def told(rule: str, one: Case) -> list[str]:
    """Return place and words of what a rule finds, and what the caret is under."""
    return [f"{f.origin.line}: {f.what} ^{f.text[f.column - 1 :] if f.column else ''}" for f in found(rule, one)]


def mended(rule: str, text: str) -> str:
    """Return x.conf after the safe changes of one rule."""
    return fixed(text, [f.edit for f in found(rule, case(text)) if f.edit])
