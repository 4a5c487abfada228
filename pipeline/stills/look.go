package stills

import (
	"context"
	"fmt"
	"math"

	"vivavoce/pipeline"
	"vivavoce/pipeline/identity"
	"vivavoce/pipeline/motion"
	"vivavoce/pipeline/quality"
	"vivavoce/pipeline/texture"
)

// Look is what was seen in one picture.
type Look struct {
	// Rotated is by how many degrees, clockwise, the picture had to be turned for faces to be upright: 0, 90, 180 or 270.
	Rotated int
	// Width and Height are the picture's after that, in its own pixels, whatever size it was looked at; all coordinates are
	// of this picture.
	Width, Height int
	Scaled        bool   // it was looked at smaller
	Faces         []Face // the largest first, at most MostFaces; people far behind are left out
	// Hints are what is wrong with a picture without a face; each face has its own.
	Hints []pipeline.Hint
}

// MostFaces are looked for in one picture.
const MostFaces = 8

// Face is one of a picture's. Its Frame is nil, its points, box and Interocular are in pixels of the picture.
type Face struct {
	pipeline.Face
	// RightEye and LeftEye are the irises' centres, of the person's own right and left eye.
	RightEye, LeftEye pipeline.Point
	// Quality are measures of pipeline/quality on the pixels that were looked at; FrameRate and HeadSpeed are not known.
	Quality quality.Measures
	// Hints are all that a session would tell this person to mend, the most useful first.
	Hints []pipeline.Hint
	// Texture is the belief that this is a face and not a picture of one. It is not checked for a face that is too small, or
	// seen from the side.
	Texture pipeline.Score
	// Portrait says who is like whom; it is there where Texture is checked.
	Portrait identity.Portrait
}

// Look looks at a picture. Where no face is surely upright it is turned by 90, 270 and 180 degrees, too. p's frame is only read.
func (v *Visit) Look(ctx context.Context, p *Picture) (Look, error) {
	l, err := v.look(ctx, p)
	if err != nil {
		return Look{}, fmt.Errorf("look at picture: %w", err)
	}
	return l, nil
}

func (v *Visit) look(ctx context.Context, p *Picture) (Look, error) {
	l := Look{Width: p.Width, Height: p.Height, Scaled: p.Scaled()}
	frame := p.Frame
	var faces []pipeline.Face
	best := 0.0
	for _, way := range ways() {
		f := turned(p.Frame, way.orientation)
		found, err := v.finder.Everyone(ctx, f, MostFaces)
		if err != nil {
			return l, err
		}
		sum, sure := standing(found)
		if sum > best {
			best, faces, frame, l.Rotated = sum, found, f, way.degrees
		}
		if sure {
			break
		}
	}
	if l.Rotated%180 != 0 {
		l.Width, l.Height = l.Height, l.Width
	}
	for i := range faces {
		seen, err := v.examine(ctx, &faces[i])
		if err != nil {
			return l, err
		}
		seen.scale(float32(l.Width)/float32(frame.Width), float32(l.Height)/float32(frame.Height))
		l.Faces = append(l.Faces, seen)
	}
	if len(faces) > 0 {
		return l, nil
	}
	var err error
	_, l.Hints, err = v.measure(ctx, &pipeline.Face{Frame: frame})
	return l, err
}

// way is one in which a picture may be turned: degrees clockwise, and the orientation of TIFF that does so.
type way struct{ degrees, orientation int }

func ways() [4]way { return [4]way{{0, 1}, {90, 6}, {270, 8}, {180, 3}} }

// standing sums the mesh's belief, in log odds, in those faces that are upright, 0 where more are not. It is sure with
// one that is believed as no face upside down is: in those the mesh often sees an upright one.
func standing(faces []pipeline.Face) (sum float64, sure bool) {
	n := 0
	for i := range faces {
		f := &faces[i]
		if !(math.Abs(f.Pose.Roll) <= tilted) {
			continue
		}
		n++
		belief := math.Log(f.Presence / (1 - min(f.Presence, 1-1e-13)))
		sum += belief
		sure = sure || belief >= believed
	}
	if 2*n < len(faces) {
		return 0, false
	}
	return sum, sure
}

// tilted is the roll, in degrees, from which a face is upright in another of the four ways. Of 261 frames of 14 people the
// belief in an upright face was 12.8 or more in 99 %, and upside down at most 14.7 (2026-11-22, grid and head).
const tilted, believed = 45, 15

func (v *Visit) examine(ctx context.Context, f *pipeline.Face) (seen Face, err error) {
	seen.Face, seen.RightEye, seen.LeftEye = *f, f.Points[468], f.Points[473]
	if seen.Quality, seen.Hints, err = v.measure(ctx, f); err != nil {
		return seen, err
	}
	seen.Texture = pipeline.Score{Name: pipeline.ScoreTexture, Step: pipeline.Whole, Settled: true, Reasons: []pipeline.Reason{pipeline.TextureNotChecked}}
	if !texture.Facing(f) {
		return seen, nil
	}
	if seen.Texture, err = v.texture.Picture(ctx, f); err != nil || !seen.Texture.Checked {
		return seen, err
	}
	return seen, v.painter.Portray(ctx, f, &seen.Portrait)
}

// measure asks a guide who has seen nothing else.
func (v *Visit) measure(ctx context.Context, f *pipeline.Face) (quality.Measures, []pipeline.Hint, error) {
	g, err := v.newGuide()
	if err != nil {
		return quality.Measures{}, nil, err
	}
	if _, err := g.Observe(ctx, pipeline.Observation{Face: f}); err != nil {
		return quality.Measures{}, nil, err
	}
	m, ok := g.(quality.Measurer)
	if !ok {
		return quality.Measures{}, nil, fmt.Errorf("%T measures nothing", g)
	}
	return m.Measures(), m.Hints(), nil
}

// scale brings a face from the frame to the picture.
func (f *Face) scale(x, y float32) {
	f.Frame = nil
	for i := range f.Points {
		p := &f.Points[i]
		p.X, p.Y, p.Z = p.X*x, p.Y*y, p.Z*x
	}
	f.Box = pipeline.Box{X0: f.Box.X0 * x, Y0: f.Box.Y0 * y, X1: f.Box.X1 * x, Y1: f.Box.Y1 * y}
	f.RightEye, f.LeftEye = f.Points[468], f.Points[473]
	f.Interocular *= float64(x)
	f.Quality.InterEyeDistance.Value *= float64(x)
}

// Compare says how the head of a moved to become that of b, the later picture.
func Compare(a, b *Face) motion.Pair { return motion.Compare(&a.Face, &b.Face) }
