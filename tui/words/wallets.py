"""What wallets and their accounts hold, in words."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from tui.clock import time_of
from tui.domain.amounts import aligned, exact_sum, grouped, quantity
from tui.domain.balances import Absent, Account, Balances, Figure, Restriction
from tui.domain.form import FormState
from tui.domain.holdings import Holding, brief
from tui.domain.text import printable
from tui.domain.transfer import Field
from tui.domain.wallets import Wallet

WALLETS = tuple(Wallet)

_WORTH_COLUMNS = 10
_MAY_CHANGE = " may change"
_SHORT = {_MAY_CHANGE: " ?"}


def balance_now(balances: Balances, account: Account, asset: str, since_ms: float) -> str:
    """Return what an account holds after a transfer, if it was read since then."""
    figure = balances.held(account, asset)  # as in the review: less may be transferable
    holdings = balances.wallets[account.wallet]
    if figure and figure.read_ms >= since_ms:
        text = f"{quantity(figure.amount, asset)}{'' if figure.is_transferable else ' free'}"
    elif holdings.problem or (holdings.read_ms is not None and holdings.read_ms >= since_ms):
        text = "not known"  # it could not be read, or was read and does not list the asset
    else:
        text = "reading..."
    return f"{account.label} now: {text}"


def before_after(figure: Figure | None, change: Decimal, asset: str, *, now_ms: float, is_possible: bool) -> str:
    """Return what an account holds before and after a transfer; only what it holds if the transfer is not possible."""
    if figure is None:
        return "its balance is not known"
    doubt = " (a transfer may change it)" if figure.is_doubtful else "" if figure.is_fresh(now_ms) else " (old)"
    free = "" if figure.is_transferable else " free"
    after = exact_sum([figure.amount, change])
    if after < 0:
        return f"{quantity(figure.amount, asset)}{free}{doubt}: not enough"
    if not is_possible:
        return f"holds {quantity(figure.amount, asset)}{free}{doubt}"
    return f"{grouped(figure.amount)} -> {quantity(after, asset)}{free}{doubt}"


def limit(balances: Balances, source: Account, asset: str) -> str:
    """Return how much of a free balance can be moved, if the exchange has said so about the same reading."""
    held, best = balances.held(source, asset), balances.figure(source, asset)
    if held is None or best is None or held.is_exact or not best.is_transferable:
        return ""
    return f"; at most {grouped(best.amount)} can be moved"


def bar(restriction: Restriction | None) -> str:
    """Return what the exchange bars an end of a transfer from; empty if nothing."""
    if restriction is None:
        return ""
    way = "out of it" if restriction is Restriction.TRANSFERS_OUT else "into it"
    return f"\nThe exchange bars transfers {way}."


def hint(state: FormState, which: Field) -> str:
    """Return a hint for a field of the form that has no problem; empty if there is none."""
    if which not in state.fields:
        return ""
    if which is Field.AMOUNT:
        return _available(state)
    source, destination = state.ends
    pairs = {Field.FROM_PAIR: source.pair, Field.TO_PAIR: destination.pair}
    return _accounts(state.balances, pairs[which] or "") if which in pairs else ""


def _available(state: FormState) -> str:
    """Return how much of the asset there is in the source, or why that is not known."""
    figure, asset, source = state.figure, state.draft.asset, state.draft.source
    holdings = state.balances.wallets[source]
    if figure is None and holdings.read_ms is None:
        return f"{source.label} could not be read" if holdings.problem else ""
    if not state.known_asset:
        return ""
    if figure is None:
        is_listed = holdings.without(asset) is not Absent.NOT_LISTED
        problem = "could not be read" if is_listed else f"is not listed in {source.label}"
        return f"{asset} {problem}" if state.ends[0].pair != "" else ""
    is_fresh = figure.is_fresh(state.now_ms)
    doubt = "" if is_fresh else " (may change)" if figure.is_doubtful else " (old; F5 reloads)"
    if isinstance(rest := state.rest, Decimal):
        return f"= {quantity(rest, asset)}{doubt}"
    return f"of {quantity(figure.amount, asset)}{'' if figure.is_transferable else ' free'}{doubt}"


def _accounts(balances: Balances, pair: str) -> str:
    """Return which isolated accounts the person has."""
    isolated = balances.wallets[Wallet.ISOLATED]
    if isolated.is_whole and pair in balances.pairs and pair not in isolated.pairs:
        return f"You have no {pair} account yet"
    return f"You hold: {', '.join(list(isolated.pairs)[:3])}" if isolated.pairs else ""


def wallet_figures(
    balances: Balances, asset: str, pair: str, now_ms: float, *, is_short: bool = False
) -> dict[Wallet, tuple[str, bool]]:
    """Return what is next to each wallet, and whether it can be relied on; if not, the text says so too.

    It is the amount of an asset, with the dots of all amounts below each other; without an asset, how many there are.
    A short one has a mark in place of words, and no separators.
    """
    amounts = {wallet: amount for wallet in WALLETS if (amount := _amount(balances, wallet, asset, pair)) is not None}
    written = dict(zip(amounts, aligned(list(amounts.values())), strict=True))
    doubts = {wallet: _doubt(balances, wallet, now_ms) for wallet in WALLETS}
    bars = {wallet: "".join(f" {each}" for each in restrictions(balances, wallet)) for wallet in WALLETS}
    if is_short:
        written = {wallet: text.replace(",", "") for wallet, text in written.items()}
        doubts = {wallet: _SHORT.get(doubt, doubt) for wallet, doubt in doubts.items()}
        bars = {wallet: " barred" if text else "" for wallet, text in bars.items()}
    note_columns = max(len(doubts[wallet] + bars[wallet]) for wallet in WALLETS)
    figures = {}
    for wallet, doubt in doubts.items():
        holdings = balances.wallets[wallet]
        if holdings.read_ms is None:
            is_barred = balances.is_out_of_bounds(wallet)
            figures[wallet] = ("no access" if is_barred else "not read" if holdings.problem else "..."), False
        elif not holdings.is_open:
            figures[wallet] = "not open", True
        else:
            text = written[wallet].lstrip() if wallet in written else _no_amount(balances, wallet, asset)
            note = (doubt + bars[wallet]).ljust(note_columns)
            figures[wallet] = text + note, not doubt and text != Absent.NOT_READ.value
    return figures


def figures_heading(balances: Balances, asset: str, now_ms: float, *, is_short: bool = False) -> str:
    """Return what the figures next to the wallets are of, and whether some have the time of their reading."""
    times = "  read at" if any(_is_old(balances, wallet, now_ms) for wallet in WALLETS) else ""
    return f"{asset}{'' if is_short else ' available'}{times}" if asset else f"assets{times}"


def restrictions(balances: Balances, wallet: Wallet) -> list[str]:
    """Return what the exchange bars a wallet from."""
    return [each.value for each in Restriction if each in balances.wallets[wallet].restrictions]


def _doubt(balances: Balances, wallet: Wallet, now_ms: float) -> str:
    """Return why a figure cannot be relied on: a transfer may change it, or when it was read; empty if it can."""
    holdings = balances.wallets[wallet]
    if holdings.read_ms is None or not holdings.is_open:
        return ""
    if balances.is_doubtful(wallet):
        return _MAY_CHANGE
    return f" {time_of(holdings.read_ms):%H:%M}" if _is_old(balances, wallet, now_ms) else ""


def _is_old(balances: Balances, wallet: Wallet, now_ms: float) -> bool:
    holdings = balances.wallets[wallet]
    is_read = holdings.read_ms is not None and holdings.is_open
    return is_read and not balances.is_doubtful(wallet) and not balances.is_fresh(wallet, now_ms)


def _amount(balances: Balances, wallet: Wallet, asset: str, pair: str) -> Decimal | None:
    """Return how much of an asset a wallet, or the pair's account in it, holds; None if that is not one figure."""
    pairs = balances.wallets[wallet].pairs
    is_isolated = wallet is Wallet.ISOLATED
    if not asset or (is_isolated and pair not in pairs):
        return None
    figure = balances.figure(Account(wallet, pair if is_isolated else None), asset)
    return None if figure is None else figure.amount


