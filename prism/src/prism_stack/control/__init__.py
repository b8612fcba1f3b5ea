"""What the servers of the control plane share: how a message is judged, refused and answered."""
