"""The native stack: every process under one supervisor, on loopback, without a container engine."""
