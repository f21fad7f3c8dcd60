r"""What goes over the daemon's socket, without I/O: lines of fields, with hard bounds.

A frame is a line of UTF-8 text (odd bytes as surrogate escapes) of at most ``MAX_FRAME`` bytes, its end included.
Fields are between tabs; in them a backslash, tab, newline and NUL are written ``\\``, ``\t``, ``\n`` and ``\0``. The
first field is the protocol's name and version, the second the kind, the third the asker's own mark for the question,
which its answer has too. So a client may ask many questions at once; answers come in any order. Fields may be added
at the end of a frame within a version, and readers pass over them.

    lkm1  ask      MARK  FLAGS  ALIAS
    lkm1  outcome  MARK  STATUS  CAUSE  SHARED  SECONDS  MODULES  TEXT
    lkm1  fault    MARK  TEXT

FLAGS are letters: ``k``, the kernel asks by way of its helper (believed of root alone); ``p``, what is loaded is to
stay (no autoclean). MODULES are between blanks. After a fault with an empty MARK the daemon hangs up.

JSON was rejected: its import takes longer than all else that the kernel's helper does.

>>> encode(Ask("1", "fs-vfat", kernel=True))
b'lkm1\task\t1\tk\tfs-vfat\n'
>>> Frames().feed(b'lkm1\task\t1\tk\tfs-vfat\nlkm1\ta')
[Ask(mark='1', alias='fs-vfat', kernel=True, stays=False)]
"""

from __future__ import annotations

from lkm.autoload.nouns import Outcome
from lkm.errors import FormatError
from lkm.record import Record

VERSION = "lkm1"
#: Longest frame, with its newline: an alias is at most 4095 bytes, and each may be written as two.
MAX_FRAME = 9000
#: Longest alias that can be asked for (as lkm.plan.resolve has it), and longest mark, in characters.
MAX_ALIAS = 4095
MAX_MARK = 64
#: So much of an answer's text is sent, and of its list of modules, in bytes.
_MAX_TEXT = 1000
_MAX_MODULES = 5000
_ESCAPES = (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\0", "\\0"))
_PLAIN = {written[1]: char for char, written in _ESCAPES}


class Ask(Record):
    """A question: may a module be loaded that serves ``alias``? ``mark`` is the asker's own name for it."""

    mark: str
    alias: str
    kernel: bool = False
    stays: bool = False


class Answer(Record):
    """What came of the question with that mark."""

    mark: str
    outcome: Outcome


class Fault(Record):
    """The daemon did not understand, or has no room: ``text`` says why. An empty ``mark``: it hangs up."""

    mark: str
    text: str


Message = Ask | Answer | Fault


def encode(message: Message) -> bytes:
    """Return the frame of a message. Texts and lists of modules that are too long are cut.

    Raises FormatError for a question with an alias or a mark that is too long, or none.
    """
    if isinstance(message, Ask):
        _bounded(message)
        flags = "k" * message.kernel + "p" * message.stays
        return _frame("ask", message.mark, flags, message.alias)
    if isinstance(message, Fault):
        return _frame("fault", message.mark, _cut(message.text, _MAX_TEXT))
    outcome = message.outcome
    return _frame(
        "outcome",
        message.mark,
        str(outcome.status),
        outcome.cause,
        "1" if outcome.shared else "0",
        f"{outcome.seconds:.6f}",
        _cut(" ".join(outcome.modules), _MAX_MODULES, " "),
        _cut(outcome.text, _MAX_TEXT),
    )


def _frame(*fields: str) -> bytes:
    line = "\t".join([VERSION, *[_escaped(field) for field in fields]])
    return line.encode("utf-8", "surrogateescape") + b"\n"


def _escaped(text: str) -> str:
    for char, written in _ESCAPES:
        text = text.replace(char, written)
    return text


def _cut(text: str, most: int, at: str = "") -> str:
    """Return as much of a text as fits, whole words of it when ``at`` is what parts them."""
    data = text.encode("utf-8", "surrogateescape")
    if len(data) <= most:
        return text
    cut = data[:most].decode("utf-8", "surrogateescape")
    return cut.rpartition(at)[0] if at else cut


def _bounded(ask: Ask) -> None:
    if not ask.alias or len(ask.alias.encode("utf-8", "surrogateescape")) > MAX_ALIAS:
        raise FormatError("the alias is empty" if not ask.alias else f"the alias is longer than {MAX_ALIAS} bytes")
    if not ask.mark or len(ask.mark) > MAX_MARK:
        raise FormatError(f"a question's mark has 1 to {MAX_MARK} characters")


def decode(line: bytes) -> Message:
    """Return the message of a frame without its newline; raises FormatError when it is none."""
    fields = [_unescaped(field) for field in line.decode("utf-8", "surrogateescape").split("\t")]
    if fields[0] != VERSION:
        raise FormatError(f"frames start with {VERSION}, this one with {fields[0][:16]!r}")
    kind, *rest = fields[1:] or [""]
    if kind == "ask" and len(rest) >= 3:
        mark, flags, alias = rest[:3]
        ask = Ask(mark, alias, "k" in flags, "p" in flags)
        _bounded(ask)
        return ask
    if kind == "outcome" and len(rest) >= 7:
        return Answer(rest[0], _outcome(rest[1:]))
    if kind == "fault" and len(rest) >= 2:
        return Fault(rest[0], rest[1])
    raise FormatError(f"there is no frame {kind[:16]!r} of {len(fields)} fields")


def _outcome(fields: list[str]) -> Outcome:
    status, cause, shared, seconds, modules, text = fields[:6]
    try:
        number, took = int(status), float(seconds)
    except ValueError:
        raise FormatError(f"status {status[:16]!r} or seconds {seconds[:16]!r} is no number") from None
    return Outcome(number, cause, tuple(modules.split()), text, took, shared == "1")


def _unescaped(field: str) -> str:
    first, *parts = field.split("\\")
    out = [first]
    at = 0
    while at < len(parts):
        part = parts[at]
        if not part and at + 1 < len(parts):  # two backslashes: one, and what follows is plain
            out.append("\\" + parts[at + 1])
            at += 2
            continue
        if part[:1] not in _PLAIN:
            raise FormatError(f"a backslash before {part[:1]!r}")
        out.append(_PLAIN[part[0]] + part[1:])
        at += 1
    return "".join(out)


class Frames:
    """Bytes as they come in → messages, one at a time. Raises FormatError at the first wrong frame: then hang up."""

    def __init__(self) -> None:
        self._data = b""

    @property
    def held(self) -> int:
        """Return how many bytes have come in and not been taken yet."""
        return len(self._data)

    def add(self, data: bytes) -> None:
        """Take in bytes; who adds no more than so many before taking all bounds what is held."""
        self._data += data

    def take(self) -> Message | None:
        """Return the next message, or None when the next frame has not ended yet."""
        end = self._data.find(b"\n", 0, MAX_FRAME)
        if end < 0:
            if len(self._data) >= MAX_FRAME:
                raise FormatError(f"a frame is longer than {MAX_FRAME} bytes")
            return None
        line, self._data = self._data[:end], self._data[end + 1 :]
        return decode(line)

    def feed(self, data: bytes) -> list[Message]:
        """Take in bytes and return all messages that are whole now."""
        self.add(data)
        found = []
        while (message := self.take()) is not None:
            found.append(message)
        return found
