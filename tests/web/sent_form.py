"""What a browser sends of the form on a page."""

from html.parser import HTMLParser


class Sent(HTMLParser):
    """What a browser sends of the form of a page, as it stands there."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.values: dict[str, str] = {}
        self.select = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {key: value or "" for key, value in attrs}
        name = given.get("name", "")
        if tag == "select":
            self.select = name
            self.names.add(name)
        elif tag == "option" and ("selected" in given or self.select not in self.values):
            self.values[self.select] = given["value"]
        elif tag == "input" and name:
            self.names.add(name)
            if given.get("type") not in ("checkbox", "radio") or "checked" in given:
                self.values[name] = given.get("value", "on")
