"""What cameras, heads, meshes and people do to points; all on a batch [B, T, 9, 2] of one length at once, in PyTorch."""
import math

import torch

from .data import MIRRORED, RATE


class Variety:
    """Draws one variation for each window of a batch. strength 1 is a good deal, 0 only mirrors."""

    def __init__(self, generator, strength=1.0, people=1.0):
        self.g, self.strength, self.people = generator, strength, people
        self.middle_out = None

    def between(self, lo, hi, *shape):
        return lo + (hi - lo) * torch.rand(*shape, generator=self.g)

    def normal(self, size, *shape):
        return size * torch.randn(*shape, generator=self.g)

    def some(self, share, b):
        return torch.rand(b, generator=self.g) < share

    def __call__(self, points, word, part):
        b, t = points.shape[:2]
        flip = self.some(0.5, b)
        points[flip] = points[flip][:, :, list(MIRRORED)] * torch.tensor([-1.0, 1.0])
        if self.strength <= 0:
            return points, word, part
        points, word, part = self.timing(points, word, part)
        points = self.person(points)
        points = self.head(points)
        points = self.filmed(points)
        return self.mesh(points), word, part

    def timing(self, points, word, part):
        """Faster here, slower there: up to some three frames to and fro."""
        b, t = points.shape[:2]
        at = torch.arange(t)[None].float()
        size = self.between(0, 2.5, b, 1) * self.strength
        at = at + size * torch.sin(2 * math.pi * (self.between(0.3, 1.2, b, 1) * at / RATE + self.between(0, 1, b, 1)))
        at = at.clamp(0, t - 1)
        near = at.round().long()
        return lerp(points, at), word.gather(1, near), part.gather(1, near)

    def person(self, points):
        """Another mouth: how widely it moves as a whole, at each point, and what moves along; where each point rests."""
        b, t = points.shape[:2]
        k = self.strength * self.people
        middle = points.mean(1, keepdim=True)
        moved = (points - middle).reshape(b, t, 18)
        moved = moved * torch.exp(self.between(-0.3, 0.3, b, 1, 1) * self.strength)
        mix = torch.eye(18) * torch.exp(self.normal(0.12 * k, b, 1, 18)) + self.normal(0.25 * k / 18 ** 0.5 * 0.25, b, 18, 18)
        moved = torch.bmm(moved, mix).reshape(b, t, 9, 2)
        return middle + self.normal(0.03 * k, b, 1, 9, 2) + moved

    def head(self, points):
        b, t = points.shape[:2]
        k = self.strength
        x, y = points[..., 0], points[..., 1]
        x = x * torch.exp(self.between(-0.18 * k, 0.15 * k, b, 1, 1))
        y = y * torch.exp(self.between(-0.12 * k, 0.18 * k, b, 1, 1))
        x = x / (1 + self.between(-0.08 * k, 0.08 * k, b, 1, 1) * x)  # the nearer half of a turned face looks larger
        x = x + self.between(-0.08 * k, 0.08 * k, b, 1, 1) * y
        angle = self.between(-0.16 * k, 0.16 * k, b, 1, 1) + self.sway(b, t, 0.02 * k)
        size = 1 + self.sway(b, t, 0.015 * k)
        c, s = torch.cos(angle) * size, torch.sin(angle) * size
        return torch.stack([c * x - s * y + self.sway(b, t, 0.015 * k), s * x + c * y + self.sway(b, t, 0.015 * k)], -1)

    def sway(self, b, t, size):
        """[b, t, 1] slow movement of about this size: two sines of up to 0.8 Hz."""
        at = torch.arange(t)[None, :, None] / RATE
        return sum(self.normal(size, b, 1, 1) * torch.sin(2 * math.pi * (self.between(0.05, 0.8, b, 1, 1) * at + self.between(0, 1, b, 1, 1)))
                   for _ in range(2))

    def filmed(self, points):
        """Some windows as if filmed at 9–28 frames a second, then resampled to 25 Hz."""
        which = self.some(0.35 * self.strength, len(points))
        n = int(which.sum())
        if n:
            points[which] = at_rate(points[which], self.between(9, 28, n, 1), self.between(0, 1, n, 1))
        return points

    def mesh(self, points):
        """A mesh smoothed over time, and one that shakes; the eyes' midpoint shakes too, and with it all points."""
        b, t = points.shape[:2]
        soft = self.some(0.2 * self.strength, b)
        points[soft, 1:-1] = (points[soft, :-2] + 2 * points[soft, 1:-1] + points[soft, 2:]) / 4
        noise = self.between(0, 0.012 * self.strength, b, 1, 1, 1)
        return points + noise * (self.normal(1, b, t, 9, 2) + self.normal(0.6, b, t, 1, 2))


def lerp(points, at):
    """points [B, T, 9, 2] at fractional frames [B, T']."""
    b, t = points.shape[:2]
    flat = points.reshape(b, t, 18)
    lo = at.floor().long().clamp(0, t - 1)
    hi = (lo + 1).clamp(max=t - 1)
    part = (at - lo)[..., None].clamp(0, 1)
    take = lambda i: flat.gather(1, i[..., None].expand(-1, -1, 18))
    return (take(lo) * (1 - part) + take(hi) * part).reshape(b, at.shape[1], 9, 2)


def at_rate(points, rate, phase):
    """Windows [B, T, 9, 2] seen at other frame rates [B, 1], linearly interpolated both ways."""
    t = points.shape[1]
    at = (torch.arange(t)[None] * rate / RATE - phase)  # in frames of that camera
    lo = at.floor()
    frame = lambda k: ((k + phase) * RATE / rate).clamp(0, t - 1)
    a, b = lerp(points, frame(lo)), lerp(points, frame(lo + 1))
    part = (at - lo)[..., None, None]
    return a * (1 - part) + b * part
