"""Request weights: what a minute has cost so far, and when it is too much."""

from dataclasses import dataclass
from typing import Final

from tui.demo.errors import Code, RequestRefused

_MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Limit:
    """A count that requests weigh on, by the exchange's minute."""

    header: str
    """The header of an answer that carries the count."""
    per_minute: int
    per_endpoint: bool = False
    """Whether each endpoint is counted alone; else all under the same first word of the path together."""


SAPI_IP: Final = Limit("X-SAPI-USED-IP-WEIGHT-1M", 12_000, per_endpoint=True)
SAPI_UID: Final = Limit("X-SAPI-USED-UID-WEIGHT-1M", 180_000, per_endpoint=True)
API_IP: Final = Limit("X-MBX-USED-WEIGHT-1M", 6000)
FAPI_IP: Final = Limit("X-MBX-USED-WEIGHT-1M", 2400)
DAPI_IP: Final = Limit("X-MBX-USED-WEIGHT-1M", 2400)
EAPI_IP: Final = Limit("X-MBX-USED-WEIGHT-1M", 400)
PAPI_IP: Final = Limit("X-MBX-USED-WEIGHT-1M", 6000)


class Weights:
    """The counts of the minute that runs."""

    def __init__(self) -> None:
        self.enforced = True
        """Whether too much is refused; a long test may make more transfers than the exchange would take."""
        self._minute = 0
        self._used: dict[tuple[Limit, str], int] = {}

    def spend(self, limit: Limit, method: str, path: str, weight: int, now_ms: int) -> dict[str, str]:
        """Counts a request; gives the header that tells the count. Raises TooMuch."""
        minute = now_ms // _MINUTE_MS
        if minute != self._minute:
            self._minute, self._used = minute, {}
        counted = (limit, f"{method} {path}" if limit.per_endpoint else path.split("/")[1])
        used = self._used.get(counted, 0) + weight
        self._used[counted] = used
        header = {limit.header: str(used)}
        if self.enforced and used > limit.per_minute:
            seconds = -(-((minute + 1) * _MINUTE_MS - now_ms) // 1000)
            raise TooMuch(limit, header | {"Retry-After": str(seconds)})
        return header


class TooMuch(RequestRefused):
    """The minute's weight is spent; `headers` say so, and when the next minute begins."""

    def __init__(self, limit: Limit, headers: dict[str, str]) -> None:
        super().__init__(Code.TOO_MUCH_WEIGHT, str(limit.per_minute))
        self.headers = headers
