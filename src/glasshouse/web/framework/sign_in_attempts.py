"""How often somebody may try a wrong password, so that nobody's mistakes lock another person out."""

import ipaddress
import threading
import time
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Attempts"]


@dataclass
class _Wrong:
    """Wrong tries: how many, and when the latest was."""

    count: int
    at: float


class Attempts:
    """Counts wrong tries at signing in, by name and address together, and by address alone.

    The first ``free`` wrong passwords for a name from an address cost nothing. After each further one the next try for
    that name from that address has to wait: 1 second, 2, 4, ... ``longest`` at most. An address with ``many`` wrong
    tries within ``seconds`` gets only one wrong try a name before that waiting begins. So a name that was not mistyped
    from this address is never refused, whatever others did: people behind one address do not lock each other out, and
    guessing from one address stays slow, since there are only so many names.

    At most ``most`` pairs and as many addresses are kept; those with the fewest wrong tries are forgotten first.
    """

    def __init__(
        self,
        free: int = 8,
        longest: float = 900.0,
        many: int = 100,
        seconds: float = 300.0,
        most: int = 10_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.free = free
        self.longest = longest
        self.many = many
        self.seconds = seconds
        self.most = most
        self._clock = clock
        self._pairs: dict[str, _Wrong] = {}
        self._addresses: dict[str, _Wrong] = {}
        self._lock = threading.Lock()

    def begin(self, name: str, address: str) -> float:
        """Count a try; return for how many seconds there may be none (0: now).

        A try counts as wrong from its beginning, so that many at once are no way round; ``right`` takes it back.
        """
        network, now = _network(address), self._clock()
        pair = _pair(name, network)
        with self._lock:
            wait = self._wait(pair, network, now)
            if wait <= 0:
                self._count(self._pairs, pair, now, 4 * self.longest)
                self._count(self._addresses, network, now, self.seconds)
        return max(0.0, wait)

    def right(self, name: str, address: str) -> None:
        """Forget the wrong tries of this person here: the password was right."""
        network = _network(address)
        with self._lock:
            self._pairs.pop(_pair(name, network), None)
            self._take_back(network)

    def undone(self, name: str, address: str) -> None:
        """Take the last try back: its password was never looked at."""
        network = _network(address)
        with self._lock:
            pair = self._pairs.get(_pair(name, network))
            if pair is not None:
                pair.count = max(0, pair.count - 1)
            self._take_back(network)

    def wrong_token(self, address: str) -> float:
        """Count a token of scripts that is none; return for how many seconds to wait, 0 while there are few."""
        network, now = _network(address), self._clock()
        with self._lock:
            count = self._count(self._addresses, network, now, self.seconds)
        return self.seconds if count > self.many else 0.0

    def _wait(self, pair: str, network: str, now: float) -> float:
        found = self._pairs.get(pair)
        if found is None or now - found.at > 4 * self.longest:
            return 0.0
        everybody = self._addresses.get(network)
        crowded = everybody is not None and everybody.count >= self.many and now - everybody.at < self.seconds
        beyond = found.count - (1 if crowded else self.free)
        if beyond < 0 or found.count == 0:
            return 0.0
        return found.at + min(2.0 ** min(beyond, 30), self.longest) - now

    def _count(self, table: dict[str, _Wrong], key: str, now: float, kept: float) -> int:
        found = table.pop(key, None)
        if found is None or now - found.at > kept:
            found = _Wrong(0, now)
            self._make_room(table, now, kept)
        found.count += 1
        found.at = now
        table[key] = found
        return found.count

    def _make_room(self, table: dict[str, _Wrong], now: float, kept: float) -> None:
        if len(table) < self.most:
            return
        for key in [key for key, one in table.items() if now - one.at > kept]:
            del table[key]
        if len(table) >= self.most:
            for key in sorted(table, key=lambda key: (table[key].count, table[key].at))[: self.most // 10 or 1]:
                del table[key]

    def _take_back(self, network: str) -> None:
        found = self._addresses.get(network)
        if found is not None and found.count:
            found.count -= 1


def _pair(name: str, network: str) -> str:
    return f"{network} {unicodedata.normalize('NFC', name).lower()[:64]}"


def _network(address: str) -> str:
    """Return the address; of IPv6 the first 64 bits, since whoever has one address there has all of these."""
    try:
        given = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if isinstance(given, ipaddress.IPv6Address):
        mapped = given.ipv4_mapped
        return str(mapped) if mapped else str(ipaddress.IPv6Network((given, 64), strict=False))
    return str(given)
