"""The server that most tutorials end with: FastAPI, Pillow and PyTorch in eager mode.

python -m bench.peers.plain_torch PORT
"""

import io
import sys

import torch
import uvicorn
from fastapi import FastAPI, File, UploadFile
from PIL import Image
from torchvision.transforms import InterpolationMode, v2

from training.networks.efficientnet_lite0 import EfficientNetLite0, SpeciesNamer

app = FastAPI()
network = SpeciesNamer(EfficientNetLite0()).eval()
transform = v2.Compose(
    [
        v2.Resize(256, InterpolationMode.BICUBIC),
        v2.CenterCrop(224),
        v2.ToImage(),
        v2.ToDtype(torch.float32, scale=True),
        v2.Normalize([0.5] * 3, [0.5] * 3),
    ]
)


@app.post("/predict")
def predict(file: UploadFile = File()) -> dict[str, float | int]:
    """The likeliest of the labels, and its probability."""
    image = Image.open(io.BytesIO(file.file.read())).convert("RGB")
    with torch.inference_mode():
        scores = network(transform(image)[None])[0].softmax(1)[0]
    return {"label": int(scores.argmax()), "score": float(scores.max())}


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), log_level="warning")
