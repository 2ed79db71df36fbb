"""A person's rules: a file is understood as a whole or refused with its line, and what each rule forbids."""

import contextlib
import os
from collections.abc import Callable
from decimal import Decimal
from itertools import count
from pathlib import Path
from time import monotonic

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.evidence import begin_anyway
from tests.examples import one_in
from tui import cli
from tui import rules as rules_file
from tui.domain.balances import Account, Balances, Holdings
from tui.domain.plan import gather, rest, via, way_back
from tui.domain.records import HistoryQuery, HistoryRow, RecordStatus
from tui.domain.rules import Allow, Keep, Most, MostPerDay, Origin, Rule, Rules, legs_of, violations
from tui.domain.transfer import Sending, TransferRequest
from tui.domain.wallets import TransferType, Wallet
from tui.history import HistoryCache, cache_path
from tui.journal import Journal
from tui.rules import RulesError, check, rules, rules_path
from tui.words import guards

SPOT, FUNDING, UM, CM = map(Account, (Wallet.SPOT, Wallet.FUNDING, Wallet.UM, Wallet.CM))
GOOD = """\
# of all
allow = ["spot -> um", "um -> spot", "cm -> um"]
most = { USDT = "500", BTC = "0.01" }

[most_per_day]
USDT = 2000

[profile.main]
keep = { spot = { USDT = "100.50" } }

[profile.main.most]
USDT = "50"
"""

Write = Callable[[str | bytes], None]


@pytest.fixture
def write(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Write:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))

    def written(content: str | bytes) -> None:
        rules_path().parent.mkdir(exist_ok=True)
        rules_path().write_bytes(content if isinstance(content, bytes) else content.encode())

    return written


def names() -> list[str]:
    return ["main", "other"]


def test_no_file_means_no_rules(write: Write) -> None:
    assert rules("main", names) == Rules()
    write("# none")
    assert rules("main", names).rules == check(names) == ()


def test_each_rule_has_its_line(write: Write) -> None:
    write(GOOD)
    moves = frozenset({(Wallet.SPOT, Wallet.UM), (Wallet.UM, Wallet.SPOT), (Wallet.CM, Wallet.UM)})
    of_all: list[Rule] = [
        Allow(moves, Origin("rules.toml", 2)),
        Most("USDT", Decimal(500), Origin("rules.toml", 3)),
        Most("BTC", Decimal("0.01"), Origin("rules.toml", 3)),
        MostPerDay("USDT", Decimal(2000), Origin("rules.toml", 6)),
    ]
    own: list[Rule] = [
        Most("USDT", Decimal(50), Origin("rules.toml", 12, "main")),
        Keep(Wallet.SPOT, "USDT", Decimal("100.50"), Origin("rules.toml", 9, "main")),
    ]
    assert list(rules("main", names).rules) == of_all + own
    assert list(rules("other", names).rules) == list(rules("", names).rules) == of_all
    assert set(check(names)) == {*of_all, *own}


COMMENTED = """\
# For USDT: most in one transfer, most_per_day, and keep in spot
allow = [
  "spot -> um",  # most = { USDT }
  "um -> spot",
]
keep = { spot = { USDT = "100" }, "um" = { BTC = '1' } }
most.USDT = \"\"\"
5\"\"\"
[ profile . main . keep.um ]
"ETH" = "5"
[most_per_day]
USDT = "7"
"""


def test_line_is_that_of_the_key_and_not_of_a_comment_or_of_another_table(write: Write) -> None:
    write(COMMENTED)
    lines = [(type(rule), rule.origin.line) for rule in check(names)]
    assert lines == [(Allow, 2), (Most, 7), (MostPerDay, 12), (Keep, 6), (Keep, 6), (Keep, 10)]


def test_long_file_is_understood_at_once(write: Write) -> None:
    write("[most]\n" + "".join(f'A{number} = "1"\n' for number in range(15_000)))
    began_s = monotonic()
    assert check(names)[-1].origin.line == 15_001
    assert monotonic() - began_s < 10  # it took a minute, while the screen stood still


