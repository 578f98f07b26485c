"""The map by mouse and keyboard: hovering shows the picture of its point, filters and a lasso list their pictures."""

import re
from typing import Any

from axe_check import grave_faults
from seeded_studio import Seeded


def test_points_belong_to_their_pictures_when_hovered_filtered_and_lassoed(page: Any, seeded: Seeded) -> None:
    address = f"/models/{seeded.first}/map"
    page.goto(address)
    page.get_by_role("button", name="Make the map", exact=True).click()
    page.locator("[data-map][data-iteration='750'][data-ready]").wait_for()
    page.get_by_role("button", name="Make the map again").wait_for()
    assert grave_faults(page) == []
    page.get_by_label("Method").select_option("pca")
    page.locator("[data-map][data-method='pca'][data-ready]").wait_for()
    page.get_by_label("Class").select_option(index=1)
    page.locator("[data-map][data-ready]:not([data-chosen-class=''])").wait_for()
    wanted = page.locator("[data-map]").get_attribute("data-chosen-class")
    chosen = page.request.get(f"/api/v1{address}/chosen?method=pca&class={wanted}&limit=1000").json()["items"]
    canvas = page.locator(".map-frame canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    lone = _lone(chosen)
    xs, ys = _scaled(page, address, box, lone)
    page.mouse.move(box["x"] + xs, box["y"] + ys)
    tip = page.locator(".map-tip")
    tip.wait_for()
    assert tip.get_attribute("data-point") == str(lone["number"])
    assert tip.locator("img").get_attribute("src").endswith(f"/{lone['split']}/{lone['row']}")
    tip.get_by_text(lone["path"]).wait_for()

    page.get_by_role("button", name="Select with a lasso").click()
    corners = ((2, 2), (box["width"] - 2, 2), (box["width"] - 2, box["height"] - 2), (2, box["height"] - 2))
    page.mouse.move(box["x"] + 2, box["y"] + 2)
    page.mouse.down()
    for x, y in corners:
        page.mouse.move(box["x"] + x, box["y"] + y, steps=3)
    page.mouse.up()
    page.get_by_role("heading", name="Selected pictures").wait_for()
    page.get_by_text(re.compile(rf"^\s*{len(chosen)} pictures?\s*$")).wait_for()
    assert "lasso=" in page.url
    page.get_by_role("link", name="Neighbours").first.click()
    page.get_by_role("heading", name="Nearest on the map").wait_for()


def _lone(points: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the point that is farthest from its neighbours."""

    def apart(one: dict[str, Any]) -> float:
        return min((one["x"] - o["x"]) ** 2 + (one["y"] - o["y"]) ** 2 for o in points if o is not one)

    return max(points, key=apart)


def _scaled(page: Any, address: str, box: dict[str, float], point: dict[str, Any]) -> tuple[float, float]:
    """Return where on the canvas a point is: the whole map with a margin of 6 %."""
    every = page.request.get(f"/api/v1{address}/chosen?method=pca&limit=1000").json()["items"]
    xs, ys = [one["x"] for one in every], [one["y"] for one in every]
    size = 1.06 * max(max(xs) - min(xs), max(ys) - min(ys))
    scale = min(box["width"], box["height"]) / size
    x = (point["x"] - (min(xs) + max(xs)) / 2) * scale + box["width"] / 2
    return x, box["height"] / 2 - (point["y"] - (min(ys) + max(ys)) / 2) * scale
