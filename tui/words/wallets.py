"""What wallets and their accounts hold, in words."""

from collections.abc import Mapping, Sequence
from decimal import ROUND_DOWN, Decimal

from tui.clock import time_of
from tui.domain.amounts import EXACT, aligned, exact_sum, grouped, quantity
from tui.domain.balances import Absent, Account, Assets, Balances, Figure, Restriction
from tui.domain.form import FormState
from tui.domain.holdings import accounts, all_holdings
from tui.domain.layout import padded, padded_before, sentences, width_of
from tui.domain.text import printable
from tui.domain.transfer import Field
from tui.domain.wallets import TransferType, Wallet
from tui.language import N_, _, ngettext
from tui.structs import Struct

WALLETS = tuple(Wallet)

_CHEAP = 1000
"""What a BTC costs at least in a currency whose amounts need two decimals only."""
_FREE = N_(" free")
_MAY_CHANGE = N_("may change")
DOUBTFUL = N_(" (may change)")
"""Behind a figure that a transfer may have changed since, or may still change."""


class EndFigures(Struct):
    """What one end of a transfer holds, at two times."""

    first: Decimal | str
    """An amount, or why there is none."""
    second: Decimal | str | None
    """None if there is nothing to say about it."""
    marks: str = ""
    """What the figures are worth: "free" for one that may not be movable as a whole, and any doubt."""
    note: str = ""
    """More about the end, on a line of its own."""


def marks_of(figure: Figure, now_ms: float) -> str:
    """Return what a figure is worth: "free" for one that may not be movable as a whole, and any doubt."""
    doubt = _(DOUBTFUL) if figure.is_doubtful else "" if figure.is_fresh(now_ms) else _(" (old)")
    free = "" if figure.is_transferable else _(_FREE)
    return f"{free}{doubt}"


def before_after(figure: Figure | None, change: Decimal, *, now_ms: float, is_possible: bool) -> EndFigures:
    """Return what an account holds before and after a transfer; only what it holds if the transfer is not possible."""
    if figure is None:
        return EndFigures(_("its balance is not known"), None)
    marks = marks_of(figure, now_ms)
    after = exact_sum([figure.amount, change])
    if after < 0:
        return EndFigures(figure.amount, None, _("{marks}: not enough").format(marks=marks))
    return EndFigures(figure.amount, after if is_possible else None, marks)


def before_now(
    before: Decimal | str | None, balances: Balances, account: Account, asset: str, since_ms: float, *, is_open: bool
) -> EndFigures:
    """Return what an account held before a transfer, if something is said about that, and holds now, if it was read
    since. While the outcome is open, the transfer may still change it.
    """
    figure = balances.held(account, asset)  # as in the review: less may be transferable
    holdings = balances.wallets[account.wallet]
    now: Decimal | str
    marks = ""
    if figure and figure.read_ms >= since_ms:
        doubt = _(DOUBTFUL) if figure.is_doubtful or is_open else ""
        free = "" if figure.is_transferable else _(_FREE)
        now, marks = figure.amount, f"{free}{doubt}"
    elif holdings.problem or (holdings.read_ms is not None and holdings.read_ms >= since_ms):
        now = _("not known")  # it could not be read, or was read and does not list the asset
    else:
        now = _("reading...")
    return EndFigures(now, None, marks) if before is None else EndFigures(before, now, marks)


def end_lines(
    ends: Sequence[Account],
    figures: Sequence[EndFigures],
    asset: str,
    heads: tuple[str, str],
    *,
    is_short: bool = False,
) -> list[tuple[str, str]]:
    """Return what each end holds, below a line with heads: each as one line with all figures aligned, and as it is
    written where that is too wide.
    """
    names = _column([end.short_label if is_short else end.wide_label for end in ends], is_left=True)
    firsts = _column([heads[0], *(each.first for each in figures)])
    seconds = _column([heads[1], *(each.second for each in figures)])
    has_seconds = any(each.second is not None for each in figures)
    lines = [(f"{' ' * width_of(names[0])}  {firsts[0]}" + (f"      {seconds[0]}" if has_seconds else ""), "")]
    for name, end, each, first, second in zip(names, ends, figures, firsts[1:], seconds[1:], strict=True):
        unit = f" {asset}" if isinstance(each.first, Decimal) or isinstance(each.second, Decimal) else ""
        arrow = f"  ->  {second}" if each.second is not None else ""
        note = f"\n{each.note}" if each.note else ""
        lines.append(
            (
                f"{name}  {first}{arrow}{unit}{each.marks}{note}",
                f"{end.label}\n{_in_words(each)}{unit}{each.marks}{note}",
            )
        )
    return lines


