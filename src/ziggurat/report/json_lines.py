"""A timeline as JSON lines, for programs: the test with its services first, then one event a line."""

from __future__ import annotations

import json
from collections.abc import Iterator

from ziggurat.report.model import ServiceFacts, Timeline


def json_lines(timeline: Timeline) -> Iterator[str]:
    """Return the lines, without their ends; times are seconds since the test began."""
    services = [_service(service) for service in timeline.services]
    yield _line({"test": timeline.test, "began_monotonic_ns": timeline.began, "services": services})
    for event in timeline.events:
        yield _line(
            {
                "at": round(timeline.seconds(event), 6),
                "kind": event.kind.value,
                "source": event.source,
                "text": event.text,
                "matters": event.matters,
                **event.facts,
            }
        )


def _service(service: ServiceFacts) -> dict[str, object]:
    return {
        "name": service.name,
        "state": service.state,
        "running": service.is_running,
        "log": str(service.log),
        "program": service.program,
        "build_id": service.build_id,
        "built_id": service.built_id,
        "unread_bytes": service.unread,
    }


def _line(value: dict[str, object]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
