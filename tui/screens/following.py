"""A mixin for screens over the main one that show what the wallets hold."""

from abc import abstractmethod

from tui.domain.balances import Balances


class FollowsBalances:
    """Shows new balances whenever they are read."""

    @abstractmethod
    def show_balances(self, balances: Balances) -> None:
        """Show new balances."""
