"""Favourites in their file: what is right works, what is wrong is told by its line, and what is written stays."""

import stat
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui import cli
from tui.domain.favourite import Favourite, InvalidFavourite, parse_favourite, written_down
from tui.domain.transfer import Draft
from tui.domain.wallets import TransferType, Wallet
from tui.favourites import FavouriteMissing, FavouritesError, favourite, favourites, favourites_path, keep, remove
from tui.structs import replace

TOP_UP = Favourite("top up", Draft(Wallet.SPOT, Wallet.UM, "USDT", "250.50"), "main")
ALL_BACK = Favourite("all back", Draft(Wallet.UM, Wallet.SPOT, "USDT", takes_all=True))
BY_PAIR = Favourite("币安", Draft(Wallet.SPOT, Wallet.ISOLATED, "BTC", to_pair="BTCUSDT"))

FILE = """\
# Mine.

# Before the market opens.
[[favourite]] # daily
name = "top up"
from = "spot"   # where it is
to = "um"
asset = "usdt"
amount = "250.50"
profile = 'main'

[[favourite]]
amount = "max"
name = "all back"
to = "SPOT"
from = "UMFUTURE"
asset = "USDT"

[[favourite]]
name = "币安"
from = "spot"
to = "isolated"
to-pair = "btcusdt"
asset = "BTC"
"""


@pytest.fixture(autouse=True)
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    favourites_path().parent.mkdir(parents=True, exist_ok=True)
    return favourites_path()


def test_file_is_read(path: Path) -> None:
    assert favourites().usable == ()
    path.write_text(FILE)
    assert favourites().mistakes == ()
    assert favourites().usable == (TOP_UP, ALL_BACK, BY_PAIR)
    assert favourite(" all back ") == ALL_BACK


@pytest.mark.parametrize(
    ("amount", "read"),
    [
        ('"all but 50"', "all but 50"),
        ('" All But 1,250.0 "', "all but 1250.0"),
        ('"all but"', None),
        ("250", "250"),
        ("0.10", "0.10"),
        ('" 7 "', "7"),
        ("12.123456789012345678901", None),
    ],
)
def test_amount_may_be_a_number_and_stays_exact(path: Path, amount: str, read: str | None) -> None:
    path.write_text(FILE.replace('"250.50"', amount))
    drafts = [one.draft.amount for one in favourites().usable if one.name == "top up"]
    assert drafts == ([read] if read else [])


@pytest.mark.parametrize(
    ("right", "wrong", "line", "why"),
    [
        ('to = "um"', 'to = "pm2"', 7, "to: there is no wallet 'pm2'; choose one of: spot, funding"),
        ('to = "um"', 'to = "spot"', 7, "to: The exchange moves nothing from Spot to Spot. Spot reaches: Funding"),
        ('asset = "usdt"', 'asset = "US-DT"', 8, "asset: Letters and digits only, like USDT"),
        ('asset = "usdt"', "asset = 5", 8, 'asset: write it as a text, like "USDT"'),
        ('asset = "usdt"', "", 4, "asset: it is missing"),
        (
            'amount = "250.50"',
            'amount = "1e3"',
            9,
            'amount: Write it out in plain digits: 1000, not 1e3; or "max", "all',
        ),
        ('amount = "250.50"', "amount = 0", 9, "amount: The amount must be more than 0"),
        ('amount = "250.50"', "amount = true", 9, "amount: write it as a text"),
        ('amount = "250.50"', 'from-pair = "BTCUSDT"', 9, "from-pair: This move takes no pair for Spot"),
        ('amount = "250.50"', 'amuont = "3"', 9, "a favourite has no 'amuont'; did you mean amount?"),
        ('amount = "250.50"', "amount = 250,50", 9, "this is not TOML: Expected newline or end of document"),
        ('amount = "250.50"', 'amount = "250.50', 9, "this is not TOML: "),
        ('name = "top up"', 'name = "a\\u001b[2J"', 5, "name: a name has at most 40 characters, all of which can be"),
        ("[[favourite]] # daily", "[[favourite]]\n[favourite.more]", 5, "a favourite has no 'more'"),
        ("# Mine.", 'version = "1"', 1, "there are only [[favourite]] tables here, and no 'version'"),
    ],
)
def test_what_is_wrong_is_told_by_its_line_and_the_rest_works(
    path: Path, right: str, wrong: str, line: int, why: str
) -> None:
    assert right in FILE
    path.write_text(FILE.replace(right, wrong, 1))
    found = favourites()
    assert [one.name for one in found.usable][-2:] == ["all back", "币安"]
    (told,) = found.mistakes
    assert told.line == line
    assert told.why.startswith(why)
    assert "\x1b" not in str(told)


