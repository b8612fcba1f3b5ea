"""The torture campaign: tries to break each promise of the toolkit; `python -m bench.torture` prints the table."""