def _no_amount(balances: Balances, wallet: Wallet, asset: str) -> str:
    """Return why there is no amount of an asset; without an asset, how many assets or pairs there are."""
    holdings = balances.wallets[wallet]
    is_isolated = wallet is Wallet.ISOLATED
    if asset and not is_isolated:
        return holdings.without(asset).value
    count, noun = (len(holdings.pairs), "pair") if is_isolated else (sum(map(bool, holdings.assets.values())), "asset")
    more = "" if holdings.is_whole else "+"  # a row cannot be read
    return f"{count}{more} {noun}{'s' if more or count != 1 else ''}"


def holdings_summary(balances: Balances, rows: Sequence[Holding], typed: str, now_ms: float) -> str:
    """Return how many assets the holdings show, what they are worth, and what may not be true any more."""
    worths = [row.worth for row in rows if row.worth is not None]
    old = [
        holdings.read_ms
        for wallet, holdings in balances.wallets.items()
        if holdings.read_ms is not None and not balances.is_fresh(wallet, now_ms)
    ]
    doubt = ""
    if any(balances.is_doubtful(wallet) for wallet in WALLETS):
        doubt = "; a transfer may change it"
    elif old:
        doubt = f"; read {time_of(min(old)):%H:%M}, F5 reloads"
    return "".join(
        [
            f"{len(rows)} asset{'s' * (len(rows) != 1)}",
            f' with "{typed}"' if typed else "",
            f", {_worth(exact_sum(worths))}" if worths else "",
            "" if all(holdings.is_whole for holdings in balances.wallets.values()) else "; not all was read",
            doubt,
        ]
    )


