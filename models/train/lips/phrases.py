"""Splices words of one speaker, with rests between, into windows: for training (varied) and for evaluation (plain)."""
import numpy as np

from .data import FIRST_DIGIT, REST


class Speaker:
    """What can be spliced of one speaker: sentences, and where each digit is said."""

    def __init__(self, name, sentences):
        self.name, self.sentences = name, sentences
        self.digits = [[] for _ in range(10)]
        for s in sentences:
            if s.digit():
                self.digits[s.digit()[2]].append(s)
        self.any = [s for d in self.digits for s in d]
        self.video = sentences[0].video


def speakers(sentences):
    """Groups sentences; a speaker's landmarks and videos are two groups, as they come from two meshes."""
    by = {}
    for s in sentences:
        by.setdefault((s.speaker, s.video), []).append(s)
    return [Speaker(k[0], v) for k, v in sorted(by.items())]


def rests(sentences):
    """How mouths rest in our videos: the silence before and after, relative to that clip's closed lips."""
    out = []
    for s in sentences:
        if s.video:
            for a, b in ((2, s.spans[0][0] - 5), (s.spans[-1][1] + 8, len(s.points) - 1)):
                if b - a >= 8:
                    out.append(s.points[a:b] - s.closed)
    return out or [np.zeros((8, 9, 2), np.float32)]


class Splicer:
    """Builds one window: pieces of points with their word classes, joined through rests."""

    def __init__(self, rng, rest_pool):
        self.rng, self.pool = rng, rest_pool
        self.points, self.word, self.part = [], [], []
        self.parts = 0  # words so far
        self.home = self.closed = None

    def frames(self):
        return sum(map(len, self.word))

    def begin(self, sentence):
        self.home, self.closed = sentence.middle, sentence.closed

    def rest(self, frames):
        """A rest of so many frames: closed lips that move as in some silence."""
        if frames <= 0:
            return
        wave = self.pool[self.rng.integers(len(self.pool))]
        wave = np.concatenate([wave, wave[::-1]])
        at = (self.rng.integers(len(wave)) + np.arange(frames)) % len(wave)
        self.points.append(self.closed + wave[at] * self.rng.uniform(0.2, 1.1))
        self.word.append(np.full(frames, REST))
        self.part.append(np.zeros(frames, int))

    def say(self, sentence, first, end, stretch, drift=0.0):
        """Frames first…end of a sentence, moved to where this window's head is, stretched in time."""
        n = max(3, round((end - first) * stretch))
        at = np.linspace(first, end - 1, n)
        lo = np.floor(at).astype(int)
        hi, part = np.minimum(lo + 1, end - 1), (at - lo)[:, None, None].astype(np.float32)
        moved = sentence.points[lo] * (1 - part) + sentence.points[hi] * part - sentence.middle + self.home
        self.points.append(moved + self.rng.normal(0, drift, (1, 1, 2)))
        word = sentence.word[np.rint(at).astype(int)]
        self.word.append(word)
        change = np.concatenate([[1], word[1:] != word[:-1]]).cumsum()
        self.part.append(np.where(word > 0, self.parts + change, 0))
        self.parts += change[-1]

    def window(self, ease):
        """points [T, 9, 2], classes [T] and which word of the window [T], 0 for none; joints are smoothed over ease frames to either side."""
        word = np.concatenate(self.word).astype(np.int64)
        points = np.concatenate(self.points).astype(np.float32)
        at = 0
        for part in self.word[:-1]:
            at += len(part)
            blend(points, at, ease)
        return points, word, np.concatenate(self.part)


def blend(points, at, ease):
    """Takes the jump between frames at-1 and at away, spread over ease frames to either side, easing out."""
    a, b = max(0, at - ease), min(len(points), at + ease)
    if at - a < 1 or b - at < 1:
        return
    jump = points[at] - points[at - 1]
    before = (np.arange(1, at - a + 1) / (at - a + 1)).astype(np.float32)[:, None, None] ** 2
    after = (np.arange(b - at, 0, -1) / (b - at + 1)).astype(np.float32)[:, None, None] ** 2
    points[a:at] += jump / 2 * before
    points[at:b] -= jump / 2 * after


def training_window(rng, speaker, pool, frames):
    """A window of exactly so many frames: points, classes, numbers of the words."""
    s = Splicer(rng, pool)
    kind = rng.random()
    s.begin(pick(rng, speaker.sentences))
    stretch = np.exp(rng.uniform(np.log(0.8), np.log(1.6)))
    pause = rng.choice([1, 5, 14])
    s.rest(rng.integers(3, 22))
    while True:
        q = pick(rng, speaker.sentences) if kind < 0.3 or rng.random() < 0.15 else pick(rng, some(rng, speaker))
        first, end = chosen(rng, q, kind)
        pace = stretch * rng.uniform(0.88, 1.14)
        if s.frames() + round((end - first) * pace) + 4 > frames:
            break
        s.say(q, first, end, pace, 0.01)
        s.rest(int(rng.integers(0, 2 * pause + 1)) if kind >= 0.3 else int(rng.integers(2, 25)))
    s.rest(frames - s.frames())
    points, word, part = s.window(int(rng.integers(2, 5)))
    return points[:frames], word[:frames], part[:frames]


def some(rng, speaker):
    d = speaker.digits[rng.integers(10)]
    return d or speaker.any


def chosen(rng, q, kind):
    """Which frames of a sentence to say: all of it, its digit with a margin, or one or two other words."""
    if kind < 0.3:
        return (0, len(q.points)) if q.video else (q.spans[0][0], q.spans[-1][1])
    d = q.digit()
    if d and rng.random() < 0.85:
        margin = rng.integers(0, 4, 2)
        return max(d[0] - margin[0], 0), min(d[1] + margin[1], len(q.points))
    i = rng.integers(0, len(q.spans) - 1)
    return q.spans[i][0], q.spans[min(i + int(rng.integers(0, 2)), len(q.spans) - 1)][1]


def pick(rng, things):
    return things[rng.integers(len(things))]


def genuine(rng, speaker, pool, digits, pause=(3, 14)):
    """A phrase as in evaluation: each digit from another sentence with 2 frames of what was around, natural rests."""
    s = Splicer(rng, pool)
    said = [pick(rng, speaker.digits[d]) for d in digits]
    s.begin(said[0])
    s.rest(int(rng.integers(8, 16)))
    for q in said:
        a, b, _ = q.digit()
        s.say(q, max(a - 2, 0), min(b + 2, len(q.points)), 1.0)
        s.rest(int(rng.integers(*pause)))
    s.rest(int(rng.integers(6, 12)))
    return s.window(3)
