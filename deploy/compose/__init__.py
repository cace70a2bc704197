"""The container stack: what docker-compose.yml mounts, and the secrets that it needs."""
