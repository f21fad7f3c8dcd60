"""The front door for programs: a kernel, its modules and its configuration, and what can be done with them."""

from __future__ import annotations

import os

from lkm.config.parameters import joined
from lkm.errors import UsageError
from lkm.manager.kernels import kernel_of
from lkm.manager.report import Report
from lkm.manager.requests import Call
from lkm.manager.session import Listener, Session, Where
from lkm.system.interrupts import Interrupted
from lkm.system.resolver import Resolver

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from lkm.kernel.interface import ShownKernel
    from lkm.manager.explanation import Explanation
    from lkm.manager.watch import Around
    from lkm.report.check import CheckResult
    from lkm.report.document import Attempt
    from lkm.state.nouns import LoadedModule

    #: Parameters of a module: one text as on modprobe's command line, or names with values. A bool is 1 or 0,
    #: a list is joined by commas, None stands for the name alone.
    Parameters = str | Mapping[str, object]

_SIGINT = 2


class Manager:
    """A kernel with its modules and configuration. Made by :meth:`open`; it is its own context manager.

    What a kernel refuses is no exception but a :class:`Report` with the cause, the findings and what was undone.
    Exceptions are for what cannot be looked at at all; each is an :class:`lkm.errors.LkmError`. Indexes and
    configuration that change on disk are read anew. A manager is for one thread at a time.

    >>> import lkm
    >>> manager = lkm.Manager.open("sim:demo.world")
    >>> report = manager.load("msdos")
    >>> report.ok, report.modules
    (True, ('fat', 'msdos'))
    >>> [str(module.name) for module in manager.modules()]
    ['msdos', 'fat']
    >>> manager.unload("fat").cause
    'in-use'
    >>> manager.unload("msdos").modules
    ('msdos', 'fat')
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._resolver = Resolver(session.opened, session.where.configs, opened=(session.world, session.index))

    @classmethod
    def open(
        cls,
        kernel: str | ShownKernel = "live",
        *,
        root: str = "",
        release: str = "",
        extra_roots: Sequence[str] = (),
        config: Sequence[str] = (),
        cmdline: bool = True,
    ) -> Manager:
        """Return a manager of this machine's kernel (``live``), or of a simulated one (``sim:FILE``).

        Modules are those below ``root`` for ``release``, if these are not the kernel's own; ``extra_roots`` are more
        such roots, the last one counts most. ``config`` names files or directories to read instead of modprobe.d;
        without ``cmdline`` the kernel's command line does not count. Opening needs no rights.

        Raises MachineError for a kernel or an extra root that cannot be had, UsageError for a simulated Linux 2.4,
        which has tools of its own.

        >>> Manager.open("vmlinuz")
        Traceback (most recent call last):
        lkm.errors.MachineError: unknown kernel 'vmlinuz'
        """
        opened = kernel_of(kernel) if isinstance(kernel, str) else kernel
        world = getattr(opened, "world", None)
        if world is not None and world.meta("dialect") == "2.4":
            raise UsageError("this kernel is a Linux 2.4", hint="the tools speak it: `lkm modprobe` and others")
        return cls(Session(opened, Where(root, release, tuple(config), tuple(extra_roots), cmdline)))

    def close(self) -> None:
        """Let go of a simulated kernel's file. Closing twice does no harm."""
        world = getattr(self.kernel, "world", None)
        if world is not None:
            world.close()

    def __enter__(self) -> Manager:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def kernel(self) -> ShownKernel:
        """Return the kernel itself: its state, log, parameters, devices."""
        return self._session.kernel

    def modules(self) -> tuple[LoadedModule, ...]:
        """Return what is loaded, the newest first. Raises MachineError for a kernel without modules."""
        return self.kernel.state().modules

    def resolve(self, name: str) -> tuple[str, ...]:
        """Return the modules that a name, alias or modalias means, in the order of modprobe; () for none.

        >>> manager.resolve("fs-msdos"), manager.resolve("nowhere")
        (('msdos',), ())
        """
        self._fresh()
        return tuple([str(module) for module in self._resolver.resolve(name).modules])

    def plan(
        self,
        name: str,
        parameters: Parameters = "",
        *,
        use_blacklist: bool = False,
        ignore_install: bool = False,
        override_forbid: bool = False,
    ) -> Report:
        """Return what :meth:`load` would do; nothing is done.

        >>> print(manager.plan("msdos").text, end="")
        load fat: /.../fat.ko
            needed by msdos (/.../modules.dep)
        load msdos: /.../msdos.ko
            asked for as msdos (command line)
        """
        from lkm.manager.loading import How, Loading

        heard = _Heard()
        how = How(use_blacklist, ignore_install, override_forbid)
        Loading(self._fresh(), how, Call(heard, planned=True)).load(name, text_of(parameters))
        return heard.report

    def load(
        self,
        name: str,
        parameters: Parameters = "",
        *,
        use_blacklist: bool = False,
        ignore_install: bool = False,
        override_forbid: bool = False,
        keep_partial: bool = False,
        force_modversion: bool = False,
        force_vermagic: bool = False,
        effects: bool = True,
    ) -> Report:
        """Load a module by name, alias, modalias or path (from / or ./), and what it needs, as ``lkm load`` does.

        When it fails, what was loaded for it is removed again, unless ``keep_partial``. The report tells the cause,
        findings, and without a failure the effects (``effects=False`` saves two looks of 10 to 50 ms). The other
        words are the options of `lkm load`. SIGINT, SIGTERM and SIGHUP are held back until it is done or undone.

        >>> report = manager.load("msdos", {"nowhere": 3})
        >>> report.ok, report.attempts[0].effects.modules[-1].verdict.code
        (True, 'serves')
        >>> report = manager.load("broken")
        >>> report.cause, report.status, report.findings[0].code
        ('symbols', 10, 'missing-symbol')
        >>> report.or_raise()
        Traceback (most recent call last):
        lkm.manager.report.RequestFailed: broken was not loaded: the kernel lacks symbols that it needs
        """
        from lkm.manager.loading import How, Loading

        heard = _Heard()
        how = How(use_blacklist, ignore_install, override_forbid, keep_partial, force_modversion, force_vermagic)
        loading = Loading(self._fresh(), how, Call(heard, watched=effects))
        _obeying(lambda: loading.load(name, text_of(parameters)))
        return heard.report

    def plan_unload(self, name: str, *, holders: bool = False, ignore_remove: bool = False) -> Report:
        """Return what :meth:`unload` would do; nothing is done."""
        from lkm.manager.unloading import How, Unloading

        heard = _Heard()
        how = How(holders, 0, ignore_remove)
        Unloading(self._fresh(), how, Call(heard, planned=True)).unload(name)
        return heard.report

    def unload(
        self,
        name: str,
        *,
        holders: bool = False,
        wait: int = 0,
        ignore_remove: bool = False,
        force: bool = False,
        effects: bool = True,
    ) -> Report:
        """Remove a module, and what it alone needed, as ``lkm unload`` does. One that is not loaded is no failure.

        ``holders``: what uses it goes first; ``wait``: try again for so many milliseconds while it is in use;
        ``force``: even so, where the kernel was built to allow that, which can crash it. Where somebody uses it the
        report tells who: ``report.attempts[0].uses``.
        """
        from lkm.manager.unloading import How, Unloading

        heard = _Heard()
        how = How(holders, wait, ignore_remove, force)
        Unloading(self._fresh(), how, Call(heard, watched=effects)).unload(name)
        return heard.report

    def check(
        self,
        *words: str,
        parameters: Parameters = "",
        image: str = "",
        keys: Sequence[str] = (),
        policy: str = "",
        kernel_cmdline: str = "",
    ) -> tuple[CheckResult, ...]:
        """Tell for modules by name or file, or all of the tree, whether a kernel would load them; nothing is loaded.

        The kernel is that of ``image``, or boot/vmlinuz-RELEASE below the root, or the simulated one as it was before
        anything was loaded. ``keys``: files with certificates that it trusts too; ``policy`` as of
        ``lkm check --policy``: ``sig_enforce,lockdown=integrity``.
        Raises NotFound for a module that is not there, UsageError for a manager with extra roots, LkmError for an
        image, key or policy that makes no sense.

        >>> [(result.name, result.verdict, result.errno) for result in manager.check("broken", "fat")]
        [('broken', 'refused', 'ENOENT'), ('fat', 'loads', '')]
        """
        from tempfile import TemporaryDirectory

        from lkm.manager.check_case import Case
        from lkm.manager.check_kernel import Against

        where = self._one_root()
        against = Against(
            root=where.root,
            release=where.release,
            image=image,
            configs=where.configs,
            keys=tuple(keys),
            policy=policy,
            cmdline=kernel_cmdline,
        )
        with TemporaryDirectory(prefix="lkm-check-") as place:
            case = Case(self.kernel, against, place)
            return tuple([case.one(word, text_of(parameters)) for word in words] if words else case.all())

    def explain(
        self,
        word: str,
        parameters: Parameters = "",
        *,
        errno: str = "",
        log: Sequence[str] = (),
        image: str = "",
    ) -> Explanation:
        """Tell what keeps a module, a name or a file, from being loaded, or kept it.

        ``errno`` is the name of what the kernel has answered, ``log`` what it said; without them it is what is
        foreseen. Raises NotFound where there is no such module, UsageError for a manager with extra roots, LkmError
        for a file that cannot be read.

        >>> for finding in manager.explain("broken").findings:
        ...     print(finding.code, finding.certainty, finding.what)
        missing-symbol certain nobody provides a symbol that it needs: no_such_thing
        """
        from lkm.manager.explanation import Case

        where = self._one_root()
        world = self._fresh().world
        case = Case(self.kernel, root=where.root, release=where.release, image=image, world=world)
        text = text_of(parameters)
        return case.of(word, errno, tuple(log), (text,) if text else ())

    def effects(self) -> Around:
        """Return what looks at the kernel before and after the body of ``with``.

        >>> with manager.effects() as seen:
        ...     report = manager.load("msdos")
        >>> [(str(each.module.name), each.verdict.code) for each in seen.effects.modules]
        [('fat', 'library'), ('msdos', 'serves')]
        """
        from lkm.manager.watch import Around

        return Around(self.kernel, self._fresh().path)

    def _one_root(self) -> Where:
        where = self._session.where
        if where.extra_roots:
            raise UsageError(
                "several roots cannot be looked at as one here", hint="open a manager without extra_roots"
            )
        return where

    def _fresh(self) -> Session:
        """Return the session, with indexes and configuration as they are now."""
        self._resolver.refresh()
        self._session.world, self._session.index = self._resolver.world, self._resolver.index
        return self._session


class _Heard(Listener):
    """Keeps what came of a request."""

    report = Report()

    def came(self, attempt: Attempt) -> None:
        """Keep it."""
        self.report = Report((*self.report.attempts, attempt))


def text_of(parameters: Parameters) -> str:
    """Return parameters as the kernel takes them.

    >>> text_of({"io": [0x300, 0x320], "debug": True, "name": "a b", "quiet": None})
    'io=768,800 debug=1 name="a b" quiet'
    >>> text_of("io=0x300 irq=5")
    'io=0x300 irq=5'
    """
    if isinstance(parameters, str):
        return parameters
    return joined([f"{name}={_value(value)}" if value is not None else name for name, value in parameters.items()])


def _value(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return ",".join([_value(each) for each in value])
    return str(int(value)) if isinstance(value, bool) else str(value)


def _obeying(work: Callable[[], None]) -> None:
    """Do it; a signal that came meanwhile has its own effect afterwards."""
    try:
        work()
    except Interrupted as signal:
        if signal.number == _SIGINT:
            raise KeyboardInterrupt from None
        os.kill(os.getpid(), signal.number)
