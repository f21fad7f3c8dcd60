"""Let User-Mode Linux run on processors whose register state is larger than it knows (Intel AMX).

UML keeps the registers of its processes by ptrace, in a buffer made for AVX-512: 2,696 bytes of XSAVE state
(arch/x86/um/os-Linux/registers.c). Reading NT_X86_XSTATE into a short buffer works, but it must be written back whole
(arch/x86/kernel/fpu/regset.c: ``xstateregs_set``); so on a machine with AMX, where it is about 11,000 bytes, the
first process of the guest dies: "ptrace set fp regs failed, errno = 14".

The cure is a ``ptrace`` of our own, preloaded into ``linux.uml`` on such machines: it writes from a larger buffer
whose rest is zero, which is right because no guest process can have AMX registers in use. It is some 120 bytes of
machine code in a shared object that is made here, so that no compiler is needed.

Rejected: a seccomp filter that makes UML fall back to the older FXSAVE calls. Then the upper halves of vector
registers are lost at every page fault, and guest programs crash in their first AVX memcpy.
"""

from __future__ import annotations

import struct

_AT_MINSIGSTKSZ = 51  # signal frame with the whole register state (Documentation/arch/x86/elf_auxvec.rst)
_UML_XSTATE = 2696  # bytes UML has room for
_FRAME = 1200  # bytes of a signal frame besides the state, rounded up

_ROOM = 0x4000  # bytes of our buffer
_DATA = 0x1000  # address of the writable segment: dynamic section, got, iovec, buffer
_GOT, _IOVEC, _BUFFER = _DATA + 0x100, _DATA + 0x110, _DATA + 0x140
_CODE = 0x300


def too_large_for_uml() -> bool:
    """Tell whether this machine's register state is larger than UML's buffer for it."""
    with open("/proc/self/auxv", "rb") as file:
        pairs = file.read()
    for key, value in struct.iter_unpack("=QQ", pairs[: len(pairs) // 16 * 16]):
        if key == _AT_MINSIGSTKSZ:
            return bool(value > _UML_XSTATE + _FRAME)
    return False


def _code() -> bytes:
    """Return ``long ptrace(int request, int pid, void *addr, void *data)`` (System V x86-64 calling convention)."""
    out = b""

    def add(code: str, target: int | None = None) -> None:
        nonlocal out
        out += bytes.fromhex(code)
        if target is not None:  # a 32-bit distance from the end of this instruction
            out += struct.pack("<i", target - (_CODE + len(out) + 4))

    add("81 ff 05 42 00 00")  # cmp edi, PTRACE_SETREGSET
    add("75 33")  # jne plain
    add("81 fa 02 02 00 00")  # cmp edx, NT_X86_XSTATE
    add("75 2b")  # jne plain
    add("48 81 79 08" + struct.pack("<I", _ROOM).hex())  # cmp qword [rcx+8], _ROOM  (iov_len)
    add("77 21")  # ja plain
    add("57 56")  # push rdi; push rsi
    add("48 8b 31")  # mov rsi, [rcx]  (iov_base)
    add("48 8b 49 08")  # mov rcx, [rcx+8]
    add("48 8d 3d", _BUFFER)  # lea rdi, [buffer]
    add("49 89 f8")  # mov r8, rdi
    add("f3 a4")  # rep movsb
    add("5e 5f")  # pop rsi; pop rdi
    add("48 8d 0d", _IOVEC)  # lea rcx, [iovec]
    add("4c 89 01")  # mov [rcx], r8  (its iov_len is _ROOM; the kernel takes what it needs)
    # plain: return syscall(101, request, pid, addr, data), which sets errno
    add("49 89 c8")  # mov r8, rcx
    add("48 89 d1")  # mov rcx, rdx
    add("48 89 f2")  # mov rdx, rsi
    add("89 fe")  # mov esi, edi
    add("8d 47 ff")  # lea eax, [rdi-1]
    add("83 f8 02")  # cmp eax, 2
    add("bf 65 00 00 00")  # mov edi, 101
    add("76 08")  # jbe peek
    add("31 c0")  # xor eax, eax
    add("ff 25", _GOT)  # jmp [syscall]
    # peek (requests 1 to 3): the system call stores the word, the C function returns it
    add("48 83 ec 18")  # sub rsp, 24
    add("4c 8d 44 24 08")  # lea r8, [rsp+8]
    add("31 c0")  # xor eax, eax
    add("ff 15", _GOT)  # call [syscall]
    add("48 85 c0")  # test rax, rax
    add("78 05")  # js out
    add("48 8b 44 24 08")  # mov rax, [rsp+8]
    add("48 83 c4 18")  # out: add rsp, 24
    add("c3")  # ret
    return out


def preload() -> bytes:
    """Return the shared object (ELF, x86-64) to name in LD_PRELOAD; it defines ``ptrace`` and nothing else."""
    names = b"\0ptrace\0syscall\0"
    symbols = bytes(24)
    symbols += struct.pack("<IBBHQQ", 1, 0x12, 0, 1, _CODE, len(_code()))  # ptrace: a global function, here
    symbols += struct.pack("<IBBHQQ", 8, 0x12, 0, 0, 0, 0)  # syscall: from libc
    chains = struct.pack("<6I", 1, 3, 1, 0, 2, 0)  # DT_HASH: one bucket that holds both
    relocation = struct.pack("<QQq", _GOT, (2 << 32) | 6, 0)  # R_X86_64_GLOB_DAT
    at_symbols, at_names, at_chains, at_relocation = 0x120, 0x180, 0x1C0, 0x200
    dynamic = [(4, at_chains), (5, at_names), (6, at_symbols), (10, len(names)), (11, 24)]
    dynamic += [(7, at_relocation), (8, 24), (9, 24), (0, 0)]

    size = 0x130  # of the writable part that is in the file
    header = b"\x7fELF\x02\x01\x01" + bytes(9)
    header += struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, 0, 64, 0, 0, 64, 56, 4, 0, 0, 0)
    header += struct.pack("<IIQQQQQQ", 1, 5, 0, 0, 0, _DATA, _DATA, 0x1000)
    header += struct.pack("<IIQQQQQQ", 1, 6, _DATA, _DATA, _DATA, size, _BUFFER - _DATA + _ROOM, 0x1000)
    header += struct.pack("<IIQQQQQQ", 0x6474E551, 6, 0, 0, 0, 0, 0, 16)  # PT_GNU_STACK: it may not be executable
    header += struct.pack("<IIQQQQQQ", 2, 6, _DATA, _DATA, _DATA, len(dynamic) * 16, len(dynamic) * 16, 8)

    image = bytearray(_DATA + size)
    parts = [(0, header), (at_symbols, symbols), (at_names, names), (at_chains, chains)]
    parts += [(at_relocation, relocation), (_CODE, _code()), (_IOVEC + 8, struct.pack("<Q", _ROOM))]
    parts += [(_DATA, b"".join(struct.pack("<qQ", *entry) for entry in dynamic))]
    for offset, part in parts:
        image[offset : offset + len(part)] = part
    return bytes(image)
