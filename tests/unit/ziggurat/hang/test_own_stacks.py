"""The stacks of the test's own process, as a person reads them."""

from pathlib import Path

from ziggurat.hang.own_stacks import HERE, readable, stacks

ROOT = Path("/home/me/shop")
PACKAGES = "/venv/lib/python3.11/site-packages"


def test_frames_name_their_function_first_and_pytests_own_are_left_out() -> None:
    """And so are threads that have no others."""
    dump = f"""Thread 0x01 (most recent call first):
  File "/usr/lib/python3.11/threading.py", line 982 in run

Current thread 0x02 (most recent call first):
  File "{HERE}collect.py", line 3 in collect
  File "/home/me/shop/tests/test_a.py", line 7 in wait_for_stock
  File "/lib/other.py", line 8 in call
  File "{PACKAGES}/_pytest/python.py", line 166 in pytest_pyfunc_call
  File "{PACKAGES}/pluggy/_callers.py", line 9 in _multicall"""

    assert list(readable(dump.split("\n"), ROOT)) == [
        "Current thread 0x02 (most recent call first):",
        "  wait_for_stock           tests/test_a.py:7",
        "  call                     /lib/other.py:8",
    ]


def test_this_test_stands_in_its_own_stacks() -> None:
    """As seen from where it is."""
    name = "test_this_test_stands_in_its_own_stacks"

    assert any(line.startswith(f"  {name}") for line in stacks().lines)
