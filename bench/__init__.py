"""Measurements of the toolkit and of Prism; `python -m bench` prints them."""
