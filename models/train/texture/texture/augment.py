"""Variety that costs nothing to make, the same for bona fide and attacks."""

import torch
from torch.nn import functional as F


def detail(x, g):
    """A part of 96×96, any of the eight ways to lay a square, light, contrast, colour, a little noise."""
    n = len(x)
    u, v = (int(i) for i in torch.randint(0, 33, (2,), generator=g))
    x = x[:, :, v:v + 96, u:u + 96]
    if torch.rand((), generator=g) < 0.5:
        x = x.flip(3)
    if torch.rand((), generator=g) < 0.5:
        x = x.flip(2)
    if torch.rand((), generator=g) < 0.5:
        x = x.transpose(2, 3)
    gain = 0.75 + 0.5 * torch.rand(n, 1, 1, 1, generator=g)
    tint = 1 + 0.1 * (torch.rand(n, 3, 1, 1, generator=g) - 0.5)
    noise = 0.012 * torch.rand(n, 1, 1, 1, generator=g) * (torch.rand(n, 1, 1, 1, generator=g) < 0.3)
    return torch.clamp(x * gain * tint + noise * torch.randn(x.shape, generator=g), 0, 1)


def context(x, g):
    """Mirrored, moved, scaled and turned; other light, colours and sharpness, far beyond what cameras do; parts hidden.

    Without this the network learns what each person's room looks like when nobody attacks: it then tells known people's
    screens at an AUC of 1.00 and strangers' at 0.84."""
    n = len(x)
    rand = lambda *shape: torch.rand(*shape, generator=g)
    mirror = torch.where(rand(n) < 0.5, -1.0, 1.0)
    scale = 0.65 + 0.4 * rand(n)
    turn = 0.25 * (rand(n) - 0.5)
    theta = torch.zeros(n, 2, 3)
    theta[:, 0, 0], theta[:, 0, 1] = scale * mirror, -turn
    theta[:, 1, 0], theta[:, 1, 1] = turn, scale
    theta[:, :, 2] = 0.3 * (rand(n, 2) - 0.5)
    x = F.grid_sample(x, F.affine_grid(theta, x.shape, align_corners=False), padding_mode="reflection", align_corners=False)
    soft = (rand(n, 1, 1, 1) < 0.3).float() * rand(n, 1, 1, 1)
    x = x + soft * (F.avg_pool2d(x, 3, 1, 1, count_include_pad=False) - x)
    mix = torch.eye(3) + 0.15 * torch.randn(n, 3, 3, generator=g)
    x = torch.einsum("nij,njhw->nihw", mix / mix.sum(2, keepdim=True).clamp(min=0.3), x).clamp(1e-3, 1)
    x = x ** torch.exp(1.0 * (rand(n, 1, 1, 1) - 0.5))
    x = x * (0.5 + 0.9 * rand(n, 1, 1, 1)) * (1 + 0.3 * (rand(n, 3, 1, 1) - 0.5)) + 0.2 * (rand(n, 1, 1, 1) - 0.3)
    grey = (rand(n, 1, 1, 1) < 0.2).float()
    x = grey * x.mean(1, keepdim=True) + (1 - grey) * x
    x = x + 0.03 * rand(n, 1, 1, 1) * torch.randn(x.shape, generator=g)
    for i in range(n):
        if rand(()) < 0.5:
            w, h = (int(v) for v in torch.randint(10, 45, (2,), generator=g))
            u, v = (int(torch.randint(0, 96 - s, (), generator=g)) for s in (w, h))
            x[i, :, v:v + h, u:u + w] = rand(())
    return torch.clamp(x, 0, 1)
