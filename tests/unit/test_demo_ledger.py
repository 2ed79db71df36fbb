"""The demo exchange's books: money moves whole, or not at all."""

from collections import defaultdict
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.demo.errors import Code, RequestRefused
from tui.demo.ledger import Funds, Ledger
from tui.demo.person import demo_ledger
from tui.domain.balances import Account, Pair
from tui.domain.transfer import TransferRequest
from tui.domain.wallets import TransferType, Wallet

_ASSETS = ("USDT", "BTC", "ETH", "BNB", "USDC", "NOSUCH")
_SYMBOLS = ("BTCUSDT", "ETHUSDT", "BNBUSDT", "NOSUCHPAIR")


@st.composite
def _requests(draw: st.DrawFn) -> TransferRequest:
    move = draw(st.sampled_from(TransferType))
    from_symbol = draw(st.sampled_from(_SYMBOLS)) if move.needs_from_pair else None
    others = [symbol for symbol in _SYMBOLS if symbol != from_symbol]
    return TransferRequest(
        move,
        draw(st.sampled_from(_ASSETS)),
        draw(st.decimals("0.00000001", "2000", places=8) | st.sampled_from([Decimal("0.00000001"), Decimal("1E+5")])),
        from_symbol,
        draw(st.sampled_from(others)) if move.needs_to_pair else None,
    )


def _everything(ledger: Ledger) -> list[Funds]:
    accounts = [(wallet, None) for wallet in Wallet if wallet is not Wallet.ISOLATED]
    pairs = [(Wallet.ISOLATED, pair.symbol) for pair in ledger.isolated_pairs()]
    return [ledger.balance(wallet, asset, pair) for wallet, pair in accounts + pairs for asset in _ASSETS]


def _totals(ledger: Ledger) -> dict[str, Decimal]:
    totals: defaultdict[str, Decimal] = defaultdict(Decimal)
    for assets in ledger.holdings.values():
        for asset, funds in assets.items():
            totals[asset] += funds.total
    return dict(totals)


@given(st.lists(_requests(), max_size=30))
def test_transfers_conserve_every_assets_total(requests: list[TransferRequest]) -> None:
    ledger = demo_ledger()
    before = _totals(ledger)
    taken = 0
    for request in requests:
        held = _everything(ledger)
        try:
            ledger.transfer(request, 0)
        except RequestRefused:
            assert _everything(ledger) == held
        else:
            taken += 1
            assert _everything(ledger) != held
        assert {asset: total for asset, total in _totals(ledger).items() if total} == before
        assert all(holding.free >= 0 for holding in _everything(ledger))
    tran_ids = [transfer.tran_id for transfer in ledger.transfers]
    assert len(tran_ids) == taken
    assert tran_ids == sorted(set(tran_ids))


def test_transfer_moves_exactly_the_amount() -> None:
    ledger = demo_ledger()
    ledger.transfer(TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal("0.00000001")), 0)
    assert ledger.balance(Wallet.SPOT, "USDT").free == Decimal("1249.99999999")
    assert ledger.balance(Wallet.FUNDING, "USDT").free == Decimal("80.00000001")


@pytest.mark.parametrize("move", TransferType, ids=lambda move: move.name)
def test_all_that_is_transferable_moves_and_leaves_nothing_transferable(move: TransferType) -> None:
    ledger = demo_ledger()
    from_symbol = "BTCUSDT" if move.needs_from_pair else None
    to_symbol = "ETHUSDT" if move.needs_to_pair else None
    asset = "BTC" if move.source is Wallet.CM else "USDT"
    most = ledger.balance(move.source, asset, from_symbol).transferable
    assert most > 0, "every wallet of the demo has something to move"
    ledger.transfer(TransferRequest(move, asset, most, from_symbol, to_symbol), 0)
    assert ledger.balance(move.source, asset, from_symbol).transferable == 0


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal("1250.01")), Code.INSUFFICIENT_BALANCE),
        (TransferRequest(TransferType.FUNDING_MAIN, "NOSUCH", Decimal(1)), Code.INSUFFICIENT_BALANCE),
        (TransferRequest(TransferType.UMFUTURE_MAIN, "USDT", Decimal("300.01")), Code.INSUFFICIENT_BALANCE),
        (TransferRequest(TransferType.MARGIN_MAIN, "USDC", Decimal("15.01")), Code.EXCEEDS_TRANSFER_OUT),
        (TransferRequest(TransferType.MARGIN_MAIN, "USDC", Decimal("60.01")), Code.BALANCE_NOT_ENOUGH),
        (
            TransferRequest(TransferType.ISOLATED_MARGIN_MAIN, "USDT", Decimal(200), from_symbol="BTCUSDT"),
            Code.EXCEEDS_TRANSFER_OUT,
        ),
        (
            TransferRequest(TransferType.MAIN_ISOLATED_MARGIN, "USDT", Decimal(1), to_symbol="NOSUCHPAIR"),
            Code.BAD_SYMBOL,
        ),
        (
            TransferRequest(TransferType.MAIN_ISOLATED_MARGIN, "BNB", Decimal(1), to_symbol="BTCUSDT"),
            Code.NOT_A_MARGIN_ASSET,
        ),
        (
            TransferRequest(TransferType.MAIN_ISOLATED_MARGIN, "BNB", Decimal(1), to_symbol="BNBUSDT"),
            Code.NO_ISOLATED_ACCOUNT,
        ),
    ],
)
def test_refusal_says_why(request_: TransferRequest, code: Code) -> None:
    ledger = demo_ledger()
    with pytest.raises(RequestRefused) as refused:
        ledger.transfer(request_, 0)
    assert refused.value.code is code
    assert ledger.transfers == []


def test_failed_transfer_gets_a_tran_id_and_moves_nothing() -> None:
    ledger = demo_ledger()
    before = _everything(ledger)
    failed = ledger.transfer(TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal(1)), 0, fails=True)
    assert ledger.transfers == [failed]
    assert _everything(ledger) == before


def test_ledger_that_could_not_be_exact_is_refused() -> None:
    with pytest.raises(ValueError, match="must stay below"):
        demo_ledger().hold(Account(Wallet.FUNDING), "USDT", Funds(Decimal(10) ** 20 - 1))
    with pytest.raises(ValueError, match="must stay below"):
        Ledger({Account(Wallet.SPOT): {"USDT": Funds(Decimal(10) ** 20)}}, [Pair("BTCUSDT", "BTC", "USDT")])
