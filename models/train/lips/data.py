"""Sentences of GRID as lip landmarks: the 25 labelled speakers, and our own mesh of the videos."""
import json
import os
import re

import numpy as np

POINTS = (78, 308, 13, 14, 152, 311, 81, 402, 178)
EYES = (133, 362)
MIRRORED = (1, 0, 2, 3, 4, 6, 5, 8, 7)  # the point that takes each one's place in a mirror
RATE = 25  # frames a second of all data
REST = 0  # word class; 1… are the 51 words of GRID, in the order of grid_landmarks' labels
WORDS = 52
FIRST_DIGIT = 13  # word class of "zero"
FOLDS = (  # each holds one of the five strangers of the video test (s2 s3 s5 s30 s31)
    ("s2", "s6", "s11", "s16", "s24"),
    ("s3", "s7", "s12", "s17", "s25"),
    ("s5", "s8", "s13", "s18", "s27"),
    ("s30", "s9", "s14", "s19", "s28"),
    ("s31", "s1", "s10", "s15", "s29"),
)
SPOKEN = (["bin", "lay", "place", "set", "blue", "green", "red", "white", "at", "by", "in", "with"]
          + "zero one two three four five six seven eight nine again now please soon".split()
          + [c for c in "abcdefghijklmnopqrstuvxyz"])


class Sentence:
    """points [frames, 9, 2] in eye distances; word [frames] classes; spans (first, end, class) of its words."""

    def __init__(self, speaker, points, word, spans, video):
        self.speaker, self.points, self.word, self.spans, self.video = speaker, points, word, spans, video
        spoken = points[spans[0][0]:spans[-1][1]]
        self.middle = spoken.mean(0)
        gap = spoken[:, 3, 1] - spoken[:, 2, 1]
        self.closed = spoken[np.argsort(gap)[:max(2, len(gap) // 12)]].mean(0)  # lips as at b, m, p

    def digit(self):
        """The place of the sentence's digit: (first, end, digit), or None."""
        for a, b, c in self.spans:
            if FIRST_DIGIT <= c < FIRST_DIGIT + 10:
                return a, b, c - FIRST_DIGIT
        return None


def folder():
    """The data's folder: $VIVAVOCE_DATA, or shared/data in a folder above this one."""
    if os.environ.get("VIVAVOCE_DATA"):
        return os.environ["VIVAVOCE_DATA"]
    here = os.path.dirname(os.path.abspath(__file__))
    while here != "/":
        if os.path.isdir(os.path.join(here, "shared", "data")):
            return os.path.join(here, "shared", "data")
        here = os.path.dirname(here)
    raise SystemExit("no shared/data above this folder and no $VIVAVOCE_DATA")


def landmarks(speakers):
    """The labelled sentences of grid_landmarks: spoken frames only, not turned."""
    out = []
    for s in speakers:
        z = np.load(os.path.join(folder(), "grid_landmarks", s + ".npz"))
        points, offset = z["points"].astype(np.float32), z["offset"]
        label, index = z["label"].astype(int), z["word_index"]
        eyes = np.hypot(*(points[:, 0] - points[:, 1]).T) / np.maximum(z["ratios"][:, 3].astype(np.float32), 1e-3)
        first = [i for i in range(len(index)) if index[i] == 0] + [len(index)]
        for a, b in zip(first, first[1:]):
            lo, hi = offset[a], offset[b]
            eye = np.median(eyes[lo:hi])
            if not (eye > 5) or hi - lo < 12 or not np.isfinite(points[lo:hi]).all():
                continue
            spans = [(int(offset[i] - lo), int(offset[i + 1] - lo), int(label[i]) - 3) for i in range(a, b)]
            out.append(Sentence(s, points[lo:hi] / eye, classes(spans, hi - lo), [w for w in spans if w[1] > w[0]], False))
    return out


def classes(spans, frames):
    word = np.zeros(frames, np.int64)
    for a, b, c in spans:
        word[a:b] = c
    return word


def videos(folder_of_meshes, speakers):
    """Our own mesh of whole clips, as ../meshes.go wrote it, with the silence before and after."""
    out = []
    with open(os.path.join(folder(), "grid", "words.jsonl")) as f:
        clips = [json.loads(line) for line in f]
    for c in clips:
        path = os.path.join(folder_of_meshes, re.sub("/", "_", c["clip"][:-4]) + ".f32")
        if c["speaker"] not in speakers or not os.path.exists(path):
            continue
        raw = np.fromfile(path, np.float32).reshape(-1, 5 + 2 * 478)
        if len(raw) < 50 or raw[:, 1].mean() < 0.95:
            continue
        points = even(raw)
        spans = []
        for w in c["words"]:
            a, b = round(w["start"] * RATE), min(round(w["end"] * RATE), len(points))
            if b > a and w["word"] in SPOKEN:
                spans.append((a, b, SPOKEN.index(w["word"]) + 1))
        if len(spans) >= 4:
            out.append(Sentence(c["speaker"], points, classes(spans, len(points)), spans, True))
    return out


def even(raw):
    """Steps 1–4 of the README for rows of pts, found, yaw, pitch, roll, 478 × (x, y)."""
    raw = raw[raw[:, 1] > 0]
    mesh = raw[:, 5:].reshape(len(raw), 478, 2)
    right, left = mesh[:, EYES[0]], mesh[:, EYES[1]]
    points = mesh[:, POINTS] - ((right + left) / 2)[:, None]
    axis, at = left - right, raw[:, 0]
    angle, eyes = np.arctan2(axis[:, 1], axis[:, 0]), np.hypot(*axis.T)
    for i, t in enumerate(at):
        near = np.abs(at - t) <= 0.2401
        points[i] = points[i] @ turn(-np.median(angle[near])).T / np.median(eyes[near])
    to = np.arange(at[0], at[-1] + 1e-4, 1 / RATE)
    flat = points.reshape(len(raw), -1)
    return np.stack([np.interp(to, at, v) for v in flat.T], 1).reshape(-1, 9, 2).astype(np.float32)


def turn(angle):
    """The matrix that turns by an angle in radians, clockwise in a picture."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s], [s, c]], np.float32)
