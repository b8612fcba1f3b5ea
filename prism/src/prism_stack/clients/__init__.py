"""Clients of the control plane."""
