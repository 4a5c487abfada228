"""python3 -m lips.windows FOLDER: splices training windows of every speaker once, for all networks to draw from."""
import argparse
import os

import numpy as np

from . import data, phrases

FRAMES = 120  # of every window: 4.8 s


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("to")
    p.add_argument("--meshes", default="/tmp/vivavoce-lips/mesh")
    p.add_argument("--each", type=int, default=1600, help="windows of each speaker")
    p.add_argument("--few", type=int, default=240, help="windows of a speaker with few clips, as ours on video")
    o = p.parse_args()
    os.makedirs(o.to, exist_ok=True)
    names = [s for fold in data.FOLDS for s in fold]
    films = data.videos(o.meshes, names)
    for group in phrases.speakers(data.landmarks(names) + films):
        many = o.few if group.video and len(group.sentences) < 100 else o.each
        rng = np.random.default_rng([int(group.name[1:]), int(group.video)])
        pool = phrases.rests([f for f in films if f.speaker != group.name or group.video])
        made = [phrases.training_window(rng, group, pool, FRAMES) for _ in range(many)]
        name = group.name + ("v" if group.video else "") + ".npz"
        np.savez(os.path.join(o.to, name), points=np.stack([m[0] for m in made]).astype(np.float16),
                 word=np.stack([m[1] for m in made]).astype(np.uint8), part=np.stack([m[2] for m in made]).astype(np.uint8))
        print(name, many, flush=True)


if __name__ == "__main__":
    main()