def _in_words(figures: EndFigures) -> str:
    first, second = (
        grouped(figure) if isinstance(figure, Decimal) else figure for figure in (figures.first, figures.second)
    )
    return f"{first}" if second is None else f"{first} -> {second}"


def _column(cells: Sequence[Decimal | str | None], *, is_left: bool = False) -> list[str]:
    """Return cells of one width, the dots of all amounts below each other."""
    amounts = iter(aligned([cell for cell in cells if isinstance(cell, Decimal)]))
    texts = [next(amounts) if isinstance(cell, Decimal) else cell or "" for cell in cells]
    width = max(map(width_of, texts))
    return [padded(text, width) if is_left else padded_before(text, width) for text in texts]


def limit(balances: Balances, source: Account, asset: str) -> str:
    """Return how much of a free balance can be moved, if the exchange has said so about the same reading."""
    held, best = balances.held(source, asset), balances.figure(source, asset)
    if held is None or best is None or held.is_exact or not best.is_transferable:
        return ""
    return _("At most {amount} can be moved.").format(amount=grouped(best.amount))


def bar(restriction: Restriction | None) -> str:
    """Return what the exchange bars an end of a transfer from; empty if nothing."""
    if restriction is None:
        return ""
    if restriction is Restriction.TRANSFERS_OUT:
        return _("The exchange bars transfers out of it.")
    return _("The exchange bars transfers into it.")


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
        return _("{account} could not be read").format(account=source.label) if holdings.problem else ""
    if not state.known_asset:
        return ""
    if figure is None:
        text = _("{asset} could not be read")
        if holdings.without(asset) is Absent.NOT_LISTED:
            text = _("{asset} is not listed in {wallet}")
        return text.format(asset=asset, wallet=source.label) if state.ends[0].pair != "" else ""
    doubt = "" if figure.is_fresh(state.now_ms) else _(DOUBTFUL) if figure.is_doubtful else _(" (old; F5 reloads)")
    if isinstance(rest := state.rest, Decimal):
        return f"= {quantity(rest, asset)}{doubt}"
    text = _("of {amount}") if figure.is_transferable else _("of {amount} free")
    return f"{text.format(amount=quantity(figure.amount, asset))}{doubt}"


def _accounts(balances: Balances, pair: str) -> str:
    """Return which isolated accounts the person has."""
    isolated = balances.wallets[Wallet.ISOLATED]
    if pair in isolated.disabled:
        return _("Your {pair} account is disabled").format(pair=pair)
    if isolated.is_whole and pair in balances.pairs and pair not in isolated.pairs:
        return _("You have no {pair} account yet").format(pair=pair)
    pairs = _(", ").join(list(isolated.pairs)[:3])
    return _("You hold: {pairs}").format(pairs=pairs) if pairs else ""


