"""python3 -m lips.train OUT.pt POOL [--fold N] …: trains one network on windows of lips.windows, on all speakers or without one fold."""
import argparse
import copy
import os
import time

import numpy as np
import torch
import torch.nn.functional as F

from . import data
from .net import Net
from .vary import Variety


def options():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("out")
    p.add_argument("pool", help="folder that lips.windows wrote")
    p.add_argument("--fold", type=int, default=-1, help="leave out this fold of five speakers; -1: train on all")
    p.add_argument("--steps", type=int, default=4000)
    p.add_argument("--batch", type=int, default=32, help="windows a step")
    p.add_argument("--width", type=int, default=96)
    p.add_argument("--drop", type=float, default=0.15)
    p.add_argument("--rate", type=float, default=3e-3, help="highest learning rate")
    p.add_argument("--decay", type=float, default=1e-2)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--variety", type=float, default=0.25)
    p.add_argument("--people", type=float, default=0.7)
    p.add_argument("--smooth", type=float, default=0.05)
    p.add_argument("--frames", type=float, default=0.5, help="weight of the digits, frame by frame")
    p.add_argument("--whole", type=float, default=1.0, help="weight of the digits, each as a whole")
    p.add_argument("--words", type=float, default=1.0, help="weight of GRID's words, each as a whole")
    p.add_argument("--no-video", action="store_true")
    return p.parse_args()


class Pool:
    """Windows of the speakers that are trained on."""

    def __init__(self, folder, names, video):
        self.sets = []
        for n in names:
            for end in ("", "v") if video else ("",):
                path = os.path.join(folder, n + end + ".npz")
                if os.path.exists(path):
                    z = np.load(path)
                    self.sets.append([torch.from_numpy(z[k]) for k in ("points", "word", "part")])
        many = np.array([len(s[0]) for s in self.sets])
        self.chance = np.where(many < many.max(), 0.4, 1.0)
        self.chance /= self.chance.sum()

    def draw(self, rng, many, frames):
        rows = [(s, rng.integers(len(s[0])), rng.integers(s[0].shape[1] - frames + 1))
                for s in (self.sets[g] for g in rng.choice(len(self.sets), many, p=self.chance))]
        return [torch.stack([s[k][i, at:at + frames] for s, i, at in rows]) for k in range(3)]


def main():
    o = options()
    torch.manual_seed(o.seed)
    torch.set_num_threads(1)
    rng = np.random.default_rng(o.seed)
    out = data.FOLDS[o.fold] if o.fold >= 0 else ()
    pool = Pool(o.pool, [s for fold in data.FOLDS for s in fold if s not in out], not o.no_video)
    net = Net(o.width, o.drop)
    print(f"{len(pool.sets)} sets of windows, {sum(p.numel() for p in net.parameters())} weights, {vars(o)}", flush=True)
    average = fit(net, pool, rng, o)
    torch.save({"state": average.state_dict(), "made": net.made, "options": vars(o)}, o.out)


def fit(net, pool, rng, o):
    """Trains; returns the moving average of the weights."""
    vary = Variety(torch.Generator().manual_seed(o.seed), o.variety, o.people)
    optimiser = torch.optim.AdamW(net.parameters(), o.rate, weight_decay=o.decay)
    average, begun, sums = copy.deepcopy(net), time.process_time(), []
    for step in range(o.steps):
        done = step / o.steps
        for g in optimiser.param_groups:
            g["lr"] = o.rate * plan(done)
        net.train()
        points, word, part = pool.draw(rng, o.batch, int(rng.choice([64, 88, 112])))
        points, word, part = vary(points.float(), word.long(), part.long())
        loss, parts = losses(net, points, word, part, o)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 3)
        optimiser.step()
        follow(average, net, min(0.998, step / (step + 20)))
        sums.append(parts)
        if step % 100 == 99:
            print(step + 1, *[f"{v:.3f}" for v in np.mean(sums, 0)], f"{time.process_time() - begun:.0f} s", flush=True)
            sums = []
    return average.eval()


def plan(done):
    """The learning rate's share: up over the first tenth, then down like a cosine."""
    return min(done / 0.1 + 0.04, 0.5 + 0.5 * np.cos(np.pi * max(done - 0.1, 0) / 0.9) + 1e-3)


def losses(net, points, word, part, o):
    h = net.trunk(points.reshape(len(points), -1, 18))
    digit = word - data.FIRST_DIGIT + 1
    digit[(digit < 1) | (digit > 10) | edges(part)] = 0
    logp = F.log_softmax(net.digits(h), 2)
    frame = F.nll_loss(logp.reshape(-1, 11), digit.reshape(-1))
    means, classes = wholes(h, word, part)
    words = net.words(means)
    word_loss = F.cross_entropy(words, classes, label_smoothing=o.smooth)
    is_digit = (classes >= data.FIRST_DIGIT) & (classes < data.FIRST_DIGIT + 10)
    digits, said = net.digits(means[is_digit])[:, 1:], classes[is_digit] - data.FIRST_DIGIT
    whole = F.cross_entropy(digits, said, label_smoothing=o.smooth)
    right, known = (digits.argmax(1) == said).float().mean(), (words.argmax(1) == classes).float().mean()
    loss = o.frames * frame + o.words * word_loss + o.whole * whole
    return loss, [frame.item(), word_loss.item(), whole.item(), known.item(), right.item()]


def edges(part):
    """The first and the last frame of each word: they count as rest, so that words without any between are told apart."""
    change = part[:, 1:] != part[:, :-1]
    none = torch.zeros(len(part), 1, dtype=torch.bool)
    return torch.cat([none, change], 1) | torch.cat([change, none], 1)


def wholes(logits, word, part):
    """Each word's mean of what its frames gave, and its class; words of three frames and more."""
    b = len(word)
    top = int(part.max()) + 1
    key = (part + torch.arange(b)[:, None] * top).reshape(-1)
    length = torch.zeros(b * top).index_add(0, key, torch.ones(len(key)))
    mean = torch.zeros(b * top, logits.shape[2]).index_add(0, key, logits.reshape(-1, logits.shape[2])) / length.clamp(min=1)[:, None]
    cls = torch.zeros(b * top, dtype=torch.long).index_copy(0, key, word.reshape(-1))
    use = (length >= 3) & (cls > 0)
    return mean[use], cls[use]


@torch.no_grad()
def follow(average, net, keep):
    for a, b in zip(average.state_dict().values(), net.state_dict().values()):
        if a.is_floating_point():
            a.mul_(keep).add_(b, alpha=1 - keep)
        else:
            a.copy_(b)


if __name__ == "__main__":
    main()
