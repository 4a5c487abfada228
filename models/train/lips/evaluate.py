"""python3 -m lips.evaluate MODEL.pt --fold N --out scores.json --scorer BINARY: digits and phrases of the speakers a fold left out.

Phrases are spliced from one speaker's digits with natural rests and scored by the server's own Go code
(../score.go), with no word times given and with the windows of prompts. Everything is written down trial by trial, so that
lips.report can pool folds and draw speakers anew.
"""
import argparse
import json
import subprocess

import numpy as np
import torch

from . import data, phrases, vary
from .net import load

KINDS = ("genuine", "random", "changed", "swapped")


def posteriors(net, points):
    """logp [T, 11] of one window [T, 9, 2]."""
    with torch.no_grad():
        return net(torch.from_numpy(np.ascontiguousarray(points, np.float32).reshape(1, -1, 18)))[0].numpy()


def digits(net, sentences, limit, rng):
    """Right answers among ten of each sentence's digit, with its times given: by the mean over the word, as words are weighed."""
    some = [s for s in sentences if s.digit()]
    rng.shuffle(some)
    some = some[:limit]
    confusion = np.zeros((10, 10), int)
    for s in some:
        a, b, said = s.digit()
        confusion[said, posteriors(net, s.points)[a:b, 1:].mean(0).argmax()] += 1
    return {"n": len(some), "timed": float(np.trace(confusion) / len(some)), "confusion": confusion.tolist()}


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
    return random, changed, swapped if pairs else changed


def asked(part, digits):
    """Windows as if each digit had been asked some 350 ms before its word began, with half a second of grace, as in a live session."""
    begins = [np.flatnonzero(part == p)[0] for p in dict.fromkeys(part[part > 0])]
    if len(begins) != digits:  # words of what was around a digit count too
        return None
    shown = [max(b - 9, 0) for b in begins]
    ends = [s + 12 for s in shown[1:]] + [len(part)]
    return [{"From": int(s), "To": int(e)} for s, e in zip(shown, ends)]


def trials(net, speaker, pool, n, o, rng):
    """Lines for the scorer: each phrase of n digits without windows, and with them."""
    have = [d for d in range(10) if speaker.digits[d]]
    lines = []
    for _ in range(o.trials):
        said = np.array([have[i] for i in rng.integers(0, len(have), n)])
        points, word, part = phrases.genuine(rng, speaker, pool, said)
        claims = [c.tolist() for c in (said,) + others(rng, said)]
        is_digit = (word >= data.FIRST_DIGIT) & (word < data.FIRST_DIGIT + 10)
        logp = np.round(posteriors(net, degrade(points, o, rng)), 3).reshape(-1).tolist()
        for spans in (None, asked(np.where(is_digit, part, 0), n)):
            if spans or len(lines) % 2 == 0:
                lines.append({"logp": logp, "claims": claims, "spans": spans})
            else:
                lines.append(lines[-1])
    return lines


def scores(lines, scorer):
    """By kind, without and with windows."""
    done = subprocess.run([scorer], input="".join(json.dumps(x) + "\n" for x in lines), capture_output=True, text=True, check=True)
    got = np.array([json.loads(x) for x in done.stdout.splitlines()])
    return {"free": dict(zip(KINDS, np.round(got[0::2], 4).T.tolist())), "asked": dict(zip(KINDS, np.round(got[1::2], 4).T.tolist()))}


def degrade(window, o, rng):
    if o.rate < 25:
        one = torch.from_numpy(np.ascontiguousarray(window, np.float32)[None])
        window = vary.at_rate(one, torch.tensor([[float(o.rate)]]), torch.tensor([[rng.random()]], dtype=torch.float32))[0].numpy()
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
    p.add_argument("--scorer", required=True, help="../score.go, built")
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
    for group in phrases.speakers(data.landmarks(out) + data.videos(o.meshes, out)):
        rests = phrases.rests(group.sentences) if group.video else pool  # a video has its own silence
        r = {"speaker": group.name, "video": group.video, "fold": o.fold, "digits": digits(net, group.sentences, o.digits, rng),
             "phrases": {n: scores(trials(net, group, rests, n, o, rng), o.scorer) for n in o.lengths}}
        result.append(r)
        print(line(r), flush=True)
    with open(o.out, "w") as f:
        json.dump(result, f)


def line(r):
    """One speaker in one line."""
    text = f"{r['speaker']:4s} {'video' if r['video'] else 'marks'} n {r['digits']['n']} digits {100 * r['digits']['timed']:.0f} %; EER %"
    for n, ways in r["phrases"].items():
        for way, by in ways.items():
            text += f" | {n} {way}: " + " ".join(f"{k} {100 * eer(by['genuine'], by[k]):.1f}" for k in KINDS[1:])
    return text


def eer(genuine, wrong):
    """The rate at which as many genuine phrases are refused as wrong ones accepted."""
    g, w = np.sort(genuine), np.sort(wrong)
    at = np.concatenate([g, w])
    refused, accepted = np.searchsorted(g, at) / len(g), 1 - np.searchsorted(w, at) / len(w)
    i = np.argmin(np.abs(refused - accepted))
    return (refused[i] + accepted[i]) / 2


if __name__ == "__main__":
    main()
