"""The network: normalised features, then dilated convolutions over time."""
import torch
import torch.nn as nn
import torch.nn.functional as F

from .data import WORDS


class Features(nn.Module):
    """[B, T, 18] points to [B, 39, T]: shape about the window's mean, its speed, and gaps as they are."""

    def __init__(self, centred=True, levelled=False):
        super().__init__()
        self.centred, self.levelled = centred, levelled
        self.size = 18 * 2 + 3

    def forward(self, points):
        p = points.reshape(points.shape[0], -1, 9, 2)
        mean = p.mean(1, keepdim=True)
        across = mean[:, :, 1] - mean[:, :, 0]  # corner to corner: level it
        c, s = (across / torch.sqrt((across * across).sum(-1, keepdim=True) + 1e-6)).split(1, -1)
        c, s = c.unsqueeze(2), s.unsqueeze(2)
        q = p - mean if self.centred else p - torch.tensor([0.0, 2.4])
        x, y = q[..., :1], q[..., 1:]
        q = torch.cat([c * x + s * y, c * y - s * x], -1)
        flat = q.reshape(points.shape[0], -1, 18).transpose(1, 2)
        speed = torch.cat([flat[..., 1:], flat[..., -1:]], -1) - torch.cat([flat[..., :1], flat[..., :-1]], -1)
        d = lambda a, b: torch.sqrt(((p[:, :, a] - p[:, :, b]) ** 2).sum(-1) + 1e-6)
        gaps = torch.stack([d(2, 3), d(5, 7), d(6, 8)], 1)  # how open, from shut; widths would tell who it is
        if self.levelled:  # how widely somebody moves their lips
            size = torch.sqrt((flat * flat).mean((1, 2), keepdim=True) + 1e-4)
            return torch.cat([flat / size, speed / size * 2, gaps * 4], 1)
        return torch.cat([flat * 8, speed * 20, gaps * 4], 1)


class Block(nn.Module):
    def __init__(self, width, dilation, drop):
        super().__init__()
        self.conv = nn.Conv1d(width, width, 5, padding=2 * dilation, dilation=dilation, bias=False)
        self.norm = nn.BatchNorm1d(width)
        self.drop = nn.Dropout(drop)

    def forward(self, x):
        return x + self.drop(F.relu(self.norm(self.conv(x))))


class Net(nn.Module):
    """logp [B, T, 11] over blank and digits; in training the logits of GRID's words as well."""

    def __init__(self, width=96, dilations=(1, 2, 4, 1, 2, 4), drop=0.15, centred=True, levelled=False):
        super().__init__()
        self.features = Features(centred, levelled)
        self.enter = nn.Conv1d(self.features.size, width, 5, padding=2)
        self.blocks = nn.Sequential(*[Block(width, d, drop) for d in dilations])
        self.digits = nn.Conv1d(width, 11, 1)
        self.words = nn.Conv1d(width, WORDS, 1)

    def trunk(self, points):
        return self.blocks(F.relu(self.enter(self.features(points))))

    def forward(self, points):
        return F.log_softmax(self.digits(self.trunk(points)), 1).transpose(1, 2)

    def both(self, points):
        h = self.trunk(points)
        return F.log_softmax(self.digits(h), 1).transpose(1, 2), self.words(h)
