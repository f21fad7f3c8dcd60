"""The first half of what ``modprobe -c`` prints: the settings, as text that modprobe.d files may hold.

>>> from lkm.config.settings import assemble
>>> text = config_text(assemble([("x.conf", "softdep a post: c pre: b-x\\nalias y-* z-z\\nblacklist q-q")], "a.b=1"))
>>> print(text, end="")
blacklist q_q
alias y_* z_z
options a b=1
softdep a pre: b-x post: c
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lkm.config.nouns import Settings, Softdep

#: Stands between the settings and the dump of the alias and symbol indexes.
INDEXES_FOLLOW = "\n# End of configuration files. Dumping indexes now:\n\n"


def config_text(settings: Settings) -> str:
    """Return one line a directive: kinds in kmod's order, each kind in the order of reading.

    Differs from kmod 30 in softdep, where that forgets the space before ``post:`` (and repeats names when ``pre:``
    and ``post:`` take turns), so that its line cannot be read again.
    """
    lines = [f"blacklist {b.module}\n" for b in settings.blacklists]
    lines += [f"install {c.module} {c.command}\n" for c in settings.installs]
    lines += [f"remove {c.module} {c.command}\n" for c in settings.removes]
    lines += [f"alias {a.pattern} {a.module}\n" for a in settings.aliases]
    lines += [f"options {o.module} {o.text}\n" for o in settings.options]
    lines += [f"softdep {s.module} {_softdep(s)}\n" for s in settings.softdeps]
    lines += [f"weakdep {w.module} {' '.join(w.modules)}\n" for w in settings.weakdeps]
    lines += [f"forbid {f.module}{f' because {f.because}' if f.because else ''}\n" for f in settings.forbids]
    return "".join(lines)


def _softdep(softdep: Softdep) -> str:
    pre = ["pre:", *softdep.pre] if softdep.pre else []
    post = ["post:", *softdep.post] if softdep.post else []
    return " ".join(pre + post)
