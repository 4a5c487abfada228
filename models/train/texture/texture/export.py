"""Writes the network for the product: python -m texture.export NET.pt OUT-FOLDER. Beside texture.onnx goes golden.json, what
the trainer's runtime gives for made-up pictures: the Go tests hold the product to it."""

import json
import os
import sys

import numpy as np
import torch

from .data import CONTEXT, DETAIL
from .net import Net


def waves(side, a, b):
    """A picture that a test can make again exactly: planes of sines, 0–1."""
    y, x = np.mgrid[0:side, 0:side].astype(np.float64)
    planes = [0.5 + 0.3 * np.sin(a * x + b * y + c) * np.cos(0.02 * (c + 1) * y) for c in range(3)]
    return np.stack(planes).astype(np.float32)


def main():
    net = Net()
    net.load_state_dict(torch.load(sys.argv[1]))
    net.eval()
    folder = sys.argv[2]
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "texture.onnx")
    shapes = (torch.rand(1, 3, DETAIL, DETAIL), torch.rand(1, 3, CONTEXT, CONTEXT))
    torch.onnx.export(net, shapes, path, input_names=["detail", "context"], output_names=["logp"], opset_version=18, external_data=False)
    import onnxruntime
    run = onnxruntime.InferenceSession(path)
    cases = []
    for a, b in [(0.0, 0.0), (0.05, 0.03), (1.3, 0.9), (2.1, 0.0)]:
        d, c = waves(DETAIL, a, b), waves(CONTEXT, a / 2, b / 2)
        logp = run.run(None, {"detail": d[None], "context": c[None]})[0][0]
        with torch.no_grad():
            same = net(torch.from_numpy(d)[None], torch.from_numpy(c)[None])[0].numpy()
        assert np.abs(logp - same).max() < 1e-3, (logp, same)
        cases.append({"a": a, "b": b, "logp": [round(float(v), 5) for v in logp]})
    with open(os.path.join(folder, "golden.json"), "w") as f:
        json.dump({"cases": cases}, f, indent=1)
        f.write("\n")
    print(os.path.getsize(path), "bytes")


if __name__ == "__main__":
    main()
