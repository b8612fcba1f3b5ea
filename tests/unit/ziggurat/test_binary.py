"""Which program a service runs, and whether its file is still that program."""

from __future__ import annotations

import sys

import pytest

from ziggurat.binary import Binary, binary_of, short
from ziggurat.keeper.build_id import read_build_id

OLD, NEW = "0123456789abcdef", "fedcba9876543210"


@pytest.mark.parametrize(
    ("running", "built", "rebuilt"),
    [
        (OLD, OLD, False),
        (OLD, NEW, True),
        (OLD, "", True),
        ("", "", False),
        ("", NEW, False),
    ],
    ids=["the same", "another", "gone", "none", "not known"],
)
def test_a_program_is_rebuilt_where_its_file_is_another(running: str, built: str, *, rebuilt: bool) -> None:
    """Of what nobody knows nothing is claimed."""
    assert Binary(path="/bin/web", build_id=running, built_id=built).is_rebuilt == rebuilt


def test_a_binary_names_both_ids_where_they_differ() -> None:
    """Shortened, for people."""
    assert str(Binary(path="/bin/web", build_id=OLD, built_id=OLD)) == "/bin/web, build 0123456789ab"
    assert str(Binary(path="/bin/web", build_id=OLD, built_id=NEW)) == (
        "/bin/web, build 0123456789ab, but fedcba987654 is built there now"
    )


def test_the_file_is_looked_at_by_its_path() -> None:
    """What the keeper tells is of the process."""
    found = binary_of({"program": sys.executable, "build_id": OLD})

    assert found == Binary(path=sys.executable, build_id=OLD, built_id=read_build_id(sys.executable))


def test_build_ids_are_shortened_for_people() -> None:
    """And the lack of one is said."""
    assert short(OLD) == "0123456789ab"
    assert short("") == "without an id"
