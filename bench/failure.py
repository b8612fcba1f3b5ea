"""What ends a measurement without a result."""

from __future__ import annotations


class MeasurementFailed(Exception):
    """Something could not be measured; the text says what and why."""
