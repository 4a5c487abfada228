"""What dump.go wrote: looks of people, bona fide and attacked."""

import json
import os

import numpy as np

DETAIL, CONTEXT, DETAILS = 128, 96, 3
CLASSES = ["bona_fide", "screen", "print", "paste", "mask"]
SPECIES = {
    "camera": 0, "plain": 0, "camera-hard": 0, "plain-hard": 0, "screen": 1, "screen-oled": 1,
    "print": 2, "print-inkjet": 2, "print-photo": 2, "print-cutout": 2,
    "mouth": 3, "swap": 3, "warp": 3, "mask": 4,
}
HIDDEN = {"screen-oled", "print-photo", "swap"}
EVIDENCE = ["moire", "moire_beside", "grid", "colour", "fine", "finest", "focus", "frame2", "frame3",
            "glare", "black", "white", "saturation", "spread"]


class Looks:
    """Looks of one or more dumps: details [n, 3, 3, 128, 128], context [n, 3, 96, 96] (bytes, mapped), evidence [n, 14] (NaN: none)."""

    def __init__(self, folders):
        self.meta, self.maps, self.at = [], [], []
        size = DETAILS * 3 * DETAIL * DETAIL + 3 * CONTEXT * CONTEXT
        for k, folder in enumerate(folders):
            pixels = np.memmap(os.path.join(folder, "pixels.u8"), dtype=np.uint8, mode="r")
            with open(os.path.join(folder, "looks.jsonl")) as f:
                lines = [json.loads(line) for line in f if line.endswith("\n")]
            n = min(len(lines), len(pixels) // size)  # a dump that was cut off ends with pixels without a line
            self.maps.append(pixels[: n * size].reshape(n, size))
            self.meta += lines[:n]
            self.at += [(k, i) for i in range(n)]
        self.label = np.array([SPECIES[m["species"]] for m in self.meta], dtype=np.int64)
        self.evidence = np.array([[np.nan if v is None else v for v in m["evidence"]] for m in self.meta], dtype=np.float64)

    def __len__(self):
        return len(self.meta)

    def pixels(self, i):
        """Returns the details and the context of look i."""
        k, j = self.at[i]
        row = self.maps[k][j]
        cut = DETAILS * 3 * DETAIL * DETAIL
        return row[:cut].reshape(DETAILS, 3, DETAIL, DETAIL), row[cut:].reshape(3, CONTEXT, CONTEXT)

    def part(self, wanted):
        """Returns the looks of the people whose names begin with one of wanted, and the others."""
        mine = np.array([any(m["subject"].startswith(w) for w in wanted) for m in self.meta])
        return np.flatnonzero(mine), np.flatnonzero(~mine)

    def weights(self):
        """Every person counts the same, and bona fide as much as all attacks; classes of attack alike."""
        who = np.array([m["subject"] for m in self.meta])
        w = np.ones(len(self))
        for label in np.unique(self.label):
            share = 0.5 if label == 0 else 0.5 / max(1, len(np.unique(self.label)) - 1)
            of = self.label == label
            for person in np.unique(who[of]):
                mine = of & (who == person)
                w[mine] = share / len(np.unique(who[of])) / mine.sum()
        return w / w.sum()
