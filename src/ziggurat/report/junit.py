"""A timeline as properties of a test case in JUnit's XML: short, with the path of the whole."""

from __future__ import annotations

from pathlib import Path

from ziggurat.report.model import ServiceFacts, Timeline
from ziggurat.report.text import brief

LONGEST = 500
"""Characters of one property."""
MOST_SERVICES = 32


def properties(timeline: Timeline, whole: Path | str) -> list[tuple[str, str]]:
    """Return names and values; what mattered has one for each entry, and a file has none where it was not written."""
    return [
        *((("ziggurat.timeline", str(whole)),) if isinstance(whole, Path) else ()),
        *(("ziggurat.mattered", entry[:LONGEST]) for entry in brief(timeline)),
        *(("ziggurat.service", _service(service)) for service in timeline.services[:MOST_SERVICES]),
    ]


def _service(service: ServiceFacts) -> str:
    there = f" ({service.built_id or 'none'} is built now)" if service.is_rebuilt else ""
    build = f"build {service.build_id or 'unknown'}{there}"
    return f"{service.name}: {service.state}; {build}; {service.program}; {service.log}"
