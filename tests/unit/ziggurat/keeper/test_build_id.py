"""The build id of a program, read from made files."""

import struct
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from ziggurat.keeper.build_id import read_build_id

PT_LOAD, PT_NOTE = 1, 4
HEAD = 64
ENTRY = 56


def note(name: bytes, kind: int, content: bytes) -> bytes:
    """Return one note, its parts padded to four bytes."""

    def padded(part: bytes) -> bytes:
        return part + b"\0" * (-len(part) % 4)

    return struct.pack("<III", len(name), len(content), kind) + padded(name) + padded(content)


def elf(*segments: tuple[int, bytes]) -> bytes:
    """Return a 64-bit little-endian program of these segments and nothing else."""
    table, body = b"", b""
    start = HEAD + ENTRY * len(segments)
    for kind, content in segments:
        table += struct.pack("<IIQQQQQQ", kind, 4, start + len(body), 0, 0, len(content), len(content), 4)
        body += content
    identity = b"\x7fELF\x02\x01\x01" + bytes(9)
    head = struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, 0, HEAD, 0, 0, HEAD, ENTRY, len(segments), 0, 0, 0)
    return identity + head + table + body


def build_id_of(folder: Path, data: bytes) -> str:
    """Return the build id of a file with this content."""
    path = folder / "program"
    path.write_bytes(data)
    return read_build_id(str(path))


GNU = b"GNU\0"


def test_a_build_id_is_the_content_of_its_note(tmp_path: Path) -> None:
    """In hex."""
    assert build_id_of(tmp_path, elf((PT_NOTE, note(GNU, 3, bytes.fromhex("00ff10"))))) == "00ff10"


def test_other_notes_and_segments_are_passed_by(tmp_path: Path) -> None:
    """Whatever stands before it, and whatever its own number means for others."""
    notes = (
        note(GNU, 1, b"abi")
        + note(b"Go\0\0", 3, b"not it")
        + note(b"stapsdt\0", 3, b"x" * 5)
        + note(GNU, 3, b"\xab" * 20)
    )
    data = elf((PT_LOAD, b"code"), (PT_NOTE, note(GNU, 5, b"property")), (PT_NOTE, notes))

    assert build_id_of(tmp_path, data) == "ab" * 20


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"#!/bin/sh\n",
        b"\x7fELF",
        elf(),
        elf((PT_LOAD, note(GNU, 3, b"id"))),
        elf((PT_NOTE, b"")),
        elf((PT_NOTE, note(GNU, 3, b""))),
        elf((PT_NOTE, note(GNU, 3, b"id")))[:80],
        b"\x7fELF\x01\x01" + elf((PT_NOTE, note(GNU, 3, b"id")))[6:],
        b"\x7fELF\x02\x02" + elf((PT_NOTE, note(GNU, 3, b"id")))[6:],
    ],
    ids=["empty", "script", "magic", "nothing", "no note", "no notes", "empty id", "cut", "32 bit", "big endian"],
)
def test_a_file_without_one_has_none(tmp_path: Path, data: bytes) -> None:
    """Also one that is broken or of another kind."""
    assert build_id_of(tmp_path, data) == ""


@pytest.mark.parametrize("path", ["/no/such/file", "/", "/proc/1/exe/x"])
def test_a_file_that_cannot_be_read_has_none(path: str) -> None:
    """No error: a service may have ended."""
    assert read_build_id(path) == ""


@given(st.binary(max_size=200))
def test_any_program_can_be_looked_at(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    """Its notes may hold anything."""
    folder = tmp_path_factory.getbasetemp()

    assert isinstance(build_id_of(folder, elf((PT_NOTE, data))), str)
