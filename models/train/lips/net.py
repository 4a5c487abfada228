"""The network: normalised features, then memory in both directions of time."""
import torch
import torch.nn as nn
import torch.nn.functional as F

from .data import WORDS


class Features(nn.Module):
    """[B, T, 18] points to [B, T, 39]: shape about the window's mean, its speed, and gaps."""

    size = 18 * 2 + 3

    def forward(self, points):
        p = points.reshape(points.shape[0], -1, 9, 2)
        mean = p.mean(1, keepdim=True)
        across = mean[:, :, 1] - mean[:, :, 0]  # corner to corner: level it
        c, s = (across / torch.sqrt((across * across).sum(-1, keepdim=True) + 1e-6)).split(1, -1)
        c, s = c.unsqueeze(2), s.unsqueeze(2)
        q = p - mean
        x, y = q[..., :1], q[..., 1:]
        flat = torch.cat([c * x + s * y, c * y - s * x], -1).reshape(points.shape[0], -1, 18)
        speed = torch.cat([flat[:, 1:], flat[:, -1:]], 1) - torch.cat([flat[:, :1], flat[:, :-1]], 1)
        d = lambda a, b: torch.sqrt(((p[:, :, a] - p[:, :, b]) ** 2).sum(-1) + 1e-6)
        gaps = torch.stack([d(2, 3), d(5, 7), d(6, 8)], 2)  # how open, from shut; widths would tell who it is
        size = torch.sqrt((flat * flat).mean((1, 2), keepdim=True) + 1e-4)  # how widely somebody moves their lips
        return torch.cat([flat / size, speed / size * 2, gaps * 4], 2)


class Net(nn.Module):
    """logp [B, T, 11] over blank and digits; training looks at the trunk, and at GRID's words."""

    def __init__(self, width=96, drop=0.15):
        super().__init__()
        self.made = dict(width=width, drop=drop)
        self.features = Features()
        self.enter = nn.Conv1d(Features.size, width, 1)
        self.memory = nn.GRU(width, width, batch_first=True, bidirectional=True)
        self.drop = drop
        self.digits = nn.Linear(2 * width, 11)
        self.words = nn.Linear(2 * width, WORDS)

    def trunk(self, points):
        x = F.relu(self.enter(self.features(points).transpose(1, 2))).transpose(1, 2)
        return self.dropped(self.memory(self.dropped(x, self.drop))[0], 1.5 * self.drop)

    def dropped(self, x, share):
        """In training a window does without some features, all the time."""
        if not self.training or share <= 0:
            return x
        return x * ((torch.rand(x.shape[0], 1, x.shape[2]) >= share).float() / (1 - share))

    def forward(self, points):
        return F.log_softmax(self.digits(self.trunk(points)), 2)


def load(path):
    """A network that lips.train saved, ready to read."""
    saved = torch.load(path, map_location="cpu", weights_only=True)
    net = Net(**saved["made"])
    net.load_state_dict(saved["state"])
    return net.eval()
