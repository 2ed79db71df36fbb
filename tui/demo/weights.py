"""Request weights: what was spent in this minute, and when it is too much."""

from dataclasses import dataclass
from typing import Final

from tui.demo.errors import Code, RequestRefused

_MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Limit:
    """A count of weights, by the exchange's minute."""

    header: str
    """The header that shows the count in an answer."""
    per_minute: int
    per_endpoint: bool = False
    """Whether each endpoint is counted alone; otherwise all under the same first word of the path."""


SAPI_IP: Final = Limit("X-SAPI-USED-IP-WEIGHT-1M", 12_000, per_endpoint=True)
SAPI_UID: Final = Limit("X-SAPI-USED-UID-WEIGHT-1M", 180_000, per_endpoint=True)
API_IP: Final = Limit("X-MBX-USED-WEIGHT-1M", 6000)
FAPI_IP: Final = Limit("X-MBX-USED-WEIGHT-1M", 2400)
DAPI_IP: Final = Limit("X-MBX-USED-WEIGHT-1M", 2400)
EAPI_IP: Final = Limit("X-MBX-USED-WEIGHT-1M", 400)
PAPI_IP: Final = Limit("X-MBX-USED-WEIGHT-1M", 6000)


class Weights:
    """The counts of the current minute."""

    def __init__(self) -> None:
        self.enforced = True
        """Whether too much is refused. A long test may make more transfers than the exchange accepts."""
        self._minute = 0
        self._used: dict[tuple[Limit, str], int] = {}

    def spend(self, limit: Limit, method: str, path: str, weight: int, now_ms: int) -> dict[str, str]:
        """Count a request and return the header with the count. Raises RequestRefused."""
        minute = now_ms // _MINUTE_MS
        if minute != self._minute:
            self._minute, self._used = minute, {}
        counted = (limit, f"{method} {path}" if limit.per_endpoint else path.split("/")[1])
        used = self._used.get(counted, 0) + weight
        self._used[counted] = used
        header = {limit.header: str(used)}
        if self.enforced and used > limit.per_minute:
            seconds = -(-((minute + 1) * _MINUTE_MS - now_ms) // 1000)
            headers = header | {"Retry-After": str(seconds)}
            raise RequestRefused(Code.TOO_MUCH_WEIGHT, str(limit.per_minute), headers=headers)
        return header
