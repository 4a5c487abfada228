package face

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"vivavoce/media"
	"vivavoce/pipeline"
)

// Everyone is what the finders that [New] makes can do besides: look at a photograph.
type Everyone interface {
	// Everyone finds all faces of one picture, at most so many, the largest first, without regard to what
	// was seen before or how the picture is tilted. Those of people far behind are left out, as in a session. It
	// lends f to the faces it returns, which are the caller's. The finder must not follow a video, too.
	Everyone(ctx context.Context, f *media.Frame, most int) ([]pipeline.Face, error)
}

var _ Everyone = (*finder)(nil)

// Everyone implements [Everyone]. Both detectors look: the near one sees faces that fill the picture, the far
// one small ones.
func (d *finder) Everyone(ctx context.Context, f *media.Frame, most int) ([]pipeline.Face, error) {
	var found []detection
	for _, with := range []*detector{d.near, d.far} {
		these, err := with.detect(ctx, f)
		if err != nil {
			return nil, fmt.Errorf("find all faces: %w", err)
		}
		found = append(found, these...)
	}
	slices.SortStableFunc(found, func(a, b detection) int { return cmp.Compare(b.side(), a.side()) })
	var faces []pipeline.Face
	for i := range found {
		if len(faces) == most || len(faces) > 0 && found[i].side() < background*boxSide(faces[0].Box) {
			break
		}
		if slices.ContainsFunc(faces, func(o pipeline.Face) bool { return same(&found[i], o.Box) }) {
			continue
		}
		d.face = pipeline.Face{Frame: f}
		if err := d.look(ctx, f, found[i].region()); err != nil {
			return nil, fmt.Errorf("find all faces: %w", err)
		}
		if d.face.Found {
			measure(&d.face)
			faces = append(faces, d.face)
		}
	}
	for i := range faces {
		faces[i].Others = len(faces) - 1
	}
	return faces, nil
}

func boxSide(b pipeline.Box) float64 { return max(float64(b.X1-b.X0), float64(b.Y1-b.Y0)) }