def test_asset_of_another_script_has_rules_too(write: Write) -> None:
    write('most = { "币安人生" = "1", "1000СВО" = "2" }')
    assert [rule.asset for rule in check(names) if isinstance(rule, Most)] == ["币安人生", "1000СВО"]


def test_byte_order_mark_is_no_part_of_the_first_rule(write: Write) -> None:
    write(b"\xef\xbb\xbf" + GOOD.encode())
    assert rules("main", names).rules[0].origin.line == 2


@pytest.mark.parametrize(
    ("content", "line", "why"),
    [
        ("\n[most]\nUSDT = 0x" + "F" * 5000, 3, "too many digits"),
        ("\nallow = " + "[" * 50_000, 2, "nested too deeply"),
        ('allow = ["um -> spot -> um"]', 1, "is not a move"),
        ('[most]\n"USD\u0422" = "1"', 2, "look like Latin ones: \u0422"),
        ("", 1, "it is empty"),
        ("most = {", 1, "nclosed|xpected|nvalid"),
        ("\nmost = 5", 2, "most is a table"),
        ("# x\n\nfoo = 1", 3, "there is no rule 'foo'"),
        ("[profile.nobody]\nallow = []", 1, "there is no profile 'nobody'; profiles: main, other"),
        ("profile = 5", 1, "profile is a table"),
        ("[profile]\nmain = 5", 2, "is a table"),
        ('allow = "spot -> um"', 1, "allow is a list"),
        ("allow = [1]", 1, "allow is a list"),
        ('allow = ["spot um"]', 1, "is not a move"),
        ('allow = ["spot -> moon"]', 1, "there is no wallet 'moon'"),
        ('allow = ["spot -> spot"]', 1, "nothing moves from spot to spot"),
        ("[most]\nUSDT = 1.5", 2, "an amount is a text"),
        ("[most]\nUSDT = true", 2, "an amount is a text"),
        ('[most]\nUSDT = "1e3"', 2, "is not an amount"),
        ('[most]\nUSDT = "-5"', 2, "is not an amount"),
        ('[most]\nUSDT = "0"', 2, "is not an amount"),
        ('[most]\n"US DT" = "1"', 2, "is not an asset"),
        ("retype_from = 5", 1, "is a worth, like"),
        ('retype_from = "5"', 1, "is a worth, like"),
        ('retype_from = "x USDT"', 1, "is not an amount"),
        ("[keep]\nspot = 5", 2, "spot is a table"),
        ('[keep.moon]\nUSDT = "5"', 1, "there is no wallet"),
        (b"\nmost = {}\n\xff\xfe", 3, "not UTF-8"),
        ("[most]\nUSDT = " + "9" * 5000, 2, "igit"),
    ],
)
def test_file_that_is_not_understood_as_a_whole_is_refused_with_its_line(
    write: Write, content: str | bytes, line: int, why: str
) -> None:
    good = GOOD.encode() if isinstance(content, str) and content.startswith("[profile.x") else b""
    write(good + (content if isinstance(content, bytes) else content.encode()))
    with pytest.raises(RulesError, match=why) as refused:
        rules("main", names)
    assert f"rules.toml, line {line}: " in str(refused.value)
    assert str(refused.value).endswith("Until it is right, nothing is sent.")


@one_in(2)
@given(
    st.binary(max_size=200)
    | st.text(max_size=200)
    | st.builds(lambda at, what: GOOD[:at] + what + GOOD[at:], st.integers(0, len(GOOD)), st.text(max_size=5))
)
def test_no_file_ends_in_anything_but_rules_or_their_error(write: Write, content: str | bytes) -> None:
    write(content if isinstance(content, bytes) else content.encode(errors="surrogatepass"))
    problem = _problem()
    assert problem == "" or (", line " in problem and problem.isprintable())


def _problem() -> str:
    try:
        rules("main", names)
    except RulesError as error:
        return str(error)
    return ""


