"""What a service is called where people read of it."""

import pytest

from ziggurat.naming import shown


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("shop-3.web", "shop.web"),
        ("over-redis-12.redis", "over-redis.redis"),
        ("shop.v2-1.web", "shop.v2.web"),
        ("full-3.launcher/ns:orders:kv", "full.ns:orders:kv"),
        ("full-3.launcher/ns:a.b:kv/2", "full.ns:a.b:kv/2"),
    ],
)
def test_a_service_is_called_after_its_stack(key: str, name: str) -> None:
    """Also one that a service started; the stack's number is the keeper's own matter."""
    assert shown(key) == name


@pytest.mark.parametrize("key", ["", "launcher/ns:orders:kv", "web", "shop.web", "a-b.web"])
def test_what_belongs_to_no_stack_keeps_its_name(key: str) -> None:
    """Nothing is made up."""
    assert shown(key) == key
