"""Fits the logistic over the network and the evidence, and measures: python -m texture.fuse NET.pt --cal DUMP… --test DUMP… --out CALIBRATION.json [--report REPORT.md].

It is fitted on people that the network knows, attacked with parameters that it should not (--cal), and on some strangers
(--people of --test), and measured on the other strangers: with parameters from the ranges trained on, from those kept aside, and
by species that nothing was trained on. One half is where 2 % of the bona fide looks of the strangers fitted on are below.
"""

import argparse
import json
import math

import numpy as np
import torch

from .data import EVIDENCE, HIDDEN, Looks
from .net import Net

LIMIT, CUT = 3.0, 3.0
NETS = 4  # classes of attack
ONE_SIDED = {"moire", "moire_beside", "grid", "colour", "frame2", "frame3", "glare"}
QUANTILE = 0.02


def margins(net, looks):
    """Log odds of bona fide against each class by the network, of the mean log-posteriors of each look's details."""
    out = []
    with torch.no_grad():
        for i in range(len(looks)):
            d, c = looks.pixels(i)
            d = torch.from_numpy(np.array(d)).float() / 255
            c = torch.from_numpy(np.array(c)).float()[None].expand(len(d), -1, -1, -1) / 255
            p = net(d, c).mean(0)
            out.append((p[0] - p[1:]).numpy())
    return np.array(out)


class Fusion:
    """Mirrors pipeline/texture/fusion.go."""

    def __init__(self, margin, evidence, label, weights, new, use_net=True, use_evidence=True):
        genuine = label == 0
        self.mean = np.nanmedian(evidence[genuine], 0)
        self.scale = np.maximum(np.nanstd(evidence[genuine], 0), 1e-3)
        # Few attacks show a pattern or a frame, and bona fide pictures have weak ones: only much counts.
        one = np.array([n in ONE_SIDED for n in EVIDENCE])
        self.mean[one] = np.nanquantile(evidence[genuine], 0.9, axis=0)[one]
        self.low = np.where(one, 0.0, -CUT)
        self.on = np.array([use_net] * NETS + [use_evidence] * len(EVIDENCE), dtype=float)
        x = self.inputs(margin, evidence)
        y = genuine.astype(float)
        self.w, self.bias = logistic(x, y, weights)
        # That the network sees an attack never speaks for a person, nor does a pattern, a frame or glare.
        must = np.array([1.0] * NETS + [-1.0 if n in ONE_SIDED else 0.0 for n in EVIDENCE])
        while (self.w * must < 0).any():
            self.on[np.argmin(self.w * must)] = 0
            x = self.inputs(margin, evidence)
            self.w, self.bias = logistic(x, y, weights)
        z = x @ self.w + self.bias
        self.bias -= np.quantile(z[genuine & new], QUANTILE)

    def inputs(self, margin, evidence):
        e = np.clip((evidence - self.mean) / self.scale, self.low, CUT)
        return np.hstack([np.clip(margin, -LIMIT, LIMIT), np.nan_to_num(e)]) * self.on

    def odds(self, margin, evidence):
        return self.inputs(margin, evidence) @ self.w + self.bias

    def json(self):
        r = lambda v: round(float(v), 5)
        return {"bias": r(self.bias), "net": [r(w) for w in self.w[:NETS]], "net_limit": LIMIT, "evidence": [
            {"name": n, "mean": r(m), "scale": r(s), "low": r(low), "weight": r(w)}
            for n, m, s, low, w in zip(EVIDENCE, self.mean, self.scale, self.low, self.w[NETS:])]}


def logistic(x, y, weights, ridge=0.02, steps=60):
    """Newton's method, with a ridge on all but the bias: few people stand behind these numbers."""
    x1 = np.hstack([x, np.ones((len(x), 1))])
    w = np.zeros(x1.shape[1])
    reg = np.diag([ridge] * x.shape[1] + [1e-6])
    for _ in range(steps):
        p = 1 / (1 + np.exp(-x1 @ w))
        grad = x1.T @ (weights * (p - y)) + reg @ w
        hess = (x1 * (weights * p * (1 - p))[:, None]).T @ x1 + reg
        w -= np.linalg.solve(hess, grad)
    return w[:-1], w[-1]


def wilson(k, n, z=1.96):
    if n == 0:
        return 0.0, 1.0
    p, d = k / n, 1 + z * z / n
    mid, half = (p + z * z / (2 * n)) / d, z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / d
    return max(0, mid - half), min(1, mid + half)


