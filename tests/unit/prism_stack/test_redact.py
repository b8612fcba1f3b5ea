"""What people are shown holds no secret."""

from __future__ import annotations

import pytest

from prism_stack import redact

URLS = {
    "redis://here:6379/0": "redis://here:6379/0",
    "redis://:pw@here": "redis://:redacted@here",
    "redis://me:pw@here:1/0": "redis://me:redacted@here:1/0",
    "rediss://me:p@w:x@here": "rediss://me:redacted@here",
    "redis://here?password=pw&db=1": "redis://here?password=redacted&db=1",
    "redis://here?a=1&auth_token=pw": "redis://here?a=1&auth_token=redacted",
    "redis://me@here": "redis://me@here",
    "here:6379": "here:6379",
    "": "",
}


@pytest.mark.parametrize("url", URLS, ids=repr)
def test_a_url_loses_its_password_alone(url: str) -> None:
    """User, host, port, path and other parameters stay."""
    assert redact.url(url) == URLS[url]
    assert redact.holds_secret(url) == (URLS[url] != url)


@pytest.mark.parametrize("name", ["password", "PASSWD", "auth_token", "client-secret", "api_key", "redis_pwd"])
def test_a_value_is_secret_by_its_name(name: str) -> None:
    """Whatever is around the word."""
    assert redact.values({name: "x", "max_keys": "5"}) == {name: "redacted", "max_keys": "5"}


def test_a_name_without_such_a_word_is_none() -> None:
    """Settings can be read."""
    assert not any(map(redact.is_secret, ("max_keys", "port", "key_prefix", "pool")))
