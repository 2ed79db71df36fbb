"""What the exchange says of an account's risk, in words."""

from decimal import Decimal

from tui.clock import time_of
from tui.domain.amounts import grouped
from tui.domain.risk import Gauge, Risk
from tui.language import N_, _

_ASKING = N_("asking the exchange...")
_NOT_KNOWN = N_("not known")


def risk_now(risk: Risk | None, asset: str) -> str:
    """Return what the exchange said, and when; None is asked for still. It promises nothing."""
    if risk is None:
        return _(_ASKING)
    if not risk.figures:
        return _(_NOT_KNOWN)
    unit = f" {asset}" if Gauge.MARGIN_BALANCE in risk.figures or Gauge.MAINTENANCE in risk.figures else ""
    figures = _(", ").join(f"{gauge.label} {_written(figure)}" for gauge, figure in risk.figures.items())
    return _("{figures} at {time}").format(figures=f"{figures}{unit}", time=f"{time_of(risk.read_ms):%H:%M:%S}")


def _written(figure: Decimal | str) -> str:
    return grouped(figure) if isinstance(figure, Decimal) else figure
