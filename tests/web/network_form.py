"""The form of the network editor, read from its page and sent as a browser sends it."""

import re
from html import unescape
from typing import Any

from starlette.testclient import TestClient


def fields(html: str) -> list[tuple[str, str]]:
    """The fields of the editor's form as a browser sends them."""
    form = html[html.index('id="network"') :]
    form = form[: form.index("</form>")]
    found: list[tuple[str, str]] = []
    for tag, rest in re.findall(r"<(input|select)\b([^>]*)>", form):
        name = re.search(r'name="([^"]*)"', rest)
        if name is None or (' type="checkbox"' in rest and " checked" not in rest):
            continue
        value = re.search(r'value="([^"]*)"', rest)
        if tag == "select":
            options = form[form.index(f'name="{name[1]}"') :].split("</select>")[0]
            chosen = re.search(r'<option(?: value="([^"]*)")? selected', options) or re.search(
                r'<option value="([^"]*)"', options
            )
            found.append((name[1], unescape(chosen[1] or "") if chosen else ""))
        else:
            found.append((name[1], unescape(value[1]) if value else "on"))
    return found


def send(client: TestClient, address: str, sent: list[tuple[str, str]], do: str, **changes: str) -> Any:
    form: dict[str, list[str]] = {}
    for name, value in sent:
        form.setdefault(name, []).append(value)
    form |= {name.replace("__", "."): [value] for name, value in changes.items()}
    return client.post(address, data={**form, "do": do}, follow_redirects=False)
