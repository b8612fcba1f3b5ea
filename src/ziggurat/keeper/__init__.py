"""The small process that owns every service of a run, its ports and its logs.

It is started by file path under ``python -I -S`` and imports nothing but this folder and the standard library's
cheap parts, so that it is there in a few milliseconds and stays small. The toolkit imports from
here only what it shares: the wire, how the kernel and /proc are asked, and how a build id is read.
"""
