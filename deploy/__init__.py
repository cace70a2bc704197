"""How the stack is run: natively on one machine, with docker compose, in a cluster."""
