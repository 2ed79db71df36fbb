"""README's pictures: none shows an error that its name does not promise."""

import html
import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "screenshots"
_PROMISED = "error", "refused"
"""Names of pictures that show an error on purpose."""
_ERRORS = re.compile(
    r"could not|cannot be read|not read|no transfer can|rejected|not understood|write it out|error|no access"
    r"|only [0-9.,]+ ",
    re.IGNORECASE,
)


def text_of(picture: Path) -> str:
    """What stands in a picture."""
    return html.unescape(" ".join(re.findall(r">([^<]+)</text>", picture.read_text()))).replace("\xa0", " ")


@pytest.mark.parametrize("picture", sorted(FOLDER.rglob("*.svg")), ids=lambda picture: picture.stem)
def test_picture_shows_an_error_only_if_its_name_says_so(picture: Path) -> None:
    assert bool(_ERRORS.search(text_of(picture))) == (picture.stem in _PROMISED)
    assert len(text_of(picture)) > 200
