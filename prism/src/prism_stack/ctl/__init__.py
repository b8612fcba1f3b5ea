"""prismctl, the command line of Prism."""
