"""The GNU build id of a program: a hash of its content, written into it by the linker.

Layout: the ELF specification's program headers and notes; 64-bit little-endian programs only.
"""

from __future__ import annotations

import struct

PT_NOTE = 4
NT_GNU_BUILD_ID = 3


def read_build_id(path: str) -> str:
    """Return a program's build id in hex, or an empty string where it has none or cannot be read."""
    try:
        with open(path, "rb") as file:
            head = file.read(64)
            if head[:6] != b"\x7fELF\x02\x01":
                return ""
            offset, size, count = _program_headers(head)
            file.seek(offset)
            table = file.read(size * count)
            for start, length in _notes(table, size, count):
                file.seek(start)
                found = _build_id_note(file.read(length))
                if found:
                    return found
    except (OSError, struct.error):
        return ""
    return ""


def _program_headers(head: bytes) -> tuple[int, int, int]:
    (offset,) = struct.unpack_from("<Q", head, 32)
    size, count = struct.unpack_from("<HH", head, 54)
    return offset, size, count


def _notes(table: bytes, size: int, count: int) -> list[tuple[int, int]]:
    places = []
    for index in range(count):
        kind, _, offset, _, _, length = struct.unpack_from("<IIQQQQ", table, index * size)
        if kind == PT_NOTE:
            places.append((offset, length))
    return places


def _build_id_note(notes: bytes) -> str:
    position = 0
    while position + 12 <= len(notes):
        name_size, content_size, kind = struct.unpack_from("<III", notes, position)
        name = position + 12
        content = name + (name_size + 3 & ~3)
        if kind == NT_GNU_BUILD_ID and notes[name : name + 4] == b"GNU\0":
            return notes[content : content + content_size].hex()
        position = content + (content_size + 3 & ~3)
    return ""
