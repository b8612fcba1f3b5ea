"""The Linux calls that the standard library lacks."""

from __future__ import annotations

import ctypes
import os
import signal
import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

PR_SET_PDEATHSIG = 1
PR_SET_NAME = 15
PR_SET_CHILD_SUBREAPER = 36
IN_MODIFY = 0x2
IN_NONBLOCK = SFD_NONBLOCK = 0x800
IN_CLOEXEC = SFD_CLOEXEC = 0x80000
FALLOC_FL_KEEP_SIZE = 0x1
FALLOC_FL_PUNCH_HOLE = 0x2

SIGNAL_SET = 128  # bytes of glibc's sigset_t
SIGNAL_INFO = struct.Struct("I124x")  # signalfd_siginfo, of which the number comes first

_libc = ctypes.CDLL(None, use_errno=True)
_libc.prctl.argtypes = (ctypes.c_int, ctypes.c_char_p)
_prctl_number = ctypes.CDLL(None, use_errno=True).prctl
_prctl_number.argtypes = (ctypes.c_int, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_ulong)
_libc.fallocate.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)
_libc.signalfd.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_int)
_libc.inotify_add_watch.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_uint32)


def _checked(result: int) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def become_subreaper() -> None:
    """Make every orphan below this process its own child."""
    _checked(_prctl_number(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))


def end_with_parent() -> None:
    """Have this process killed when its parent ends; only for one that the parent's main thread started."""
    _checked(_prctl_number(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0))


def set_process_name(name: str) -> None:
    """Name this process for ``ps``; 15 bytes are kept."""
    _checked(_libc.prctl(PR_SET_NAME, name.encode()[:15]))


def signals(numbers: Iterable[signal.Signals]) -> int:
    """Open a descriptor that tells of these signals; they interrupt nothing from now on."""
    signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    mask = sum(1 << (number - 1) for number in numbers)
    return _checked(_libc.signalfd(-1, mask.to_bytes(SIGNAL_SET, "little"), SFD_NONBLOCK | SFD_CLOEXEC))


def arrived_signals(descriptor: int) -> set[int]:
    """Return the signals that came since the last look."""
    try:
        data = os.read(descriptor, 64 * SIGNAL_INFO.size)
    except BlockingIOError:
        return set()
    return {number for (number,) in SIGNAL_INFO.iter_unpack(data)}


def inotify() -> int:
    """Open an inotify descriptor: one for the whole run, for closing one costs 8 to 25 ms."""
    return _checked(_libc.inotify_init1(IN_NONBLOCK | IN_CLOEXEC))


def watch_growth(descriptor: int, path: str) -> int:
    """Watch a file for writes and return the number of the watch."""
    return _checked(_libc.inotify_add_watch(descriptor, os.fsencode(path), IN_MODIFY))


def forget_growth(descriptor: int, watch: int) -> None:
    """End a watch; one whose file is gone has ended by itself."""
    _libc.inotify_rm_watch(descriptor, watch)


def punch_hole(descriptor: int, start: int, length: int) -> None:
    """Give a part of a file back to the disk; the size stays and the part reads as zeros."""
    _checked(_libc.fallocate(descriptor, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, start, length))
