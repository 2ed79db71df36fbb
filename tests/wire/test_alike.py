"""Transfers that only a pair, or nothing, tells apart: a record is one transfer's, and never guessed to be."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from tests.wire.conftest import DemoServer, OpenDesk, Seat
from tui.demo.faults import Cut, Fault
from tui.demo.history import Lag
from tui.demo.keys import new_key
from tui.domain.credentials import KeyKind
from tui.domain.transfer import Outcome, Transfer, TransferRequest
from tui.domain.wallets import TransferType
from tui.words.outcomes import Watch, meaning
from tui.words.settling import Doubt

Jump = Callable[[], None]


async def _unanswered(seat: Seat, server: DemoServer, request: TransferRequest, *, executed: bool) -> Transfer:
    server.exchange.faults.append(Fault(answer=Cut.CLOSE, executes=executed))
    transfer = await seat.desk.submit(request, meant=frozenset(other.identity for other in seat.shown))
    assert transfer.outcome is Outcome.UNKNOWN
    return transfer


def _to_isolated(pair: str) -> TransferRequest:
    return TransferRequest(TransferType.MAIN_ISOLATED_MARGIN, "USDT", Decimal(5), to_symbol=pair)


def _asked_about(seat: Seat, transfer: Transfer, doubt: Doubt) -> Callable[[], bool]:
    return lambda: any(note.doubt is doubt and note.transfer.identity == transfer.identity for note in seat.notes)


@pytest.mark.parametrize("filters", [True, False])
async def test_record_without_a_pair_is_a_possible_match_of_every_pair(
    seat: Seat, server: DemoServer, past_the_window: Jump, filters: bool
) -> None:
    """One was executed; the record does not say for which pair, whether or not the exchange filtered by it."""
    server.exchange.history.filters_by_pair = filters
    executed = await _unanswered(seat, server, _to_isolated("BTCUSDT"), executed=True)
    other = await _unanswered(seat, server, _to_isolated("ETHUSDT"), executed=False)
    past_the_window()
    await seat.until(_asked_about(seat, executed, Doubt.NEAR))
    if filters:
        assert (await seat.settled(other)).outcome is Outcome.NOT_EXECUTED
    else:
        await seat.until(_asked_about(seat, other, Doubt.NEAR))
        assert seat.on_screen(other.id).outcome is Outcome.UNKNOWN
    assert seat.on_screen(executed.id).outcome is Outcome.UNKNOWN


async def test_two_alike_that_were_judged_are_both_open_again_where_one_record_appears(
    seat: Seat, server: DemoServer, open_desk: OpenDesk, past_the_window: Jump
) -> None:
    """Seconds apart, and only the second was executed: nothing tells whose record it is."""
    await seat.desk.open_transfers()
    server.exchange.history.hidden = Lag(reads=10**6)
    request = TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal(3))
    first = await _unanswered(seat, server, request, executed=False)
    second = await _unanswered(seat, server, request, executed=True)
    past_the_window()
    for transfer in (first, second):
        assert (await seat.settled(transfer)).outcome is Outcome.NOT_EXECUTED
    server.exchange.history.hidden = Lag()
    await seat.until(lambda: len({notice.identity for notice in seat.notices}) == 2)
    assert all(notice.outcome is Outcome.UNKNOWN for notice in seat.notices)
    assert not any(transfer.outcome is Outcome.DONE for transfer in seat.written())


async def test_judgement_that_nobody_watches_says_so(
    seat: Seat, server: DemoServer, open_desk: OpenDesk, past_the_window: Jump
) -> None:
    request = TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal(3))
    transfer = await _unanswered(seat, server, request, executed=False)
    past_the_window()
    judged = await seat.settled(transfer)
    assert seat.desk.watch_over(judged) is Watch.KEPT
    assert "keeps looking" in meaning(judged.evidence, Watch.KEPT)

    rotated = open_desk(key=new_key(KeyKind.HMAC)[0])
    assert rotated.desk.watch_over(judged) is Watch.OTHER_KEY
    assert meaning(judged.evidence, Watch.OTHER_KEY).count("Nobody looks for it now") == 1

    server.exchange.clock_offset_ms += 25 * 60 * 60 * 1000
    await seat.client.sync_clock()
    assert seat.desk.watch_over(judged) is Watch.OVER
    assert "Nobody looks for it any more" in meaning(judged.evidence, Watch.OVER)