def rate(wrong):
    k, n = int(wrong.sum()), len(wrong)
    if n == 0:
        return "–"
    lo, hi = wilson(k, n)
    return f"{100 * k / n:.1f} % [{100 * lo:.1f}, {100 * hi:.1f}] (n = {n})"


def report(looks, scores, names):
    """A table of APCER by species and range, and of BPCER by person, for each way to score, at one half."""
    species = np.array([m["species"] for m in looks.meta])
    split = np.array([m["split"] for m in looks.meta])
    who = np.array([m["subject"].split("/")[0] + ("" if "/" not in m["subject"] else " " + m["subject"].split("/")[1]) for m in looks.meta])
    lines = ["| species | range | " + " | ".join(names) + " |", "|---|---|" + "---|" * len(names)]
    for s in sorted(set(species[looks.label > 0])):
        for part in ["train", "test"]:
            of = (species == s) & (split == part)
            if of.any():
                tag = "**never trained on**" if s in HIDDEN else {"train": "as trained", "test": "kept aside"}[part]
                lines.append(f"| {s} | {tag} | " + " | ".join(rate(z[of] >= 0) for z in scores) + " |")
    lines += ["", "| person | " + " | ".join(names) + " |", "|---|" + "---|" * len(names)]
    genuine = looks.label == 0
    for p in sorted(set(who[genuine])):
        of = genuine & (who == p)
        lines.append(f"| {p} | " + " | ".join(rate(z[of] < 0) for z in scores) + " |")
    for s in sorted(set(species[genuine])):
        of = species == s
        lines.append(f"| all, {s} | " + " | ".join(rate(z[of] < 0) for z in scores) + " |")
    lines.append("| all | " + " | ".join(rate(z[genuine] < 0) for z in scores) + " |")
    lines.append("| EER, all | " + " | ".join(f"{100 * eer(z, genuine):.1f} %" for z in scores) + " |")
    return "\n".join(lines) + "\n"


def eer(z, genuine):
    at = np.sort(z)
    frr = np.searchsorted(np.sort(z[genuine]), at) / genuine.sum()
    far = 1 - np.searchsorted(np.sort(z[~genuine]), at) / (~genuine).sum()
    i = np.argmin(np.abs(frr - far))
    return (frr[i] + far[i]) / 2


class Part:
    """Some looks and what the network gave for them."""

    def __init__(self, looks, margin, of):
        self.meta = [looks.meta[i] for i in of]
        self.label, self.evidence, self.margin = looks.label[of], looks.evidence[of], margin[of]

    def __len__(self):
        return len(self.meta)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("net")
    p.add_argument("--cal", nargs="+", required=True)
    p.add_argument("--test", nargs="+", required=True)
    p.add_argument("--people", default="s2,s5,d12,still/sample2", help="strangers of --test that are calibrated on and not measured")
    p.add_argument("--out")
    p.add_argument("--report")
    a = p.parse_args()
    torch.set_num_threads(1)
    net = Net()
    net.load_state_dict(torch.load(a.net))
    net.eval()
    known, strange = Looks(a.cal), Looks(a.test)
    m = margins(net, strange)
    of, others = strange.part(a.people.split(","))
    # Half of the weight has who is known, attacked as never before, half who is not: the network
    # is surer of the former than it will be of anybody.
    cal, test = Part(strange, m, of), Part(strange, m, others)
    margin = np.vstack([margins(net, known), cal.margin])
    evidence, label = np.vstack([known.evidence, cal.evidence]), np.concatenate([known.label, cal.label])
    weights = np.concatenate([known.weights(), Looks.weights(cal)]) / 2
    new = np.arange(len(label)) >= len(known)
    ways = {"network": (True, False), "evidence": (False, True), "both": (True, True)}
    fits = {k: Fusion(margin, evidence, label, weights, new, *v) for k, v in ways.items()}
    if a.out:
        with open(a.out, "w") as f:
            json.dump(fits["both"].json(), f, indent=1)
            f.write("\n")
    text = "Strangers calibrated on:\n\n" + report(cal, [f.odds(cal.margin, cal.evidence) for f in fits.values()], list(ways))
    text += "\nOther strangers:\n\n" + report(test, [f.odds(test.margin, test.evidence) for f in fits.values()], list(ways))
    print(text)
    if a.report:
        with open(a.report, "w") as f:
            f.write(text)


if __name__ == "__main__":
    main()
