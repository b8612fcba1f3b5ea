"""Looks at a test that hangs, and at every process below it, before it is ended."""
