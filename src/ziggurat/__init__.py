"""Tests a system of several processes as a pyramid."""