def test_command_lists_the_rules_with_their_lines(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["rules", "check"]) == 0
    assert "There are no rules" in capsys.readouterr().err
    write(GOOD.partition("[profile")[0])
    assert cli.main(["rules", "check"]) == 0
    lines = [line.split(maxsplit=2) for line in capsys.readouterr().out.splitlines()[1:]]
    assert lines == [
        ["2", "all", "only: cm -> um, spot -> um, um -> spot"],
        ["3", "all", "at most 500 USDT in one transfer"],
        ["3", "all", "at most 0.01 BTC in one transfer"],
        ["6", "all", "at most 2,000 USDT in one UTC day, by this journal"],
    ]
    write(GOOD)
    assert cli.main(["rules", "check"]) == 1
    assert "line 8: there is no profile 'main'; profiles: none" in capsys.readouterr().err


def test_command_names_assets_that_were_never_moved(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    write('most = { USDT = "5", ETH = "1", UDST = "5" }\nretype_from = "100 EUR"\nkeep.spot.BTTC = "1"\n')

    def noted() -> str:
        assert cli.main(["rules", "check"]) == 0
        return capsys.readouterr().err

    assert noted() == ""
    with contextlib.closing(Journal.open()) as journal:
        assert noted() == ""  # nothing was sent yet, so no asset is odd
        request = TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal(5))
        begin_anyway(journal, Sending(request, "main", "demo", "print", "https://api.binance.com", 1, 20, 5000))
    assert "a transfer of ETH (line 1), UDST (line 1), BTTC (line 3). Check the spelling" in noted()
    with contextlib.closing(HistoryCache("https://api.binance.com", "print")) as cache:
        record = HistoryRow("ETH", Decimal(1), "MAIN_FUNDING", RecordStatus.CONFIRMED, 1, 1_700_000_000_000, None, None)
        cache.add(HistoryQuery(TransferType.MAIN_FUNDING), [record])
    assert "a transfer of UDST (line 1), BTTC (line 3)." in noted()
    cache_path().write_text("damaged, and more than a page of it" * 300)
    before = cache_path().read_bytes()
    assert noted() == ""
    assert cache_path().read_bytes() == before


def test_something_else_in_the_files_place_is_refused(write: Write) -> None:
    rules_path().mkdir(parents=True)
    with pytest.raises(RulesError, match="is a folder"):
        rules("main", names)


@pytest.mark.parametrize("during", [None, "", 'most = { USDT = "5" }\n'], ids=["gone", "empty", "cut off"])
def test_file_is_not_taken_as_it_is_while_an_editor_saves_it(
    write: Write, monkeypatch: pytest.MonkeyPatch, during: str | None
) -> None:
    write("")
    if during is None:
        rules_path().unlink()
    else:
        write(during)

    def saved(_: float) -> None:
        write('most = { USDT = "5" }\nallow = []\n')

    monkeypatch.setattr("tui.rules.time.sleep", saved)
    assert len(rules("main", names).rules) == 2