def test_name_that_is_taken_is_told(path: Path) -> None:
    path.write_text(FILE.replace('"all back"', '"top up"'))
    found = favourites()
    assert found.usable == (TOP_UP, BY_PAIR)
    assert [str(wrong) for wrong in found.mistakes] == ["line 12: the name 'top up' is taken already, in line 4"]


def test_favourite_that_cannot_be_used_says_why_and_one_that_is_not_there_what_there_is(path: Path) -> None:
    path.write_text(FILE.replace('to = "um"', 'to = "spot"'))
    with pytest.raises(FavouriteMissing, match=r"'top up' cannot be used: .*favourites.toml, line 7: to: The exchange"):
        favourite("top up")
    with pytest.raises(FavouriteMissing, match=r"^There is no favourite 'x'. Favourites: all back, 币安$"):
        favourite("x")
    path.unlink()
    with pytest.raises(FavouriteMissing, match="nor any other, in"):
        favourite("x")


@pytest.mark.parametrize("content", [b"\xff\xfe", b"#" * (2 * 1024 * 1024)], ids=["no UTF-8", "too long"])
def test_what_is_no_file_of_favourites_is_told(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(FavouritesError, match=r"favourites\.toml"):
        favourites()
    path.unlink()
    path.mkdir()
    with pytest.raises(FavouritesError, match=r"favourites\.toml, cannot be read"):
        favourites()


def test_first_favourite_makes_the_file(path: Path) -> None:
    keep(TOP_UP)
    keep(BY_PAIR)
    assert favourites().usable == (TOP_UP, BY_PAIR)
    assert path.read_text().startswith("# Favourites of Shunter: ")
    tomllib.loads(path.read_text())


def test_keeping_changes_one_favourite_and_leaves_the_rest_as_it_was_written(path: Path) -> None:
    path.write_text(FILE)
    keep(replace(TOP_UP, draft=replace(TOP_UP.draft, amount="", takes_all=True), profile=""))
    assert path.read_text() == FILE.replace('amount = "250.50"', 'amount = "max"').replace("profile = 'main'\n", "")
    assert favourites().usable[1:] == (ALL_BACK, BY_PAIR)


def test_one_of_another_profile_is_not_replaced_unseen(path: Path) -> None:
    path.write_text(FILE)
    with pytest.raises(InvalidFavourite, match="the profile main has one of this name: take another"):
        keep(replace(TOP_UP, profile=""), in_sight_of="other")
    assert path.read_text() == FILE
    keep(replace(TOP_UP, profile=""), in_sight_of="main")
    keep(replace(ALL_BACK, profile="other"), in_sight_of="other")
    assert favourites().usable[:2] == (replace(TOP_UP, profile=""), replace(ALL_BACK, profile="other"))


def test_new_favourite_comes_last(path: Path) -> None:
    path.write_text(FILE.rstrip("\n"))
    other = Favourite("other", Draft(Wallet.FUNDING, Wallet.SPOT, "BNB", "1"))
    keep(other)
    assert path.read_text().startswith(FILE)
    assert favourites().usable == (TOP_UP, ALL_BACK, BY_PAIR, other)


@pytest.mark.parametrize(
    "draft", [Draft(asset=""), Draft(asset="USDT", amount="1,5"), Draft(Wallet.SPOT, Wallet.SPOT, "A")]
)
def test_what_could_not_be_read_again_is_not_written(path: Path, draft: Draft) -> None:
    path.write_text(FILE)
    with pytest.raises(InvalidFavourite):
        keep(Favourite("top up", draft))
    assert path.read_text() == FILE


def test_mistakes_of_others_stay_and_a_mistaken_one_is_put_right(path: Path) -> None:
    mistaken = FILE.replace('amount = "max"', "amount = 1,5").replace('asset = "usdt"', "asset = ")
    path.write_text(mistaken)
    keep(TOP_UP)
    assert "amount = 1,5" in path.read_text()
    assert path.read_text().startswith("# Mine.\n\n# Before the market opens.\n[[favourite]]\n")
    assert favourites().usable == (TOP_UP, BY_PAIR)


def test_favourite_is_taken_out_with_its_comments(path: Path) -> None:
    path.write_text(FILE)
    remove("top up")
    assert path.read_text() == "# Mine.\n\n" + FILE[FILE.index('[[favourite]]\namount = "max"') :]
    with pytest.raises(FavouriteMissing):
        remove("top up")


def test_link_and_mode_of_the_file_stay(path: Path, tmp_path: Path) -> None:
    shared = tmp_path / "dotfiles.toml"
    shared.write_text(FILE)
    shared.chmod(0o644)
    path.symlink_to(shared)
    remove("top up")
    assert path.is_symlink()
    assert stat.S_IMODE(shared.stat().st_mode) == 0o644
    assert len(favourites().usable) == 2


def test_folder_that_cannot_be_written_is_told(path: Path) -> None:
    path.parent.rmdir()
    path.parent.write_text("no folder")
    with pytest.raises(FavouritesError, match="cannot be written to: "):
        keep(TOP_UP)


def _opened(*words: str) -> tuple[Draft, str | None]:
    """What the command line makes of a favourite, and the profile that it opens."""
    parser = cli._parser()
    args = parser.parse_args(words)
    return cli._favourite(parser, args), args.profile


def test_command_line_opens_a_favourite(path: Path) -> None:
    path.write_text(FILE)
    assert _opened("--favourite", "top up") == (TOP_UP.draft, "main")
    assert _opened("--favourite", "top up", "--demo") == (TOP_UP.draft, None)
    assert _opened("--favourite", "all back", "--profile", "other") == (ALL_BACK.draft, "other")
    assert _opened("--favourite", "all back", "--amount", "3", "--asset", "bnb") == (
        Draft(Wallet.UM, Wallet.SPOT, "BNB", "3"),
        None,
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--favourite", "x"), "There is no favourite 'x'. Favourites: top up, all back, 币安"),
        (("--favourite", ""), "There is no favourite ''. Favourites: top up"),
        (("--favourite", "top up", "--profile", "other"), "the favourite 'top up' is for the profile main; leave out"),
        (("--favourite", "top up", "--from", "spot"), "--favourite has its own wallets; leave out --from, --to and"),
    ],
)
def test_favourite_that_cannot_be_opened_is_misuse(
    path: Path, words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path.write_text(FILE)
    with pytest.raises(SystemExit) as ended:
        cli.main(words)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err.splitlines()[-1]


_texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)


@st.composite
def _favourites(draw: st.DrawFn) -> Favourite:
    move = draw(st.sampled_from(TransferType))
    amount = draw(st.sampled_from(["", "1", "0.00000001"]))
    pairs = [draw(st.sampled_from(["", pair])) for pair in ("BTCUSDT", "ETHUSDT")]
    draft = Draft(
        move.source,
        move.destination,
        draw(st.sampled_from(["USDT", "币安人生"])),
        amount,
        pairs[0] if move.needs_from_pair else "",
        pairs[1] if move.needs_to_pair else "",
        takes_all=not amount and draw(st.booleans()),
    )
    try:
        name = parse_favourite({"name": draw(_texts), "from": "spot", "to": "um", "asset": "A"}).name
    except InvalidFavourite:
        name = "x"
    return Favourite(name, draft, draw(st.sampled_from(["", "main"])))


@given(st.lists(_favourites(), max_size=4))
def test_what_is_kept_is_read(kept: list[Favourite]) -> None:
    favourites_path().unlink(missing_ok=True)
    for one in kept:
        assert parse_favourite(written_down(one)) == one
        keep(one)
    assert {one.name: one for one in favourites().usable} == {one.name: one for one in kept}
    assert favourites().mistakes == ()
