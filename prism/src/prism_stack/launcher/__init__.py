"""prism-launcher: starts the processes of patterns, and keeps them running."""
