"""How many examples a property is tried with, by what one costs.

The profiles `ci` (some, always the same), `few` (for another Python) and `nightly` (many, random) stand in conftest.py.
This is the nightly command:

    pytest -n auto --hypothesis-profile nightly
"""

from hypothesis import HealthCheck, settings

_FEWEST = 5


def one_in(cost: int) -> settings:
    """A profile's examples divided by so many, but some, for a test whose example costs so much more than a call."""
    profile = settings.get_current_profile_name()
    of_profile = settings.get_profile(profile)
    return settings(
        max_examples=max(of_profile.max_examples // cost, _FEWEST),
        suppress_health_check=[*of_profile.suppress_health_check, HealthCheck.function_scoped_fixture],
    )
