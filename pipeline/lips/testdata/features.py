"""python3 features.py >features.json: what features.go is held to, written down a second time in NumPy.

Random landmarks at uneven times → steps 1–4 of models/train/README.md.
"""
import json

import numpy as np

POINTS = (78, 308, 13, 14, 152, 311, 81, 402, 178)
EYES = (133, 362)
AROUND = 0.24


def even(seconds, mesh):
    right, left = mesh[EYES[0]], mesh[EYES[1]]
    points = np.stack([mesh[k] for k in POINTS], 1) - ((right + left) / 2)[:, None]
    axis = left - right
    angle, size = np.arctan2(axis[:, 1], axis[:, 0]), np.hypot(*axis.T)
    for i, at in enumerate(seconds):
        near = np.abs(seconds - at) <= AROUND + 1e-9
        c, s = np.cos(np.median(angle[near])), np.sin(np.median(angle[near]))
        points[i] = points[i] @ np.array([[c, -s], [s, c]]) / np.median(size[near])
    to = np.arange(seconds[0], seconds[-1] + 1e-4, 1 / 25)
    return np.stack([np.interp(to, seconds, v) for v in points.reshape(len(seconds), -1).T], 1)


def case(seed, frames, rate):
    r = np.random.default_rng(seed)
    seconds = np.round(np.cumsum(r.uniform(0.6, 1.4, frames) / rate), 4)
    seconds = np.round(seconds - seconds[0], 4)
    base = {k: r.uniform(-60, 60, 2) for k in POINTS} | {EYES[0]: np.array([-17, -60]), EYES[1]: np.array([18, -52])}
    size = np.where(np.arange(frames) < frames // 2, 1, 1.2)[:, None]  # the head comes nearer at once
    mesh = {k: np.round(b * size + [200, 150] + r.normal(0, 2, (frames, 2)), 2) for k, b in base.items()}
    return {"frames": [{"seconds": float(seconds[i]), "at": {str(k): mesh[k][i].tolist() for k in mesh}} for i in range(frames)],
            "points": np.round(even(seconds, mesh), 5).tolist()}


print(json.dumps({"by": "features.py", "cases": [case(1, 20, 25), case(2, 15, 12), case(3, 24, 30)]}))
