"""How the Studio is reached: host, port, and the names it answers to."""

from dataclasses import dataclass

__all__ = ["LOOPBACK", "Settings"]

LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Settings:
    """Where the Studio listens. ``hosts`` are further names that a browser may use for it; sizes are in bytes.

    ``secure`` marks cookies as for HTTPS only; set it behind a proxy that ends HTTPS. ``proxies`` are the addresses
    whose X-Forwarded-For and X-Forwarded-Proto are believed: none unless named. ``token`` is what opens a Studio
    without accounts; None lets in everybody who reaches it.
    """

    host: str = "127.0.0.1"
    port: int = 8800
    hosts: tuple[str, ...] = ()
    secure: bool = False
    proxies: tuple[str, ...] = ()
    token: str | None = None
    largest_body: int = 4 * 2**20
    largest_piece: int = 256 * 2**20

    @property
    def local(self) -> bool:
        """Whether only this computer can reach it."""
        return self.host in LOOPBACK