def wallet_figures(
    balances: Balances, asset: str, pair: str, now_ms: float, *, is_short: bool = False
) -> dict[Wallet, tuple[str, bool]]:
    """Return what is next to each wallet, and whether it can be relied on; if not, the text says so too.

    It is the amount of an asset, with the dots of all amounts below each other; without an asset, how many there are.
    What is doubtful about it stands in front: no figure moves when that comes and goes. A short one has a mark in place
    of words, and no separators.
    """
    amounts = {wallet: amount for wallet in WALLETS if (amount := _amount(balances, wallet, asset, pair)) is not None}
    written = dict(zip(amounts, aligned(list(amounts.values()), is_grouped=not is_short), strict=True))
    doubts = {wallet: _doubt(balances, wallet, now_ms, is_short=is_short) for wallet in WALLETS}
    bars = {wallet: "".join(f" {each}" for each in restrictions(balances, wallet)) for wallet in WALLETS}
    if is_short:
        barred = _("barred")
        bars = {wallet: f" {barred}" if text else "" for wallet, text in bars.items()}
    amount_columns, bar_columns = max(map(len, written.values()), default=0), max(map(width_of, bars.values()))
    figures = {}
    for wallet, doubt in doubts.items():
        holdings = balances.wallets[wallet]
        if unread := _no_contents(balances, wallet):
            figures[wallet] = unread, holdings.read_ms is not None
        else:
            text = written[wallet].lstrip() if wallet in written else _no_amount(balances, wallet, asset)
            doubted = f"{doubt.strip()} {padded_before(text, amount_columns)}" if doubt else text
            figures[wallet] = doubted + padded(bars[wallet], bar_columns), not doubt and text != Absent.NOT_READ.label
    return figures


def figures_heading(balances: Balances, asset: str, now_ms: float, *, is_short: bool = False) -> str:
    """Return what the figures next to the wallets are of, and whether some have the time of their reading."""
    heading = _("assets")
    if asset:
        heading = asset if is_short else _("{asset} available").format(asset=asset)
    if any(_is_old(balances, wallet, now_ms) for wallet in WALLETS):
        times = _("read at")
        return f"{times}  {heading}"
    return heading


def via(types: Sequence[TransferType]) -> str:
    """Return the wallet between two moves: "via Spot"; empty for a single move."""
    return _("via {wallet}").format(wallet=types[0].destination.short_label) if len(types) > 1 else ""


def restrictions(balances: Balances, wallet: Wallet) -> list[str]:
    """Return what the exchange bars a wallet from."""
    return [each.label for each in Restriction if each in balances.wallets[wallet].restrictions]


def _doubt(balances: Balances, wallet: Wallet, now_ms: float, *, is_short: bool = False) -> str:
    """Return why a figure cannot be relied on: a transfer may change it, or when it was read; empty if it can."""
    holdings = balances.wallets[wallet]
    if holdings.read_ms is None or not holdings.is_open:
        return ""
    if balances.is_doubtful(wallet):
        return " ?" if is_short else f" {_(_MAY_CHANGE)}"
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
    if wallet is Wallet.ISOLATED:
        return _pairs(len(holdings.pairs), is_whole=holdings.is_whole)
    return holdings.without(asset).label if asset else _assets(holdings.assets, is_whole=holdings.is_whole)


def _pairs(count: int, *, is_whole: bool) -> str:
    """Return how many pairs have an account. If a row cannot be read, there may be more."""
    if is_whole:
        return ngettext("{count} pair", "{count} pairs", count).format(count=count)
    return _("{count}+ pairs").format(count=count)


def _assets(amounts: Assets, *, is_whole: bool) -> str:
    """Return how many amounts are not zero. If a row cannot be read, there may be more."""
    count = sum(map(bool, amounts.values()))
    if is_whole:
        return ngettext("{count} asset", "{count} assets", count).format(count=count)
    return _("{count}+ assets").format(count=count)


class Place(Struct):
    """What one account holds of an asset."""

    account: Account
    amount: Decimal | None = None
    """None if there is none, or if that is not known."""
    in_use: Decimal | None = None
    """What the exchange says is there besides and in use; None if it does not say it."""
    text: str = ""
    """Why no amount is known; without an asset, how many there are."""
    doubt: str = ""
    """Why the amount cannot be relied on."""


def places(balances: Balances, asset: str, now_ms: float) -> list[Place]:
    """Return what every account holds of an asset, in a fixed order; without an asset, how many assets it has."""
    return [_place(balances, account, asset, now_ms) for account in accounts(balances)]


