"""Where Prism's Rust programs are built, and the programs themselves."""

import json
import os
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from urllib.parse import unquote, urlparse

from prism_stack.errors import UsageError
from ziggurat import Program, build, last_built

VARIABLE = "PRISM_WORKSPACE"
MANIFEST = Path("prism/Cargo.toml")
PROGRAMS = ("prism-proxy", "keyvalue-runner")


class NoWorkspace(UsageError):
    """There is no checkout of Prism to build from."""

    def __init__(self, looked: list[Path]) -> None:
        super().__init__(
            f"no {MANIFEST} in {', '.join(map(str, looked))}: run this inside a checkout, or set {VARIABLE} to one"
        )
        self.looked = tuple(looked)


class NotBuilt(UsageError):
    """A program that was never built, where building was not wanted."""

    def __init__(self, missing: list[str]) -> None:
        super().__init__(f"{' and '.join(missing)} not built yet: leave out --no-build, or type `inv build`")
        self.missing = tuple(missing)


def find_manifest(environ: dict[str, str] | None = None, start: Path | None = None) -> Path:
    """Return the manifest of the Rust workspace.

    The variable wins; then the checkout that this package was installed from, then the one around the working
    folder. Raises `NoWorkspace`.
    """
    named = (os.environ if environ is None else environ).get(VARIABLE)
    here = (start or Path.cwd()).resolve()
    places = [Path(named)] if named else [*filter(None, [_installed_from()]), here, *here.parents]
    for place in places:
        if (place / MANIFEST).is_file():
            return place / MANIFEST
    raise NoWorkspace(places[: 1 if named else 2])


def programs(*, release: bool = False, fresh: bool = True) -> dict[str, Program]:
    """Return the Rust programs by name, built now unless `fresh` is false.

    Raises `NoWorkspace`, `NotBuilt` or ziggurat's `BuildFailed`.
    """
    manifest = find_manifest()
    if fresh:
        return build(manifest, release=release)
    known = last_built(manifest, release=release)
    missing = [name for name in PROGRAMS if name not in known]
    if missing:
        raise NotBuilt(missing)
    return known


def _installed_from() -> Path | None:
    """Return the checkout that pip installed this package from, as pip noted it (PEP 610)."""
    try:
        note = distribution("prism-stack").read_text("direct_url.json")
    except PackageNotFoundError:
        return None
    url = urlparse(json.loads(note)["url"]) if note else None
    return Path(unquote(url.path)).parent if url and url.scheme == "file" else None
