"""What a server counts, as Prometheus reads it (text format 0.0.4)."""

import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping

__all__ = ["BUCKETS", "CONTENT_TYPE", "Metrics"]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)  # seconds of a request


class Metrics:
    """Requests by model and status, their seconds, pictures by model and outcome, and batches."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: Counter[tuple[str, int]] = Counter()
        self._pictures: Counter[tuple[str, str]] = Counter()
        self._seconds: dict[str, list[float]] = {}  # by model: a count for each bucket, of all, and the sum
        self._batches: Counter[str] = Counter()
        self._rows: Counter[str] = Counter()
        self._begun = time.time()

    def requested(self, model: str, status: int, seconds: float) -> None:
        """Count a request that was answered with ``status`` after ``seconds``."""
        with self._lock:
            self._requests[model, status] += 1
            found = self._seconds.setdefault(model, [0.0] * (len(BUCKETS) + 2))
            for at, bound in enumerate(BUCKETS):
                found[at] += seconds <= bound
            found[-2] += 1
            found[-1] += seconds

    def pictured(self, model: str, outcome: str) -> None:
        """Count a picture: ``answered`` or ``refused``."""
        with self._lock:
            self._pictures[model, outcome] += 1

    def computed(self, model: str, rows: int) -> None:
        """Count a batch of ``rows`` rows."""
        with self._lock:
            self._batches[model] += 1
            self._rows[model] += rows

    def text(self, waiting: Mapping[str, int], engines: Mapping[str, str]) -> str:
        """Return all of it; ``waiting`` are the rows that wait and ``engines`` what computes, by model."""
        with self._lock:
            return "\n".join(self._lines(waiting, engines)) + "\n"

    def _lines(self, waiting: Mapping[str, int], engines: Mapping[str, str]) -> Iterator[str]:
        yield from _head("process_start_time_seconds", "gauge", "When the server began, in seconds since 1970.")
        yield f"process_start_time_seconds {self._begun:.3f}"
        yield from _head("glasshouse_model_info", "gauge", "A model that is served, and what computes it.")
        yield from (f"glasshouse_model_info{_labels(model=m, engine=e)} 1" for m, e in engines.items())
        yield from _head("glasshouse_requests_total", "counter", "Requests, by model and status.")
        for (model, status), count in sorted(self._requests.items()):
            yield f"glasshouse_requests_total{_labels(model=model, status=str(status))} {count}"
        yield from _head("glasshouse_pictures_total", "counter", "Pictures, by model and outcome.")
        for (model, outcome), count in sorted(self._pictures.items()):
            yield f"glasshouse_pictures_total{_labels(model=model, outcome=outcome)} {count}"
        yield from _head("glasshouse_request_seconds", "histogram", "Seconds from a request to its answer.")
        for model, found in sorted(self._seconds.items()):
            for bound, seen in zip((*map(str, BUCKETS), "+Inf"), found):
                yield f"glasshouse_request_seconds_bucket{_labels(model=model, le=bound)} {seen:.0f}"
            yield f"glasshouse_request_seconds_sum{_labels(model=model)} {found[-1]:.6f}"
            yield f"glasshouse_request_seconds_count{_labels(model=model)} {found[-2]:.0f}"
        yield from _head("glasshouse_batch_pictures", "summary", "Pictures that were computed together.")
        for model, batches in self._batches.items():
            yield f"glasshouse_batch_pictures_sum{_labels(model=model)} {self._rows[model]}"
            yield f"glasshouse_batch_pictures_count{_labels(model=model)} {batches}"
        yield from _head("glasshouse_waiting_pictures", "gauge", "Pictures that wait to be computed.")
        yield from (f"glasshouse_waiting_pictures{_labels(model=m)} {count}" for m, count in waiting.items())


def _head(name: str, kind: str, help_text: str) -> tuple[str, str]:
    return f"# HELP {name} {help_text}", f"# TYPE {name} {kind}"


def _labels(**given: str) -> str:
    escaped = (value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") for value in given.values())
    return "{" + ",".join(f'{name}="{value}"' for name, value in zip(given, escaped)) + "}"
