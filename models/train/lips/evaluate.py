"""python3 -m lips.evaluate MODEL.pt --fold N --out scores.json: digits and phrases of the speakers a fold left out.

Phrases are spliced from one speaker's digits with natural rests; no word times are given to the scorer.
Everything is written down trial by trial, so that lips.report can pool folds and draw speakers anew.
"""
import argparse
import json

import numpy as np
import torch

from . import augment, data, phrases, score
from .net import Net


def load(path):
    saved = torch.load(path, map_location="cpu")
    net = Net(width=saved["width"], centred=saved["centred"], levelled=saved["levelled"])
    net.load_state_dict(saved["state"])
    return net.eval()


def posteriors(net, windows):
    """logp [B, T, 11] (rows padded with certain blanks) and lengths."""
    lengths = np.array([len(w) for w in windows])
    out = np.full((len(windows), lengths.max(), 11), -1e4, np.float32)
    out[:, :, 0] = 0
    with torch.no_grad():
        for i, w in enumerate(windows):
            out[i, :len(w)] = net(torch.from_numpy(np.ascontiguousarray(w, np.float32).reshape(1, -1, 18)))[0].numpy()
    return out, lengths


def digits(net, sentences, limit, rng):
    """Right answers among ten of each sentence's digit, with its times given and without; and the confusion."""
    some = [s for s in sentences if s.digit()]
    rng.shuffle(some)
    some = some[:limit]
    logp, lengths = posteriors(net, [s.points for s in some])
    whole = np.stack([score.phrase(logp, lengths, np.full((len(some), 1), d)) for d in range(10)], 1)
    timed = []
    for row, s in zip(logp, some):
        a, b, _ = s.digit()
        timed.append(row[max(a - 1, 0):b + 2, 1:].mean(0))
    said = np.array([s.digit()[2] for s in some])
    confusion = np.zeros((10, 10), int)
    np.add.at(confusion, (said, whole.argmax(1)), 1)
    return {"n": len(some), "untimed": float((whole.argmax(1) == said).mean()),
            "timed": float((np.array(timed).argmax(1) == said).mean()), "confusion": confusion.tolist()}


def others(rng, said):
    """What an imposter might have been asked instead: random, one digit changed, two neighbours swapped."""
    n = len(said)
    random = rng.integers(0, 10, n)
    while (random == said).all():
        random = rng.integers(0, 10, n)
    changed = said.copy()
    i = rng.integers(n)
    changed[i] = (changed[i] + rng.integers(1, 10)) % 10
    swapped = said.copy()
    pairs = [i for i in range(n - 1) if said[i] != said[i + 1]]
    if pairs:
        i = pairs[rng.integers(len(pairs))]
        swapped[i], swapped[i + 1] = said[i + 1], said[i]
    return {"random": random, "changed": changed, "swapped": swapped if pairs else changed}


def trials(net, speaker, pool, o, rng):
    """Scores of one speaker: for each length, the phrase itself and three kinds of other phrases."""
    have = [d for d in range(10) if speaker.digits[d]]
    out = {}
    for n in o.lengths:
        said = np.stack([np.array([have[i] for i in rng.integers(0, len(have), n)]) for _ in range(o.trials)])
        windows = [degrade(phrases.genuine(rng, speaker, pool, y), o, rng) for y in said]
        logp, lengths = posteriors(net, windows)
        wrong = [others(rng, y) for y in said]
        total = score.any_phrase(logp.astype(np.float64), lengths, n)
        out[n] = {}
        for kind in ("genuine", "random", "changed", "swapped"):
            y = said if kind == "genuine" else np.stack([w[kind] for w in wrong])
            p = score.phrase(logp, lengths, y)
            out[n][kind] = np.round((p - total) / n, 4).tolist()
            if kind in ("genuine", "random"):
                out[n][kind + "_plain"] = np.round(p / n, 4).tolist()
    return out


def degrade(window, o, rng):
    if o.rate < 25:
        window = augment.at_rate(window, o.rate, rng.random())
    if o.noise > 0:
        window = window + rng.normal(0, o.noise, window.shape)
    if o.yaw:
        window = yawed(window, np.radians(o.yaw))
    return window


def yawed(window, yaw):
    """The flat mouth seen from the side, in eye distances that shrink with it; no depth is known here."""
    x, y = window[..., 0], window[..., 1] / np.cos(yaw)
    far = 1 + 0.08 * x * np.sin(yaw)  # some 12 eye distances away
    return np.stack([x / far, y / far], -1)


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("model")
    p.add_argument("--fold", type=int, required=True)
    p.add_argument("--out", required=True)
    p.add_argument("--trials", type=int, default=100)
    p.add_argument("--digits", type=int, default=300)
    p.add_argument("--lengths", type=int, nargs="*", default=[4, 6, 8])
    p.add_argument("--meshes", default="/tmp/vivavoce-lips/mesh")
    p.add_argument("--rate", type=float, default=25)
    p.add_argument("--noise", type=float, default=0)
    p.add_argument("--yaw", type=float, default=0)
    o = p.parse_args()
    torch.set_num_threads(1)
    net = load(o.model)
    out = data.FOLDS[o.fold]
    rng = np.random.default_rng(100 + o.fold)
    pool = phrases.rests(data.videos(o.meshes, [s for f in data.FOLDS for s in f if s not in out]))
    result = []
    films = data.videos(o.meshes, out)
    for group in phrases.speakers(data.landmarks(out) + films):
        rests = phrases.rests(group.sentences) if group.video else pool  # a video has its own silence
        r = {"speaker": group.name, "video": group.video, "fold": o.fold,
             "digits": digits(net, group.sentences, o.digits, rng), "phrases": trials(net, group, rests, o, rng)}
        result.append(r)
        print(line(r), flush=True)
    with open(o.out, "w") as f:
        json.dump(result, f)


def line(r):
    at6 = r["phrases"].get(6)
    kinds = "" if not at6 else " ".join(f"{k} {100 * eer(at6['genuine'], at6[k]):.1f}" for k in ("random", "changed", "swapped"))
    plain = "" if not at6 else f"plain {100 * eer(at6['genuine_plain'], at6['random_plain']):.1f}"
    return (f"{r['speaker']:4s} {'video' if r['video'] else 'marks'} n {r['digits']['n']} digits {100 * r['digits']['untimed']:.0f} % "
            f"(timed {100 * r['digits']['timed']:.0f} %) EER % at 6: {kinds} {plain}")


def eer(genuine, wrong):
    """The rate at which as many genuine phrases are refused as wrong ones accepted."""
    g, w = np.sort(genuine), np.sort(wrong)
    at = np.concatenate([g, w])
    refused, accepted = np.searchsorted(g, at) / len(g), 1 - np.searchsorted(w, at) / len(w)
    i = np.argmin(np.abs(refused - accepted))
    return (refused[i] + accepted[i]) / 2


if __name__ == "__main__":
    main()
