//go:build ignore

package main

import (
	"context"
	"math/rand/v2"
	"strings"

	"vivavoce/media"
	"vivavoce/media/recapture"
	"vivavoce/pipeline/eval"
)

// locator finds faces for the attacks; it follows one source.
func (r *rig) locator() (recapture.Locator, error) {
	finder, err := r.newFinder()
	if err != nil {
		return nil, err
	}
	return eval.Locate(finder), nil
}

// donor is another of the people at hand.
func (r *rig) donor(ctx context.Context, subject string, rng *rand.Rand) (media.Source, func(), error) {
	var others []string
	for _, s := range strings.Split(r.o.subjects, ",") {
		if s != subject {
			others = append(others, s)
		}
	}
	src, _, done, err := r.open(others[rng.IntN(len(others))], rng)
	return src, done, err
}
