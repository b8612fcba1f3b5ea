"""Options: defaults that the documentation promises, and a reason for every value that makes no sense."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from prism_stack.launcher import options as flags
from prism_stack.launcher.options import Settings, reachable, read
from prism_stack.launcher.policy import RestartPolicy
from prism_stack.launcher.wish import Proxy
from prism_stack.process.errors import BadConfiguration
from prism_stack.process.settings import Options


def settings(*words: str, **variables: str) -> Settings:
    """Read a command line and variables."""
    options = Options(words, variables)
    found = read(options)
    options.finish()
    return found


def test_the_defaults_are_the_documented_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ports of the loopback, the pace of restarts, the file in the user's folder for state."""
    monkeypatch.setenv("XDG_STATE_HOME", "/state")
    found = settings()

    assert (found.listen, found.host, found.launcher_id) == ("127.0.0.1:7070", "127.0.0.1", "launcher-1")
    assert found.rules.restart == RestartPolicy()
    assert (found.rules.max_processes, found.rules.heartbeat) == (100, timedelta(seconds=5))
    assert found.state == Path("/state/prism/launcher.json")
    assert found.patterns == (flags.PATTERNS,)
    assert (found.admin, found.programs, found.defaults.store, found.defaults.proxies) == ("", None, {}, ())


def test_state_is_in_the_home_of_who_has_no_folder_for_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As XDG has it."""
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))

    assert flags.default_state() == tmp_path / ".local/state/prism/launcher.json"


def test_the_pace_of_restarts_is_a_setting() -> None:
    """As flags or as variables."""
    words = ("--restart-backoff", "50ms..400ms", "--restart-reset", "2s", "--breaker", "3/10s")
    expected = RestartPolicy(
        first=timedelta(milliseconds=50),
        longest=timedelta(milliseconds=400),
        reset=timedelta(seconds=2),
        most_failures=3,
        window=timedelta(seconds=10),
    )

    assert settings(*words).rules.restart == expected
    variables = {"PRISM_RESTART_BACKOFF": "50ms..400ms", "PRISM_RESTART_RESET": "2s", "PRISM_BREAKER": "3/10s"}
    assert settings(**variables).rules.restart == expected


def test_stores_and_proxies_are_what_processes_are_told(tmp_path: Path) -> None:
    """Together with the other settings that name something."""
    found = settings(
        *("--store", "redis://:pw@127.0.0.1:6379/1"),
        *("--proxies", "p1=127.0.0.1:1,127.0.0.1:2"),
        *("--admin", "127.0.0.1:8981"),
        *("--patterns", f"{tmp_path}:{tmp_path}"),
        *("--programs", str(tmp_path)),
    )

    assert found.defaults.store == {"backend": "redis", "backend_config": {"url": "redis://:pw@127.0.0.1:6379/1"}}
    addresses = ("127.0.0.1:1", "127.0.0.1:2")
    assert found.defaults.proxies == (
        Proxy(id="p1", address=addresses[0]),
        Proxy(id=addresses[1], address=addresses[1]),
    )
    assert (found.admin, found.patterns, found.programs) == ("127.0.0.1:8981", (tmp_path, tmp_path), tmp_path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("listen", "here"),
        ("advertise", "a b"),
        ("process-host", "localhost"),
        ("launcher-id", "a b"),
        ("launcher-id", "x/y"),
        ("admin", "admin"),
        ("heartbeat-interval", "0s"),
        ("patterns", "/no/such/folder"),
        ("store", "postgres://h:1"),
        ("store", "redis://"),
        ("store", "redis://h:99999"),
        ("store", "redis://[h"),
        ("proxies", "p1"),
        ("proxies", "p1=h:1,p1=h:2"),
        ("restart-backoff", "1s"),
        ("restart-backoff", "2s..1s"),
        ("restart-backoff", "0s..1s"),
        ("restart-backoff", "1s..x"),
        ("restart-reset", "0s"),
        ("breaker", "5"),
        ("breaker", "0/1s"),
        ("breaker", "x/1s"),
        ("breaker", "5/0s"),
        ("breaker", "99999/1s"),
        ("process-heartbeat-interval", "1"),
        ("max-processes", "0"),
        ("max-processes", "-1"),
        ("max-processes", "100001"),
        ("max-processes", "\u0661"),
    ],
)
def test_a_value_that_makes_no_sense_is_named(name: str, value: str) -> None:
    """With the option and what is wrong."""
    with pytest.raises(BadConfiguration) as bad:
        settings(f"--{name}", value)

    assert len(bad.value.reasons) == 1
    assert bad.value.reasons[0].startswith(f'--{name} "{value}" ')


def test_everything_that_is_wrong_is_told_at_once() -> None:
    """One after the other would take as many tries."""
    with pytest.raises(BadConfiguration) as bad:
        settings("--breaker", "5", "--max-processes", "0", "--colour", "red")

    assert len(bad.value.reasons) == 3


def test_the_password_of_a_store_is_not_shown() -> None:
    """Neither among the settings nor in what is wrong with it."""
    options = Options(("--store", "redis://ann:hunter2@h:99999"), {})
    read(options)
    with pytest.raises(BadConfiguration) as bad:
        options.finish()

    assert bad.value.reasons[0].startswith('--store "redis://ann:redacted@h:99999" is neither memstore nor')
    assert [setting.shown for setting in options.settings if setting.name == "store"] == [
        "redis://ann:redacted@h:99999"
    ]


@pytest.mark.parametrize(
    ("bound", "advertise", "expected"),
    [
        ("127.0.0.1:7070", "", "127.0.0.1:7070"),
        ("0.0.0.0:7070", "prism.example", "prism.example:7070"),
        ("[::1]:7070", "", "[::1]:7070"),
    ],
)
def test_others_are_told_an_address_that_they_can_call(bound: str, advertise: str, expected: str) -> None:
    """The one that is listened on, or the one that was given."""
    assert reachable(bound, advertise) == expected


@pytest.mark.parametrize("bound", ["0.0.0.0:1", "[::]:1"])
def test_every_address_is_none_that_others_could_call(bound: str) -> None:
    """What to do is said."""
    with pytest.raises(BadConfiguration, match="give --advertise HOST"):
        reachable(bound, "")


def test_processes_on_every_address_tell_the_host_that_is_advertised() -> None:
    """On one address they tell that; on every one there must be a host to tell."""
    assert flags.process_advertise("127.0.0.1", "launcher.internal") == ""
    assert flags.process_advertise("0.0.0.0", "launcher.internal") == "launcher.internal"  # noqa: S104 - the point
    with pytest.raises(BadConfiguration, match=r"--process-host :: .* give --advertise HOST"):
        flags.process_advertise("::", "")


@pytest.mark.parametrize("parse", [flags.span, flags.breaker, flags.store, flags.proxies, flags.most_processes])
@pytest.mark.parametrize("text", [" ", "\0", "..", "/", "1/", "=", ",=", "-", "\u0661", "9" * 5000])
def test_no_text_is_more_than_wrong(parse: Callable[[str], object], text: str) -> None:
    """A `ValueError` is what `Options` takes."""
    with pytest.raises(ValueError):  # noqa: PT011 - the message is tried above
        parse(text)
