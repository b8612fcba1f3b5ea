"""The control plane, client and command line of Prism."""
