"""python3 -m lips.report SCORES.json… [--calibration FILE]: tables over folds, intervals over speakers, calibration."""
import argparse
import json

import numpy as np

from .evaluate import eer, line


def at_far(genuine, wrong, far):
    """Share of genuine phrases refused at the threshold that lets this share of wrong ones pass."""
    th = threshold(wrong, far)
    return float((np.asarray(genuine) < th).mean()), th


def threshold(wrong, far):
    w = np.sort(wrong)[::-1]
    return float(w[int(far * len(w))]) + 1e-9


def measures(rows, n, kind, way="free"):
    g = np.concatenate([r["phrases"][n][way]["genuine"] for r in rows])
    w = np.concatenate([r["phrases"][n][way][kind] for r in rows])
    return eer(g, w), at_far(g, w, 0.01)[0], at_far(g, w, 0.02)[0]


def interval(rows, f, draws=500):
    """95 % over speakers drawn anew."""
    rng = np.random.default_rng(0)
    got = [f([rows[i] for i in rng.integers(0, len(rows), len(rows))]) for _ in range(draws)]
    return np.percentile(got, [2.5, 97.5], axis=0)


def pct(v):
    return f"{100 * v:.1f}"


def table(rows, name):
    print(f"\n### {name}: {len(rows)} speakers\n")
    d = lambda rs: np.mean([r["digits"]["timed"] for r in rs])
    lo_hi = interval(rows, d)
    print(f"Digits right, word times given: {pct(d(rows))} % [{pct(lo_hi[0])}, {pct(lo_hi[1])}] (n = {sum(r['digits']['n'] for r in rows)})\n")
    print("| length | against | n genuine | EER % [95 %] | FRR % at FAR 1 % | FRR % at FAR 2 % | worst speaker's EER % | EER % with prompts' windows |\n"
          "|---|---|---|---|---|---|---|---|")
    for n in rows[0]["phrases"]:
        for kind in ("random", "changed", "swapped"):
            f = lambda rs: measures(rs, n, kind)
            v, iv = f(rows), interval(rows, f)
            each = [(measures([r], n, kind)[0], r["speaker"]) for r in rows]
            w = lambda rs: measures(rs, n, kind, "asked")[0]
            asked = interval(rows, w)
            print(f"| {n} | {kind} | {sum(len(r['phrases'][n]['free']['genuine']) for r in rows)} | {pct(v[0])} [{pct(iv[0][0])}, {pct(iv[1][0])}] "
                  f"| {pct(v[1])} [{pct(iv[0][1])}, {pct(iv[1][1])}] | {pct(v[2])} | {pct(max(each)[0])} ({max(each)[1]}) | {pct(w(rows))} [{pct(asked[0])}, {pct(asked[1])}] |")


def calibrate(rows, path, note):
    """A logistic from Lattice.Said to 0–1, and thresholds, on speakers that were not trained on; with and without windows alike."""
    lengths = list(rows[0]["phrases"])
    all_of = lambda kind, ns, ways=("free", "asked"): np.concatenate([r["phrases"][n][way][kind] for r in rows for n in ns for way in ways])
    g, w, c = (np.maximum(all_of(k, lengths), -15) for k in ("genuine", "random", "changed"))
    x = np.concatenate([g, w, c])
    y = np.concatenate([np.ones(len(g)), np.zeros(len(w) + len(c))])
    weight = np.concatenate([np.full(len(g), 1 / len(g)), np.full(len(w), 0.5 / len(w)), np.full(len(c), 0.5 / len(c))])
    slope, offset = logistic(x, y, weight / weight.mean())
    sig = lambda s: 1 / (1 + np.exp(-(slope * s + offset)))
    out = {"score": "1 / (1 + exp(-(slope * s + offset))), s of Lattice.Said", "slope": round(slope, 4), "offset": round(offset, 4),
           "thresholds": {}, "measured_on": note}
    for n in lengths:
        out["thresholds"][n] = {}
        for name, kind, far in (("far_1_random", "random", 0.01), ("far_2_random", "random", 0.02), ("far_5_changed", "changed", 0.05)):
            frr, th = at_far(all_of("genuine", [n]), all_of(kind, [n]), far)
            out["thresholds"][n][name] = {"s": round(th, 4), "score": round(float(sig(th)), 4), "frr": round(frr, 4)}
    if path:
        with open(path, "w") as f:
            json.dump(out, f, indent=2)
            f.write("\n")
    print(json.dumps(out, indent=1))
    carried(rows, lengths)


def carried(rows, lengths):
    """Thresholds chosen on all folds but one, and what they do on that one."""
    print("\n| length | threshold for | FAR % on the fold left out | FRR % | by fold (FAR / FRR) |\n|---|---|---|---|---|")
    folds = sorted({r["fold"] for r in rows})
    of = lambda rs, n, kind: np.concatenate([r["phrases"][n]["free"][kind] for r in rs])
    for n in lengths:
        for kind, far in (("random", 0.01), ("random", 0.02), ("changed", 0.05)):
            got = []
            for f in folds:
                here, there = [r for r in rows if r["fold"] == f], [r for r in rows if r["fold"] != f]
                if there:
                    th = threshold(of(there, n, kind), far)
                    got.append((np.mean(of(here, n, kind) >= th), np.mean(of(here, n, "genuine") < th)))
            if got:
                m = np.mean(got, 0)
                print(f"| {n} | {100 * far:.0f} % of {kind} | {pct(m[0])} | {pct(m[1])} | {', '.join(pct(a) + ' / ' + pct(b) for a, b in got)} |")


def logistic(x, y, weight):
    """Newton's method for one slope and one offset."""
    a = np.stack([x, np.ones_like(x)], 1)
    w = np.array([1.0, 1.0])
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(a @ w, -30, 30)))
        h = (a * (weight * p * (1 - p))[:, None]).T @ a + 1e-4 * np.eye(2)
        w = w + np.linalg.solve(h, a.T @ (weight * (y - p)) - 1e-4 * w)
    return float(w[0]), float(w[1])


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("scores", nargs="+")
    p.add_argument("--calibration", help="write this file")
    p.add_argument("--note", default="")
    o = p.parse_args()
    rows = [r for path in o.scores for r in json.load(open(path))]
    for r in rows:
        r["phrases"] = {int(n): v for n, v in r["phrases"].items()}
        print(line(r))
    for name, some in (("Landmarks", [r for r in rows if not r["video"]]), ("Video", [r for r in rows if r["video"]])):
        if some:
            table(some, name)
    if o.calibration:
        calibrate(rows, o.calibration, o.note)


if __name__ == "__main__":
    main()
