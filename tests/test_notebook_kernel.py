"""A notebook run by a real kernel: objects show themselves, progress is told, the upload widget is there."""

from pathlib import Path

import nbclient
import nbformat
import pytest

CELLS = [
    """import glasshouse as gh
from sklearn.datasets import load_digits
digits = load_digits()
data = gh.ImageData.from_arrays(digits.images[:400] * 15 / 255, [str(t) for t in digits.target[:400]], size=16,
                                color="gray", valid=0.3, out="data")
data""",
    """learner = gh.Learner(data, "Dense128", out="run", batch_size=64)
learner.fit(2)
learner""",
    "learner.evaluate()",
    "learner.find_learning_rate(steps=10)",
    """from glasshouse.notebook import classify_upload
classify_upload(learner.model)""",
]


@pytest.mark.system
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # of the client's own sockets
def test_objects_show_themselves_in_a_notebook(tmp_path: Path) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    client = nbclient.NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}})
    client.execute()
    shown = ["".join(str(out.get("data", "")) for out in cell.outputs) for cell in notebook.cells]
    told = ["".join(out.get("text", "") for out in cell.outputs) for cell in notebook.cells]
    assert "data:image/png" in shown[0]
    assert "<svg" in shown[1]
    assert "epoch   train loss" in told[1]
    assert "left" in told[1]
    assert "Confusion" in shown[2]
    assert "<svg" in shown[3]
    assert "application/vnd.jupyter.widget-view+json" in shown[4]
