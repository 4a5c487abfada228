"""What cameras, heads and meshes do to points; all on a batch [B, T, 9, 2] at once."""
import numpy as np

from .data import MIRRORED


def batch(rng, points, strength=1.0):
    """Mirrors, squeezes, turns, shakes, drops frames. strength 0 only mirrors."""
    b, t = points.shape[:2]
    flip = rng.random(b) < 0.5
    points[flip] = points[flip][:, :, MIRRORED] * np.array([-1, 1], np.float32)
    if strength <= 0:
        return points
    u = lambda lo, hi: rng.uniform(lo * strength, hi * strength, (b, 1, 1)).astype(np.float32)
    middle = points.mean(1, keepdims=True)
    points = middle + (points - middle) * np.exp(u(-0.3, 0.3))[..., None]  # how widely somebody moves their lips
    points = points + person(rng, points, 0.03 * strength)
    x, y = points[..., 0], points[..., 1]
    x = x * np.exp(u(-0.18, 0.15))
    y = y * np.exp(u(-0.12, 0.18))
    x = x / (1 + u(-0.08, 0.08) * x)  # the nearer half of a turned face looks larger
    x = x + u(-0.08, 0.08) * y
    angle = u(-0.16, 0.16) + sway(rng, b, t, 0.02 * strength)
    size = 1 + sway(rng, b, t, 0.015 * strength)
    c, s = np.cos(angle) * size, np.sin(angle) * size
    points = np.stack([c * x - s * y, s * x + c * y], -1)
    points[..., 0] += sway(rng, b, t, 0.015 * strength)
    points[..., 1] += sway(rng, b, t, 0.015 * strength)
    points = frames_dropped(rng, points, 0.35 * strength)
    soft = rng.random(b) < 0.2 * strength
    points[soft, 1:-1] = (points[soft, :-2] + 2 * points[soft, 1:-1] + points[soft, 2:]) / 4
    noise = rng.uniform(0, 0.012 * strength, (b, 1, 1, 1))
    common = rng.normal(size=(b, t, 1, 2)) * 0.6  # the eyes' midpoint shakes, and with it all points
    return (points + noise * (rng.normal(size=points.shape) + common)).astype(np.float32)


def person(rng, points, size):
    """Another mouth: every point a little elsewhere for the whole window."""
    return rng.normal(0, size, (len(points), 1) + points.shape[2:]).astype(np.float32)


def sway(rng, b, t, size):
    """[b, t, 1] slow movement of about this size: two sines of up to 0.8 Hz."""
    at = np.arange(t)[None, :, None] / 25
    out = 0
    for _ in range(2):
        out = out + size * rng.normal(size=(b, 1, 1)) * np.sin(2 * np.pi * (rng.uniform(0.05, 0.8, (b, 1, 1)) * at + rng.random((b, 1, 1))))
    return out.astype(np.float32)


def frames_dropped(rng, points, share):
    """Some windows as if filmed at 9–28 frames a second, then resampled to 25 Hz."""
    which = np.flatnonzero(rng.random(len(points)) < share)
    for i in which:
        points[i] = at_rate(points[i], rng.uniform(9, 28), rng.random())
    return points


def at_rate(points, rate, phase):
    """One window [T, …] seen at another frame rate (from 25 Hz), linearly interpolated both ways."""
    t = len(points)
    at = np.arange(phase, (t - 1) * rate / 25) * 25 / rate
    at = np.concatenate([[0], at, [t - 1]])
    seen = lerp(points, at)
    where = np.interp(np.arange(t), at, np.arange(len(at)))
    return lerp(seen, where)


def lerp(points, at):
    lo = np.clip(np.floor(at).astype(int), 0, len(points) - 1)
    hi = np.minimum(lo + 1, len(points) - 1)
    part = (at - lo).reshape((-1,) + (1,) * (points.ndim - 1)).astype(np.float32)
    return points[lo] * (1 - part) + points[hi] * part
