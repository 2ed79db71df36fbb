"""All holdings at a glance: what is where, what it is worth, and that a number is never cut."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.clock import ticks_ms, time_of
from tui.domain.amounts import exact_sum
from tui.domain.balances import Absent, Account, Balances, Holdings, Rate
from tui.domain.holdings import accounts, all_holdings
from tui.domain.wallets import Wallet
from tui.structs import replace
from tui.widgets.number_pane import number_column
from tui.widgets.status_bar import Status, _state
from tui.words.wallets import places, total_worth, wallet_figures

AMOUNTS = st.decimals("0.000000000000000001", "99999999999999999999", places=18)


def _balances() -> Balances:
    wallets = {
        **dict.fromkeys(Wallet, Holdings()),
        Wallet.SPOT: Holdings({"USDT": Decimal(40), "SHIB": Decimal(9_000_000), "NEW": Decimal(1)}, read_ms=1),
        Wallet.ISOLATED: Holdings(
            pairs={"BTCUSDT": {"USDT": Decimal(5), "BTC": Decimal("0.1")}, "ETHUSDT": {"USDT": Decimal(7)}}, read_ms=1
        ),
    }
    return Balances(wallets, prices={"USDT": Decimal("0.00001"), "BTC": Decimal(1), "SHIB": Decimal("1E-10")})


def test_every_asset_is_there_once_the_dearest_first_what_has_no_price_last() -> None:
    rows = all_holdings(_balances())
    assert [row.asset for row in rows] == ["BTC", "SHIB", "USDT", "NEW"]
    usdt = rows[2]
    assert usdt.amounts == {Wallet.SPOT: Decimal(40), Wallet.ISOLATED: Decimal(12)}
    assert (usdt.total, usdt.worth) == (Decimal(52), Decimal("0.00052"))
    assert rows[3].worth is None
    in_usdt = all_holdings(replace(_balances(), rate=Rate(Decimal(90_000), 1)))[2]
    assert (in_usdt.asset, in_usdt.worth) == ("USDT", Decimal(52))


def test_what_was_typed_leaves_the_assets_that_have_it_in_their_name() -> None:
    assert [row.asset for row in all_holdings(_balances(), "S")] == ["SHIB", "USDT"]
    assert all_holdings(_balances(), "XYZ") == []


def test_every_account_has_its_line_in_a_fixed_order_pair_by_pair() -> None:
    seen = [account.short_label for account in accounts(_balances())]
    assert seen == [
        *("Spot", "Funding", "Cross", "Isolated BTCUSDT", "Isolated ETHUSDT", "USD-M", "COIN-M", "Options", "Portfolio")
    ]


def test_pairs_that_may_be_missing_have_a_line_of_their_own() -> None:
    balances = _balances()
    isolated = replace(balances.wallets[Wallet.ISOLATED], absent=Absent.NOT_READ)
    partly = balances.with_holdings(Wallet.ISOLATED, isolated)
    assert Account(Wallet.ISOLATED) in accounts(partly)
    (unread,) = (place for place in places(partly, "USDT", 1) if place.account == Account(Wallet.ISOLATED))
    assert (unread.amount, unread.text) == (None, "not read")
    assert Account(Wallet.ISOLATED) in accounts(Balances())


def test_what_is_not_known_is_never_blank() -> None:
    spot = Holdings({"BTC": Decimal(1)}, read_ms=1)
    listing = Holdings({"USDT": Decimal(0)}, absent=Absent.NOT_LISTED, read_ms=1)
    wallets = {
        **dict.fromkeys(Wallet, Holdings(problem="cut off")),
        Wallet.SPOT: spot,
        Wallet.CROSS: listing,
        Wallet.UM: Holdings(is_open=False, read_ms=1),
        Wallet.CM: Holdings(),
    }
    seen = {place.account.wallet: (place.amount, place.text) for place in places(Balances(wallets), "USDT", 1)}
    assert seen[Wallet.SPOT] == (None, "")  # it lists what it holds
    assert seen[Wallet.CROSS] == (Decimal(0), "")
    assert seen[Wallet.FUNDING] == seen[Wallet.ISOLATED] == (None, "not read")
    assert seen[Wallet.UM] == (None, "not open")
    assert seen[Wallet.CM] == (None, "...")
    bitcoin = {place.account.wallet: place.text for place in places(Balances(wallets), "BTC", 1)}
    assert bitcoin[Wallet.CROSS] == "not listed"


def _whole(**changes: Any) -> Balances:
    read = {wallet: Holdings(read_ms=ticks_ms()) for wallet in Wallet}
    read[Wallet.SPOT] = Holdings({"BTC": Decimal("0.5"), "USDT": Decimal(10), "NEW": Decimal(3)}, read_ms=ticks_ms())
    known: dict[str, Any] = {
        "prices": {"BTC": Decimal(1)},
        "priced_ms": ticks_ms(),
        "rate": Rate(Decimal(90_000), 1e12),
    }
    return Balances(read, **known | changes)


def test_the_worth_of_everything_has_its_time() -> None:
    at = f"{time_of(ticks_ms()):%H:%M}"
    assert total_worth(_whole()) in (
        f"worth 45,010.00 USDT at {at}",
        f"worth 45,010.00 USDT at {time_of(ticks_ms()):%H:%M}",
    )
    hour_ago = ticks_ms() - 3_600_000
    for old in ({"priced_ms": hour_ago}, {"rate": Rate(Decimal(90_000), hour_ago)}):
        assert total_worth(_whole(**old)).endswith(f"at {time_of(hour_ago):%H:%M}")


def test_without_the_price_of_a_btc_the_worth_is_in_btc() -> None:
    assert total_worth(_whole(rate=None)).startswith("worth 0.50000000 BTC at ")


def test_no_worth_is_claimed_of_what_was_not_read() -> None:
    whole = _whole()
    assert total_worth(Balances()) == ""
    assert total_worth(_whole(priced_ms=None)) == ""
    reading = replace(whole, wallets={**whole.wallets, Wallet.UM: Holdings()})
    assert total_worth(reading) == ""
    unread = replace(whole, wallets={**whole.wallets, Wallet.UM: Holdings(problem="cut off")})
    assert total_worth(unread).startswith("read: 45,010.00 USDT at ")
    doubtful = whole.doubted({Wallet.SPOT}, {Wallet.SPOT}, ticks_ms())
    assert total_worth(doubtful) == "worth 45,010.00 USDT, may change"


@pytest.mark.parametrize("asset", ["USDT", ""])
def test_no_figure_moves_while_a_transfer_may_change_some(asset: str) -> None:
    known, now_ms = _whole(), ticks_ms()
    doubtful = known.doubted({Wallet.SPOT, Wallet.UM}, {Wallet.SPOT, Wallet.UM}, now_ms)
    before, meanwhile = (wallet_figures(each, asset, "", now_ms) for each in (known, doubtful))
    assert meanwhile[Wallet.SPOT][0].startswith("may change ")
    assert all(meanwhile[wallet][0].endswith(text) for wallet, (text, _) in before.items())


def test_the_worth_is_whole_or_not_there_and_goes_last() -> None:
    worth = "worth 27,426.76 USDT at 14:05"
    status = Status("LIVE", worth=worth, keyring="SecretService", clock_offset_ms=12)
    for room in range(100):
        state = _state(status, room)
        assert len(state) <= room
        assert state.endswith(worth if room >= len(worth) else "")
        assert state == "" or worth in state


@given(st.lists(AMOUNTS | st.just("not read") | st.just(""), min_size=1, max_size=8), st.booleans())
def test_a_column_has_every_number_whole_with_all_dots_below_each_other(
    cells: list[Decimal | str], is_grouped: bool
) -> None:
    column = number_column("free", cells, is_grouped=is_grouped)
    assert {len(text) for text in (column.head, *column.cells)} == {column.width}
    dots = set()
    for cell, text in zip(cells, column.cells, strict=True):
        if isinstance(cell, str):
            assert text.strip() == cell
        else:
            assert Decimal(text.replace(",", "")) == cell
            dots.add(text.index("."))
    assert len(dots) <= 1


@given(st.lists(AMOUNTS, max_size=8))
def test_totals_are_exact_to_the_last_digit(amounts: list[Decimal]) -> None:
    assert Fraction(exact_sum(amounts)) == sum(map(Fraction, amounts))
