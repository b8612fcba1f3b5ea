"""The relay: a program that carries the links of a stack, and can slow, throttle, cut, reset and refuse them.

It runs as a service under the keeper, so it ends with it, and no thread of a test delays what it passes on.
"""
