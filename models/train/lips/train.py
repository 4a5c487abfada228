"""python3 -m lips.train OUT.pt [--fold N] …: trains one network, on all speakers or without one fold."""
import argparse
import copy
import os
import time

import numpy as np
import torch
import torch.nn.functional as F

from . import augment, data, phrases
from .net import Net


def options():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("out")
    p.add_argument("--fold", type=int, default=-1, help="leave out this fold of five speakers; -1: train on all")
    p.add_argument("--steps", type=int, default=1600)
    p.add_argument("--width", type=int, default=96)
    p.add_argument("--rate", type=float, default=3e-3, help="highest learning rate")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--meshes", default="/tmp/vivavoce-lips/mesh", help="what meshes.go wrote of the videos")
    p.add_argument("--augment", type=float, default=1.0)
    p.add_argument("--ctc", type=float, default=0.3, help="weight of the CTC loss")
    p.add_argument("--frames", type=float, default=1.0, help="weight of the frames' own loss")
    p.add_argument("--words", type=float, default=0.5, help="weight of GRID's words, frame by frame")
    p.add_argument("--whole", type=float, default=0.5, help="weight of GRID's words, each as a whole")
    p.add_argument("--batch", type=int, default=1664, help="frames a step")
    p.add_argument("--not-centred", action="store_true")
    p.add_argument("--not-levelled", action="store_true", help="do not divide by the window's own movement")
    p.add_argument("--drop", type=float, default=0.15)
    p.add_argument("--no-video", action="store_true")
    p.add_argument("--begin", help="go on from this network")
    p.add_argument("--few", type=int, default=0, help="sentences per speaker, for a quick try")
    return p.parse_args()


def main():
    o = options()
    torch.manual_seed(o.seed)
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    rng = np.random.default_rng(o.seed)
    out = data.FOLDS[o.fold] if o.fold >= 0 else ()
    names = [s for fold in data.FOLDS for s in fold if s not in out]
    sentences = data.landmarks(names)
    if o.few:
        sentences = [s for i, s in enumerate(sentences) if i % (1000 // o.few) == 0]
    films = data.videos(o.meshes, names)
    pool = phrases.rests(films)
    groups = phrases.speakers(sentences + ([] if o.no_video else films))
    print(f"{len(names)} speakers, {len(sentences)} sentences, {len(films)} clips, {len(pool)} rests", flush=True)
    net = Net(width=o.width, centred=not o.not_centred, levelled=not o.not_levelled, drop=o.drop)
    if o.begin:
        net.load_state_dict(torch.load(o.begin)["state"])
    print(sum(p.numel() for p in net.parameters()), "weights", flush=True)
    average = fit(net, groups, pool, rng, o)
    torch.save({"state": average.state_dict(), "width": o.width, "centred": not o.not_centred, "levelled": not o.not_levelled, "options": vars(o)}, o.out)


def fit(net, groups, pool, rng, o):
    """Trains; returns the moving average of the weights."""
    chance = np.array([0.4 if g.video else 1.0 for g in groups])
    chance /= chance.sum()
    optimiser = torch.optim.AdamW(net.parameters(), o.rate, weight_decay=1e-2)
    plan = torch.optim.lr_scheduler.OneCycleLR(optimiser, o.rate, total_steps=o.steps, pct_start=0.15)
    average, begun, sums = copy.deepcopy(net), time.time(), []
    for step in range(o.steps):
        net.train()
        points, word, said = make(rng, groups, chance, pool, o)
        loss, parts = losses(net, points, word, said, o, o.ctc * min(1, 8 * step / o.steps))
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 3)
        optimiser.step()
        plan.step()
        follow(average, net, min(0.995, step / (step + 20)))
        sums.append(parts)
        if step % 100 == 99:
            print(step + 1, *[f"{v:.3f}" for v in np.mean(sums, 0)], f"{time.time() - begun:.0f} s", flush=True)
            sums = []
    return average.eval()


def make(rng, groups, chance, pool, o):
    frames = int(rng.choice([72, 104, 136]))
    many = o.batch // frames
    windows = [phrases.training_window(rng, groups[g], pool, frames) for g in rng.choice(len(groups), many, p=chance)]
    points = augment.batch(rng, np.stack([w[0] for w in windows]), o.augment)
    return (torch.from_numpy(points.reshape(many, frames, 18)), torch.from_numpy(np.stack([w[1] for w in windows])),
            [w[2] for w in windows])


def losses(net, points, word, said, o, ctc_weight):
    logp, words = net.both(points)
    digit = word - data.FIRST_DIGIT + 1
    digit[(digit < 1) | (digit > 10)] = 0
    frame = F.nll_loss(logp.reshape(-1, 11), digit.reshape(-1))
    aux = F.cross_entropy(words, word, label_smoothing=0.05)
    lengths = torch.tensor([len(s) for s in said])
    target = torch.tensor([d + 1 for s in said for d in s], dtype=torch.long)
    ctc = F.ctc_loss(logp.transpose(0, 1), target, torch.full((len(said),), logp.shape[1]), lengths, reduction="none", zero_infinity=True)
    ctc = (ctc / (lengths + 1)).mean()
    right = (logp.argmax(-1) == digit)[digit > 0].float().mean()
    whole, known = whole_words(words, word)
    loss = o.frames * frame + o.words * aux + o.whole * whole + ctc_weight * ctc
    return loss, [frame.item(), aux.item(), ctc.item(), right.item(), whole.item(), known]


def whole_words(logits, word):
    """Loss and share right of each word by the mean of its frames' logits [B, classes, T]."""
    flat, cls = logits.transpose(1, 2).reshape(-1, logits.shape[1]), word.reshape(-1)
    part = torch.zeros_like(cls)
    part[1:] = (cls[1:] != cls[:-1]).long()
    part[::word.shape[1]] = 1
    part[0] = 0
    part = part.cumsum(0)
    many = int(part[-1]) + 1
    length = torch.zeros(many).index_add(0, part, torch.ones(len(part)))
    mean = torch.zeros(many, flat.shape[1]).index_add(0, part, flat) / length[:, None]
    is_ = torch.zeros(many, dtype=torch.long).index_copy(0, part, cls)
    use = (length >= 3) & (is_ > 0)
    return F.cross_entropy(mean[use], is_[use], label_smoothing=0.05), (mean[use].argmax(1) == is_[use]).float().mean().item()


@torch.no_grad()
def follow(average, net, keep):
    for a, b in zip(average.state_dict().values(), net.state_dict().values()):
        if a.is_floating_point():
            a.mul_(keep).add_(b, alpha=1 - keep)
        else:
            a.copy_(b)


if __name__ == "__main__":
    main()
