"""What axe says of a page as it stands, in light and in dark."""

from typing import Any

import pytest

__all__ = ["grave_faults"]


def grave_faults(page: Any) -> list[str]:
    """Return what axe holds for serious or critical on the page as it is now, in light and in dark."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed").Axe()
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        for one in axe.run(page).response["violations"]:
            if one["impact"] in ("serious", "critical"):
                found.append(f"{scheme}: {one['id']}: {one['nodes'][0]['html'][:150]}")
    return found
