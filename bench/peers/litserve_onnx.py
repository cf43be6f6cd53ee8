"""LitServe with batching over the same ONNX file. Runs in an environment of its own.

.venv-rivals/bin/python bench/peers/litserve_onnx.py PORT MODEL.onnx WORKERS THREADS BATCH
"""

import io
import sys
from typing import Any

import litserve
import numpy as np
import onnxruntime
from fastapi import Request
from PIL import Image

SIZE, SHORTER = 224, 256


class Classifier(litserve.LitAPI):  # type: ignore[misc]  # not installed here
    """The likeliest label of a picture, and its probability."""

    def __init__(self, model: str, threads: int, batch: int) -> None:
        super().__init__(max_batch_size=batch, batch_timeout=0.01)
        self.model, self.threads, self.batch_size = model, threads, batch

    def setup(self, device: str) -> None:  # noqa: ARG002  litserve hands it over
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.threads
        self.session = onnxruntime.InferenceSession(self.model, options, ["CPUExecutionProvider"])

    def decode_request(self, request: Request) -> Any:
        """float32 [3, 224, 224], normalised."""
        image = Image.open(io.BytesIO(request["file"].file.read())).convert("RGB")
        scale = SHORTER / min(image.size)
        width, height = (round(side * scale) for side in image.size)
        image = image.resize((width, height), Image.Resampling.BICUBIC)
        left, top = (width - SIZE) // 2, (height - SIZE) // 2
        pixels = np.asarray(image.crop((left, top, left + SIZE, top + SIZE)), np.float32)
        return (pixels / 127.5 - 1).transpose(2, 0, 1)

    def batch(self, inputs: list[Any]) -> Any:
        return np.stack(inputs)

    def predict(self, x: Any) -> Any:
        images = x if x.ndim == 4 else x[None]
        logits = self.session.run(["logits"], {"images": images})[0]
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)

    def unbatch(self, output: Any) -> list[Any]:
        return list(output)

    def encode_response(self, output: Any) -> dict[str, float | int]:
        scores = np.ravel(output)
        return {"label": int(scores.argmax()), "score": float(scores.max())}


if __name__ == "__main__":
    port, model, workers, threads, batch = sys.argv[1:]
    api = Classifier(model, int(threads), int(batch))
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=int(workers))
    server.run(port=int(port), log_level="warning", generate_client_file=False)
