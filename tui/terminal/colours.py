"""How many colours a terminal has, as far as it tells."""

from collections.abc import Mapping

from rich.console import Console


def has_few_colours(environment: Mapping[str, str]) -> bool:
    """Whether shades are lost on it: it has sixteen colours, or it is to show none."""
    console = Console(force_terminal=True, _environ=environment)
    return "NO_COLOR" in environment or console.color_system in (None, "standard")
