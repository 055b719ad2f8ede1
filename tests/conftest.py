"""What every test stands on: real data only where DIABOLO_DATA names them, no network, no windows."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

os.environ.setdefault("MPLBACKEND", "Agg")

LOOPBACK = ("127.0.0.1", "::1", "localhost")
_connect = socket.socket.connect


@pytest.fixture
def real_data() -> Path:
    """The folder of real data sets; a test that asks for it is skipped where there is none."""
    folder = os.environ.get("DIABOLO_DATA")
    if not folder:
        pytest.skip("needs real data: set DIABOLO_DATA to the folder that holds them")
    return Path(folder)


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing leaves the machine: connecting to anything but this computer fails."""

    def connect(self: socket.socket, address: object) -> None:
        if self.family != getattr(socket, "AF_UNIX", None) and not (isinstance(address, tuple) and address[0] in LOOPBACK):
            raise OSError(f"Tests use no network, and something connects to {address!r}.")
        _connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", connect)
