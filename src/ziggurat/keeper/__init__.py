"""The small process that owns every service of a run, its ports and its logs.

It is started by file path under ``python -I -S`` and imports nothing but this folder and the standard library's
cheap parts, so that it is there in a few milliseconds and stays small. The toolkit imports only ``wire`` from here.
"""
