"""Home with 5,000 models and 1,000 datasets against 10 of each: first page, last page, and its live part at rest.

Run with ``python benchmarks/studio_home.py``. The pages are asked within this process, packed; medians of interleaved
rounds.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select
from starlette.testclient import TestClient

from glasshouse.store.database import Store, open_store
from glasshouse.store.datasets import page_of_datasets
from glasshouse.store.models import page_of_models
from glasshouse.store.ownership import Listing
from glasshouse.store.submit import NewDataset, NewModel, submit_dataset, submit_models
from glasshouse.store.tables import datasets, jobs, models
from glasshouse.web.app import create_app

ROUNDS = 15


def filled(home: Path, many_models: int, many_datasets: int) -> Store:
    """Make a home of finished datasets and models; they are copies of one row each, without files."""
    store = open_store(home)
    data = submit_dataset(store, NewDataset("Digits", {"source": "sample:digits"}))
    (model,) = submit_models(store, NewModel("Model", data.id, {"network": "LeNet"}))
    copies = ((datasets, data.id, data.job_id, many_datasets), (models, model.id, model.job_id, many_models))
    with store.write() as connection:
        for table, key, job, count in copies:
            row = dict(connection.execute(select(table).where(table.c.id == key)).one()._mapping)
            work = dict(connection.execute(select(jobs).where(jobs.c.id == job)).one()._mapping) | {"state": "done"}
            for wanted, first, numbered in ((jobs, work, "id"), (table, row, "job_id")):
                rows = [
                    {**first, "id": f"{first['id']}-{n}", numbered: f"{job}-{n}", "created_at": float(n)}
                    for n in range(count - 1)
                ]
                connection.execute(insert(wanted), rows)
        connection.execute(jobs.update().values(state="done"))
    return store


def last_mark(page: Callable[..., Any], store: Store) -> str:
    """Return the mark behind which the last page of a list begins."""
    mark, last = "", ""
    while mark is not None:
        last, mark = mark, page(store, None, Listing(limit=20, after=mark)).after
    return last


def addresses(store: Store) -> dict[str, str]:
    """Return what is asked of one home."""
    marks = {"models-after": last_mark(page_of_models, store), "datasets-after": last_mark(page_of_datasets, store)}
    query = "&".join(f"{name}={value}" for name, value in marks.items() if value)
    return {"first page": "/", "last page": f"/?{query}", "by score": "/?sort=score", "search": "/?q=digits"}


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as place:
        stores = {"10": filled(Path(place) / "few", 10, 10), "6,000": filled(Path(place) / "many", 5000, 1000)}
        clients = {name: TestClient(create_app(store), base_url="http://127.0.0.1") for name, store in stores.items()}
        asked = {(name, what): at for name, store in stores.items() for what, at in addresses(store).items()}
        times: dict[tuple[str, str], list[float]] = {key: [] for key in asked}
        for _ in range(ROUNDS):
            for (name, what), address in asked.items():
                begin = time.perf_counter()
                answer = clients[name].get(address)
                times[name, what].append(time.perf_counter() - begin)
                assert answer.status_code == 200, (what, answer.status_code)
        for (name, what), found in times.items():
            size = int(clients[name].get(asked[name, what]).headers["content-length"])
            print(f"{name:>6} things, {what}: median {1000 * statistics.median(found):.0f} ms, {size} bytes packed")
        client = clients["6,000"]
        live = client.get("/live/home")
        mark = live.text.split('data-since="')[1].split('"')[0] if 'data-since="' in live.text else ""
        again = client.get("/live/home", params={"since": mark})
        print(f"live part: {live.status_code}, {live.headers['content-length']} bytes; unchanged: {again.status_code}, "
              f"{len(again.content)} bytes")  # fmt: skip
        for store in stores.values():
            store.close()


if __name__ == "__main__":
    main()
