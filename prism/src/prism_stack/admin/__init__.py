"""prism-admin: who serves which namespace, and the telling of it to those who serve."""
