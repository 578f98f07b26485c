"""Messages of the library give no advice for a terminal on pages, in either language."""

import re

import pytest
from library_messages import templates

from glasshouse.web.framework.language import library_texts
from glasshouse.web.framework.options import as_pages_say

TERMINAL = re.compile(r"(?<![\w-])--[a-z]+|glasshouse [a-z]+|(?<!the )dataset show|train --")
STARTING = re.compile(  # how the Studio is started, which no page can change
    r"glasshouse studio[^.;)]*|start it with --allow-host|--allow-host로 시작|glasshouse users add NAME"
)
NO_PAGE = ("store/database.py", "store/local_token.py")  # said before there is any page


@pytest.mark.parametrize("language", ["en", "ko"])
def test_no_message_advises_a_command_on_a_page(language: str) -> None:
    korean = library_texts("ko")
    found = {}
    for text, place in templates().items():
        said = as_pages_say(text if language == "en" else korean.get(text, ""), language)
        if not place.startswith(NO_PAGE) and TERMINAL.search(STARTING.sub("", said)):
            found[place] = said
    assert found == {}


def test_options_become_fields() -> None:
    table = "x holds 3 files and no class folders. There is a table, a.csv: give it as the source."
    assert "“Labels come from”" in as_pages_say(table, "en")
    assert as_pages_say("The run at a/b has no model yet; finish it with: glasshouse resume a/b", "en") == (
        "The run at a/b has no model yet; resume it first"
    )
