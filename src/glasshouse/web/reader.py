"""One process that reads for the Studio: ``python -m glasshouse.web.reader PARENT MEMORY``; see ``store.reader``."""

from glasshouse.store.reader import serve
from glasshouse.web.classify.classified import answer_classified
from glasshouse.web.datasets.originals import answer_original, answer_steps
from glasshouse.web.datasets.preview import answer_preview
from glasshouse.web.framework.sent_picture import answer_sent

__all__ = ["TASKS"]

TASKS = {
    "preview": answer_preview, "original": answer_original, "steps": answer_steps, "classified": answer_classified,
    "sent": answer_sent,
}  # fmt: skip

if __name__ == "__main__":
    serve(TASKS)