def holding_detail(balances: Balances, row: Holding, wallet: Wallet) -> list[str]:
    """Return everything about an asset in one wallet and in all, to the last digit: a line each."""
    amount, holdings = row.amounts.get(wallet), balances.wallets[wallet]
    if amount:
        here = f"{quantity(amount, row.asset)}{'' if holdings.is_transferable else ' free'}"
        if wallet is Wallet.ISOLATED and not holdings.is_whole:
            here += ", and in pairs that could not be read"
    else:
        here = holdings.without(row.asset).value
    return [
        "; ".join([f" {wallet.label}: {here}", *restrictions(balances, wallet)]),
        f" Free in all{'' if row.is_whole else ' that was read'}: {quantity(row.total, row.asset)}",
        f" Worth: {'not known' if row.worth is None else _worth(row.worth)}",
    ]


def trouble(missing_permission: str, wallets_by_problem: Mapping[str, Sequence[Wallet]], since_ms: float | None) -> str:
    """Return what is wrong for longer than a moment: the permission that the key lacks, and what cannot be read."""
    lines = [f"No transfer can be sent: {missing_permission}."] if missing_permission else []
    return "\n".join([*lines, *unread(wallets_by_problem, since_ms)])


def unread(wallets_by_problem: Mapping[str, Sequence[Wallet]], since_ms: float | None) -> list[str]:
    """Return which wallets cannot be read and why, a line for each problem; the last one says since when."""
    lines = []
    for problem, wallets in wallets_by_problem.items():
        names = ", ".join(wallet.label for wallet in wallets)
        title = "No wallet can be read" if len(wallets) == len(Wallet) else f"Not read: {names}"
        lines.append(f"{title}: {printable(problem)}")
    if since_ms:
        lines[-1] += f" Since {time_of(since_ms):%H:%M}; Shunter retries, F5 retries now."
    return lines


def _worth(amount: Decimal) -> str:
    return f"about {brief(amount, _WORTH_COLUMNS).rstrip('~')} BTC"
