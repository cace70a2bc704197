"""Unit tests reach no network: a socket opened by mistake fails the test."""

import pytest
from pytest_socket import disable_socket


@pytest.fixture(autouse=True)
def _no_sockets() -> None:
    """Asyncio's own socket pair is a Unix socket; everything else is refused."""
    disable_socket(allow_unix_socket=True)
