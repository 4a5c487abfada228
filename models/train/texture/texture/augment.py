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
    """Mirrored, shifted, scaled and turned a little, other light and colours; a part hidden at times; grey at times."""
    n = len(x)
    mirror = torch.where(torch.rand(n, generator=g) < 0.5, -1.0, 1.0)
    scale = 0.85 + 0.2 * torch.rand(n, generator=g)
    turn = 0.12 * (torch.rand(n, generator=g) - 0.5)
    theta = torch.zeros(n, 2, 3)
    theta[:, 0, 0], theta[:, 0, 1] = scale * mirror, -turn
    theta[:, 1, 0], theta[:, 1, 1] = turn, scale
    theta[:, :, 2] = 0.12 * (torch.rand(n, 2, generator=g) - 0.5)
    x = F.grid_sample(x, F.affine_grid(theta, x.shape, align_corners=False), padding_mode="reflection", align_corners=False)
    gain = 0.65 + 0.6 * torch.rand(n, 1, 1, 1, generator=g)
    tint = 1 + 0.24 * (torch.rand(n, 3, 1, 1, generator=g) - 0.5)
    lift = 0.1 * (torch.rand(n, 1, 1, 1, generator=g) - 0.3)
    x = x * gain * tint + lift
    grey = (torch.rand(n, 1, 1, 1, generator=g) < 0.15).float()
    x = grey * x.mean(1, keepdim=True) + (1 - grey) * x
    for i in range(n):
        if torch.rand((), generator=g) < 0.3:
            w, h = (int(v) for v in torch.randint(10, 40, (2,), generator=g))
            u, v = (int(torch.randint(0, 96 - s, (), generator=g)) for s in (w, h))
            x[i, :, v:v + h, u:u + w] = torch.rand((), generator=g)
    return torch.clamp(x, 0, 1)