def test_nobody_waits_for_an_editor_where_there_is_no_folder_yet(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    home = next(folder for folder in rules_path().parents if folder.exists())
    os.utime(home, (0, 0))
    monkeypatch.setattr("tui.rules.time.sleep", lambda _: pytest.fail("waits"))
    assert rules("main", names) == Rules()


def test_file_that_changes_all_the_time_is_refused(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write("# 0")
    numbers = count(1)
    monkeypatch.setattr("tui.rules.time.sleep", lambda _: write(f"# {next(numbers)}"))
    with pytest.raises(RulesError, match="changes all the time"):
        rules("main", names)


@pytest.mark.parametrize("linked", ["rules.toml", "."])
def test_link_to_nothing_is_not_taken_for_no_file(write: Write, tmp_path: Path, linked: str) -> None:
    link = rules_path().parent / linked if linked != "." else rules_path().parent
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(tmp_path / "disk that is not mounted" / linked)
    for read in (lambda: rules("main", names), lambda: check(names)):
        with pytest.raises(RulesError, match=r"is a link to nothing.*nothing is sent"):
            read()


# What they forbid


def balances(amount: str | None, *, read_ms: float = 10, problem: str = "") -> Balances:
    if amount is None:
        return Balances()
    return Balances().with_holdings(
        Wallet.SPOT, Holdings({"USDT": Decimal(amount)}, read_ms=read_ms, is_transferable=True, problem=problem)
    )


ORIGIN = Origin("rules.toml", 7)
KEEP = Rules((Keep(Wallet.SPOT, "USDT", Decimal(100), ORIGIN),))


def words_for(found: Rules, sending: object, held: Balances | None = None) -> list[str]:
    return [guards.broken(each) for each in violations(found, sending, held or Balances(), 5)]  # type: ignore[arg-type]


def of_spot(amount: str) -> TransferRequest:
    return TransferRequest(TransferType.MAIN_UMFUTURE, "USDT", Decimal(amount))


@pytest.mark.parametrize(
    ("held", "amount", "words"),
    [
        ("150", "50", []),
        ("150", "50.00000001", ["rules.toml, line 7: 100 USDT must stay in Spot. 99.99999999 USDT would stay free."]),
        (None, "1", ["rules.toml, line 7: 100 USDT must stay in Spot. What would stay is not known."]),
    ],
)
def test_what_must_stay_stays(held: str | None, amount: str, words: list[str]) -> None:
    assert words_for(KEEP, of_spot(amount), balances(held)) == words


@pytest.mark.parametrize("what", [{"read_ms": 4}, {"problem": "no answer"}])
def test_balance_that_was_not_read_just_now_counts_for_nothing(what: dict[str, object]) -> None:
    assert len(words_for(KEEP, of_spot("1"), balances("500", **what))) == 1  # type: ignore[arg-type]


def test_balance_that_an_open_transfer_may_change_counts_for_nothing() -> None:
    held = balances("500").doubted([Wallet.SPOT], [Wallet.SPOT], 10)
    assert len(words_for(KEEP, of_spot("1"), held)) == 1


def test_money_that_passes_through_is_none_that_leaves() -> None:
    plan = via(FUNDING, Account(Wallet.PORTFOLIO), "USDT", Decimal(1000))
    assert words_for(KEEP, plan, balances("100")) == []
    left = rest(plan, 1)
    assert left
    assert words_for(KEEP, left, balances("100")) == []


def test_gathered_amounts_of_one_account_count_together() -> None:
    plan = gather(UM, "USDT", {SPOT: Decimal(60), FUNDING: Decimal(1000)})
    assert words_for(KEEP, plan, balances("159")) == [
        "rules.toml, line 7: 100 USDT must stay in Spot. 99 USDT would stay free."
    ]


def test_allowed_moves_are_the_two_ends_of_a_plan() -> None:
    found = Rules((Allow(frozenset({(Wallet.CM, Wallet.UM)}), ORIGIN),))
    plan = via(CM, UM, "USDT", Decimal(5))
    left, back = rest(plan, 1), way_back(plan, 1)
    assert left
    assert back
    assert words_for(found, plan) == words_for(found, left) == []
    assert words_for(found, back) == ["rules.toml, line 7: Spot -> COIN-M Futures is not among the allowed moves."]
    assert words_for(found, plan.steps[0].request) == [
        "rules.toml, line 7: COIN-M Futures -> Spot is not among the allowed moves."
    ]
    assert [leg.is_new for leg in legs_of(left)] == [False]


@pytest.mark.parametrize(("amount", "count"), [("500", 0), ("500.00000001", 1)])
def test_most_in_one_transfer(amount: str, count: int) -> None:
    found = Rules((Most("USDT", Decimal(500), ORIGIN), Most("BTC", Decimal(1), ORIGIN)))
    assert len(words_for(found, of_spot(amount))) == count
    assert len(words_for(found, via(CM, UM, "USDT", Decimal(amount)))) == count


def test_module_says_where_the_file_is(write: Write, tmp_path: Path) -> None:
    assert rules_file.rules_path() == tmp_path / "shunter" / "rules.toml"