def _place(balances: Balances, account: Account, asset: str, now_ms: float) -> Place:
    holdings = balances.wallets[account.wallet]
    if text := _no_contents(balances, account.wallet):
        return Place(account, text=text)
    assets = holdings.pairs.get(account.pair or "", holdings.assets)
    doubt = _doubt(balances, account.wallet, now_ms)
    if not asset:
        return Place(account, text=_assets(assets, is_whole=holdings.is_whole), doubt=doubt)
    if asset in assets:
        return Place(account, assets[asset], holdings.in_use(asset, account.pair), doubt=doubt)
    absent = Absent.NONE if account.pair else holdings.without(asset)
    return Place(account, text="" if absent is Absent.NONE else absent.label, doubt=doubt)


def _no_contents(balances: Balances, wallet: Wallet) -> str:
    """Return why nothing is known of what a wallet holds; empty if it was read."""
    holdings = balances.wallets[wallet]
    if holdings.read_ms is None:
        return _("no access") if balances.is_out_of_bounds(wallet) else _("not read") if holdings.problem else "..."
    return "" if holdings.is_open else _("not open")


def holdings_doubt(balances: Balances, now_ms: float, *, is_short: bool = False) -> str:
    """Return what may not be true of the holdings as they were read; empty if nothing."""
    if any(balances.is_doubtful(wallet) for wallet in WALLETS):
        return _(_MAY_CHANGE) if is_short else _("a transfer may change them")
    if old := [balances.wallets[wallet].read_ms or 0 for wallet in WALLETS if _is_old(balances, wallet, now_ms)]:
        return _("read at {time}").format(time=f"{time_of(min(old)):%H:%M}")
    return ""


def is_all_read(balances: Balances) -> bool:
    """Whether every row of every wallet was read."""
    return all(holdings.is_whole for holdings in balances.wallets.values())


def worth_shown(worth: Decimal, balances: Balances) -> Decimal:
    """Return an estimated worth with as many decimals as are worth reading: more if the currency is dear."""
    is_cheap = balances.rate and balances.rate.price >= _CHEAP
    return worth.quantize(Decimal("0.01" if is_cheap else "0.00000001"), ROUND_DOWN, EXACT)


def total_worth(balances: Balances) -> str:
    """Return what everything that was read is worth, and since when; empty while a first reading is under way."""
    all_holdings_read = [holdings.read_ms for holdings in balances.wallets.values() if holdings.read_ms is not None]
    is_reading = any(holdings.read_ms is None and not holdings.problem for holdings in balances.wallets.values())
    if is_reading or balances.priced_ms is None or not all_holdings_read:
        return ""
    worths = [row.worth for row in all_holdings(balances) if row.worth is not None]
    total = grouped(worth_shown(exact_sum(worths), balances))
    oldest_ms = min(balances.priced_ms, *all_holdings_read, *([balances.rate.read_ms] if balances.rate else []))
    if any(balances.is_doubtful(wallet) for wallet in WALLETS):
        text = _("read: {worth}, may change")
        if is_all_read(balances):
            text = _("worth {worth}, may change")
    else:
        text = _("worth {worth} at {time}") if is_all_read(balances) else _("read: {worth} at {time}")
    return text.format(worth=f"{total} {balances.unit}", time=f"{time_of(oldest_ms):%H:%M}")


def trouble(problems: Sequence[str], wallets_by_problem: Mapping[str, Sequence[Wallet]], since_ms: float | None) -> str:
    """Return what is wrong for longer than a moment: problems, and what cannot be read."""
    return "\n".join([*problems, *unread(wallets_by_problem, since_ms)])


def unread(wallets_by_problem: Mapping[str, Sequence[Wallet]], since_ms: float | None) -> list[str]:
    """Return which wallets cannot be read and why, a line for each problem; the last one says since when."""
    lines = []
    for problem, wallets in wallets_by_problem.items():
        text = _("Not read: {wallets}: {problem}")
        if len(wallets) == len(Wallet):
            text = _("No wallet can be read: {problem}")
        names = _(", ").join(wallet.label for wallet in wallets)
        lines.append(text.format(wallets=names, problem=printable(problem)))
    if since_ms:
        since = _("Since {time}; Shunter retries, F5 retries now.").format(time=f"{time_of(since_ms):%H:%M}")
        lines[-1] = sentences(lines[-1], since)
    return lines
