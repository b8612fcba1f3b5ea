"""Debuggers that show a process's stacks, where they are installed and permitted: py-spy and gdb."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from ziggurat.hang.model import Part

PTRACE_SCOPE = Path("/proc/sys/kernel/yama/ptrace_scope")


@dataclass(frozen=True, slots=True)
class Tool:
    """A debugger's command; the pid is appended."""

    name: str
    arguments: tuple[str, ...]


PY_SPY = Tool("py-spy", ("dump", "--nonblocking", "--pid"))
GDB = Tool(
    "gdb", ("--batch", "--nx", "-iex", "set debuginfod enabled off", "-ex", "thread apply all backtrace 20", "-p")
)


def tool_for(pid: int) -> Tool:
    """Return the debugger that reads a process's language."""
    try:
        program = Path(f"/proc/{pid}/exe").readlink().name
    except OSError:
        return GDB
    return PY_SPY if program.startswith("python") else GDB


def stacks(tool: Tool, pid: int, seconds: float) -> Part:
    """Return the stacks of a process, or why this debugger does not tell them."""
    path = shutil.which(tool.name)
    if path is None:
        return Part(title=tool.name, problem="it is not installed")
    if seconds <= 0:
        return Part(title=tool.name, problem="no time was left for it")
    command = [path, *tool.arguments, str(pid)]
    try:
        told = subprocess.run(command, check=False, capture_output=True, text=True, errors="replace", timeout=seconds)
    except subprocess.TimeoutExpired:
        return Part(title=tool.name, problem=f"it told nothing within {seconds:.1f} s")
    except OSError as error:
        return Part(title=tool.name, problem=(error.strerror or str(error)).lower())
    if forbidden := _forbidden(told.stdout + told.stderr):
        return Part(title=tool.name, problem=forbidden)
    if told.returncode:
        return Part(title=tool.name, problem=_last_line(told.stderr) or f"it exited with code {told.returncode}")
    return Part(title=tool.name, lines=tuple(told.stdout.splitlines()))


def _forbidden(said: str) -> str:
    if "peration not permitted" not in said and "ermission denied" not in said.casefold():
        return ""
    try:
        scope = PTRACE_SCOPE.read_text().strip()
    except OSError:
        return "it is not permitted"
    return f"it is not permitted (kernel.yama.ptrace_scope is {scope})"


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or [""])[-1]
