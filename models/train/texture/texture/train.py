"""Trains the network: python -m texture.train OUT.pt DUMP… [--steps N]."""

import argparse
import time

import numpy as np
import torch
from torch.nn import functional as F

from . import augment
from .data import Looks
from .net import Net


def batch(looks, chosen, rng, g, detail=True):
    details, contexts = [], []
    for i in chosen:
        d, c = looks.pixels(i)
        if detail:
            details.append(d[rng.integers(len(d))])
        contexts.append(c)
    to = lambda a: torch.from_numpy(np.stack(a)).float() / 255
    return augment.detail(to(details), g) if detail else None, augment.context(to(contexts), g), torch.from_numpy(looks.label[chosen])


def main():
    p = argparse.ArgumentParser()
    p.add_argument("out")
    p.add_argument("dumps", nargs="+")
    p.add_argument("--steps", type=int, default=2500)
    p.add_argument("--batch", type=int, default=32)
    p.add_argument("--seconds", type=float, default=1e9, help="ends the schedule early, gently: the rate follows the clock too")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--begin", help="go on from this network with its context alone, from nothing: it is quick")
    a = p.parse_args()
    torch.manual_seed(a.seed)
    torch.set_num_threads(1)
    rng, g = np.random.default_rng(a.seed), torch.Generator().manual_seed(a.seed)
    looks = Looks(a.dumps)
    weights = looks.weights()
    net = Net()
    if a.begin:
        detail = {k: v for k, v in torch.load(a.begin).items() if k.startswith("detail.")}
        net.load_state_dict(detail, strict=False)
        net.detail.eval()
    opt = torch.optim.AdamW((net.context if a.begin else net).parameters(), lr=3e-3, weight_decay=0.05)
    print(len(looks), "looks", np.bincount(looks.label), "parameters", sum(v.numel() for v in net.parameters()), flush=True)
    begun, mean = time.time(), 0.0
    for step in range(a.steps):
        done = max(step / a.steps, (time.time() - begun) / a.seconds)
        if done >= 1:
            break
        for group in opt.param_groups:
            group["lr"] = 3e-3 * min(1, (step + 1) / 100) * (0.5 + 0.5 * np.cos(np.pi * done))
        chosen = rng.choice(len(looks), a.batch, p=weights)
        d, c, label = batch(looks, chosen, rng, g, a.begin is None)
        if a.begin:
            x, y = 0, net.context(c)
            loss = F.cross_entropy(y, label, label_smoothing=0.1)
        else:
            x, y = net.parts(d, c)
            # Each picture must tell by itself, or the easier one learns and the other does not.
            loss = F.cross_entropy(x + y, label, label_smoothing=0.03)
            loss = loss + 0.5 * F.cross_entropy(x, label, label_smoothing=0.1) + 0.3 * F.cross_entropy(y, label, label_smoothing=0.1)
        opt.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 2)
        opt.step()
        right = ((x + y).argmax(1) == label).float().mean().item()
        mean = right if step == 0 else 0.98 * mean + 0.02 * right
        if step % 50 == 0:
            print(step, f"loss {loss.item():.3f} right {mean:.3f} seconds {time.time() - begun:.0f}", flush=True)
            torch.save(net.state_dict(), a.out)
    torch.save(net.state_dict(), a.out)


if __name__ == "__main__":
    main()
