"""The process contract that every Python program of Prism keeps (docs/process-contract.md)."""
