"""Takes what is secret out of what people are shown."""

import re
from collections.abc import Mapping

REDACTED = "redacted"
# The last @ before the path ends the credentials, as URL parsers have it; a password may hold another one.
PASSWORD = re.compile(r"(?P<before>^[^:/?#\s]+://[^:@/?#]*:)(?P<password>[^/?#]+)(?=@)")
SECRET_PARAMETER = re.compile(r"(?i)(?P<before>[?&][^=&#]*(?:passw|pwd|secret|token|credential)[^=&#]*=)[^&#]+")
SECRET_NAME = re.compile(r"(?i)passw|pwd|secret|token|credential|private.?key|api.?key")


def url(text: str) -> str:
    """Return a URL with its password, and parameters that are secret by their names, redacted."""
    return SECRET_PARAMETER.sub(rf"\g<before>{REDACTED}", PASSWORD.sub(rf"\g<before>{REDACTED}", text))


def holds_secret(text: str) -> bool:
    """Say whether a URL holds something that must not be shown."""
    return url(text) != text


def is_secret(name: str) -> bool:
    """Say whether a value is secret by its name."""
    return bool(SECRET_NAME.search(name))


def values(named: Mapping[str, str]) -> dict[str, str]:
    """Return named values with those redacted that are secret by their names, and passwords in URLs."""
    return {name: REDACTED if is_secret(name) else url(text) for name, text in named.items()}
