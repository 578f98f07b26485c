"""A model behind FastAPI as it is usually written by hand: opened, resized and computed by torch, request by request.

    python plain_server.py MODEL PORT

FastAPI runs the function in its pool of threads, as it does with every function that does not await.
"""

import io
import sys
from typing import Any

import numpy as np
import torch
import uvicorn
from fastapi import FastAPI, UploadFile
from PIL import Image

import glasshouse as gh


def main(model: str, port: int) -> None:
    """Serve until it is stopped."""
    loaded = gh.load_model(model, engine="torch")
    network, size = loaded.module.eval(), (loaded.preprocessing.width, loaded.preprocessing.height)
    mean, std = (torch.tensor(values).reshape(1, 3, 1, 1) for values in (loaded.preprocessing.mean,
                                                                         loaded.preprocessing.std))  # fmt: skip
    app = FastAPI()

    @app.get("/ready")
    def ready() -> str:
        return "ready"

    @app.post("/predict")
    def predict(picture: UploadFile) -> dict[str, Any]:
        image = Image.open(io.BytesIO(picture.file.read())).convert("RGB").resize(size, Image.Resampling.BILINEAR)
        pixels = torch.from_numpy(np.asarray(image).copy()).permute(2, 0, 1)[None].float() / 255
        with torch.inference_mode():
            probabilities = torch.softmax(network((pixels - mean) / std), 1)[0]
        best = int(probabilities.argmax())
        return {"label": loaded.classes[best], "probability": float(probabilities[best])}

    uvicorn.run(app, port=port, log_level="warning")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
