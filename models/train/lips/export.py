"""python3 -m lips.export MODEL.pt FOLDER: lips.onnx (opset 17, T free) and golden.json for the Go test."""
import argparse
import json
import os
import time

import numpy as np
import onnxruntime as ort
import torch

from . import data, vary
from .net import load


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("model")
    p.add_argument("to")
    p.add_argument("--meshes", default="/tmp/vivavoce-lips/mesh")
    o = p.parse_args()
    os.makedirs(o.to, exist_ok=True)
    net = load(o.model)
    path = os.path.join(o.to, "lips.onnx")
    torch.onnx.export(net, (torch.zeros(1, 64, 18),), path, opset_version=17, input_names=["points"], output_names=["logp"],
                      dynamic_axes={"points": {1: "T"}, "logp": {1: "T"}}, dynamo=False)
    print(path, os.path.getsize(path), "bytes")
    golden(net, o)
    check(path, o)


def golden(net, o):
    """Three real sequences: a clip of s1 and of s30 through our own mesh, and s1's at 15 frames a second."""
    clips = data.videos(o.meshes, ["s1", "s30"])
    first = clips[0].points
    last = [c for c in clips if c.speaker == "s30"][0].points
    slow = vary.at_rate(torch.from_numpy(first[None]), torch.tensor([[15.0]]), torch.tensor([[0.5]]))[0].numpy()
    cases = []
    for name, w in (("s1", first[:75]), ("s30", last[:60]), ("s1 at 15 fps", slow[:75])):
        w = np.round(w.reshape(len(w), 18), 4).astype(np.float32)
        with torch.no_grad():
            logp = net(torch.from_numpy(w)[None])[0].numpy()
        at = [0, len(w) // 3, len(w) // 2, len(w) - 1]
        cases.append({"name": name, "points": [[round(float(v), 4) for v in row] for row in w],
                      "frames": at, "logp": [[round(float(v), 5) for v in logp[i]] for i in at]})
    with open(os.path.join(o.to, "golden.json"), "w") as f:
        json.dump({"landmarks": data.POINTS, "eyes": data.EYES, "rate": data.RATE,
                   "shape": "points[frame][2k], [2k+1] = x, y of landmarks[k]; logp[i] belongs to frames[i]", "cases": cases}, f)
        f.write("\n")


def check(path, o):
    """ONNX Runtime gives what golden.json says; and what a window costs on one thread."""
    so = ort.SessionOptions()
    so.intra_op_num_threads = 1
    run = ort.InferenceSession(path, so, providers=["CPUExecutionProvider"])
    with open(os.path.join(o.to, "golden.json")) as f:
        cases = json.load(f)["cases"]
    worst = 0.0
    for c in cases:
        got = run.run(None, {"points": np.array([c["points"]], np.float32)})[0][0][c["frames"]]
        worst = max(worst, float(np.abs(got - np.array(c["logp"])).max()))
    print(f"ONNX Runtime {ort.__version__}: largest difference to PyTorch {worst:.1e}")
    for frames in (16, 64, 128, 256):
        x = np.random.default_rng(0).normal(size=(1, frames, 18)).astype(np.float32)
        cost = []
        for _ in range(30):
            begun = time.perf_counter()
            run.run(None, {"points": x})
            cost.append(time.perf_counter() - begun)
        print(f"  {frames} frames: {1e3 * np.median(cost):.2f} ms (median of 30)")


if __name__ == "__main__":
    main()
