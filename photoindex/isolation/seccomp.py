"""A system call filter for this process: computing and talking over open descriptors stays, all else is refused.

seccomp(2) with a classic BPF program, by ctypes: no library is needed. What isn't listed fails with EPERM, which
decoders take as they take any error. Nothing can be undone, and the filter holds for every thread and child.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class _Machine:
    """The numbers of one processor family."""

    audit: int
    """AUDIT_ARCH_… of linux/audit.h."""
    seccomp: int
    tgkill: int
    prlimit: int
    clone: int
    clone3: int
    mappings: tuple[int, ...]
    """mmap and mprotect, whose third argument says whether the memory may be executed."""
    allowed: tuple[int, ...]


# read write close fstat lseek munmap brk rt_sigaction rt_sigprocmask rt_sigreturn pread64 pwrite64 readv writev mremap
# madvise dup nanosleep getpid recvmsg sendmsg sendto recvfrom exit fcntl gettimeofday getrusage sysinfo getuid getgid
# geteuid getegid sigaltstack gettid futex sched_getaffinity sched_yield clock_gettime clock_getres clock_nanosleep
# exit_group newfstatat getrandom ppoll restart_syscall membarrier rseq set_robust_list getcpu
_X86_64 = _Machine(
    audit=0xC000003E, seccomp=317, tgkill=234, prlimit=302, clone=56, clone3=435, mappings=(9, 10),
    allowed=(
        *(0, 1, 3, 5, 8, 11, 12, 13, 14, 15, 17, 18, 19, 20, 25, 28, 32, 35, 39, 47, 46, 44, 45, 60, 72, 96, 98, 99),
        *(102, 104, 107, 108, 131, 186, 202, 204, 24, 228, 229, 230, 231, 262, 318, 271, 219, 324, 334, 273, 309),
        *(7, 23, 201),  # poll, select and time, which this family still has
    ),
)  # fmt: skip
_AARCH64 = _Machine(
    audit=0xC00000B7, seccomp=277, tgkill=131, prlimit=261, clone=220, clone3=435, mappings=(222, 226),
    allowed=(
        *(63, 64, 57, 80, 62, 215, 214, 134, 135, 139, 67, 68, 65, 66, 216, 233, 23, 101, 172, 212, 211, 206, 207, 93),
        *(25, 169, 165, 179, 174, 176, 175, 177, 132, 178, 98, 123, 124, 113, 114, 115, 94, 79, 278, 73, 128, 283),
        *(293, 99, 168),
    ),
)  # fmt: skip
_MACHINES: Mapping[str, _Machine] = {"x86_64": _X86_64, "aarch64": _AARCH64}

_PR_SET_NO_NEW_PRIVS = 38
_SET_MODE_FILTER, _SPEC_ALLOW = 1, 4  # without the latter, older kernels slow the whole process down
_LOAD, _JUMP_EQUAL, _JUMP_ANY_BIT, _JUMP_FROM, _RETURN = 0x20, 0x15, 0x45, 0x35, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_EPERM, _ENOSYS = 1, 38
_PROT_EXEC = 4
_CLONE_THREAD = 0x10000
_NUMBER_AT, _ARCH_AT, _ARGUMENTS_AT = 0, 4, 16  # of struct seccomp_data
_X32 = 0x40000000


class _Program(ctypes.Structure):
    """struct sock_fprog."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def restrict_calls() -> bool:
    """Filter the system calls of this process from now on; whether the kernel and the processor let us."""
    machine = _MACHINES.get(platform.machine())
    if sys.platform != "linux" or machine is None:
        return False
    library = ctypes.CDLL(None, use_errno=True)
    if library.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    code = build_filter(machine, os.getpid())
    buffer = ctypes.create_string_buffer(code, len(code))
    program = _Program(len(code) // 8, ctypes.cast(buffer, ctypes.c_void_p))
    return bool(library.syscall(machine.seccomp, _SET_MODE_FILTER, _SPEC_ALLOW, ctypes.byref(program)) == 0)


def build_filter(machine: _Machine, pid: int) -> bytes:
    """The program: instructions of eight bytes (struct sock_filter). `pid` is the only process it may send signals."""
    code = [
        _load(_ARCH_AT),
        _jump(_JUMP_EQUAL, machine.audit, 1, 0),
        _answer(_KILL),
        _load(_NUMBER_AT),
        _jump(_JUMP_FROM, _X32, 0, 1),
        _answer(_ERRNO | _EPERM),
    ]
    for number in machine.allowed:
        code += [_jump(_JUMP_EQUAL, number, 0, 1), _answer(_ALLOW)]
    # Memory, but none that may be executed.
    for number in machine.mappings:
        code += [
            _jump(_JUMP_EQUAL, number, 0, 4), _argument(2), _jump(_JUMP_ANY_BIT, _PROT_EXEC, 0, 1),
            _answer(_ERRNO | _EPERM), _answer(_ALLOW),
        ]  # fmt: skip
    # A thread, which libheif wants to have, but no process.
    code += [
        _jump(_JUMP_EQUAL, machine.clone, 0, 4), _argument(0), _jump(_JUMP_ANY_BIT, _CLONE_THREAD, 0, 1),
        _answer(_ALLOW), _answer(_ERRNO | _EPERM),
    ]  # fmt: skip
    # abort() is a signal to itself; limits may be read, for this process.
    code += [
        _jump(_JUMP_EQUAL, machine.tgkill, 0, 4), _argument(0), _jump(_JUMP_EQUAL, pid, 0, 1),
        _answer(_ALLOW), _answer(_ERRNO | _EPERM),
        _jump(_JUMP_EQUAL, machine.prlimit, 0, 6), _argument(2), _jump(_JUMP_EQUAL, 0, 0, 3),
        _argument(2, high=True), _jump(_JUMP_EQUAL, 0, 0, 1), _answer(_ALLOW), _answer(_ERRNO | _EPERM),
        # The flags of clone3 can't be looked at; the C library then falls back on clone.
        _jump(_JUMP_EQUAL, machine.clone3, 0, 1), _answer(_ERRNO | _ENOSYS),
        _answer(_ERRNO | _EPERM),
    ]  # fmt: skip
    return b"".join(code)


def _argument(index: int, *, high: bool = False) -> bytes:
    """Load half of an argument of the call, both families being little-endian."""
    return _load(_ARGUMENTS_AT + 8 * index + (4 if high else 0))


def _load(offset: int) -> bytes:
    return struct.pack("=HBBI", _LOAD, 0, 0, offset)


def _jump(kind: int, value: int, when_true: int, when_false: int) -> bytes:
    return struct.pack("=HBBI", kind, when_true, when_false, value)


def _answer(value: int) -> bytes:
    return struct.pack("=HBBI", _RETURN, 0, 0, value)
