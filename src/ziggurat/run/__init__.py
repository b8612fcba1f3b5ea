"""Stacks that live as long as a run and are shared by all its workers.

The controller owns their keeper and has a steward for each stack, which starts it when a worker wants it first. A
worker is a tenant: it claims a stack for each test, with others or alone, over its own connection to that keeper.
"""
