package face

import (
	"context"
	"fmt"
	"math"
	"time"

	"vivavoce/media"
	"vivavoce/pipeline"
	"vivavoce/pipeline/internal/cv"
)

const (
	// leastPresence is the belief below which the mesh has lost the face (MediaPipe's
	// min_tracking_confidence).
	leastPresence = 0.5
	// tries is how many detections of one frame the mesh looks at before it gives up: the
	// first may be a poster, or a hand.
	tries = 2
	// distantEvery is how often, in frames without a face, the far detector is asked too.
	// It costs three times the near one, which misses half of the faces that are 10 % of
	// the frame's width, and all below 8 % (6 faces, 2026-11-21).
	distantEvery = 5
	// memory is how long a lost face is looked for where it was; after it, and after a
	// gap as long, the largest face is taken.
	memory = time.Second
)

// finder is one session's pipeline.Finder.
type finder struct {
	*shared
	near, far *detector
	mesh      *mesh
	canonical []cv.Point3 // scratch of the pose

	face   pipeline.Face
	track  track
	crowd  crowd
	calm   calm
	missed int // frames in a row without a face
}

func newFinder(s *shared) *finder {
	// One picture at a time is in the making, so all networks share its memory.
	side := max(s.short.size, s.full.size, s.mesh.size)
	pixels := make([]float32, 3*side*side)
	return &finder{
		shared: s, near: newDetector(s.short, pixels), far: newDetector(s.full, pixels),
		mesh: newMesh(s.mesh, pixels), canonical: make([]cv.Point3, len(s.canon.points)),
	}
}

// Find implements pipeline.Finder.
func (d *finder) Find(ctx context.Context, f *media.Frame) (*pipeline.Face, error) {
	d.begin(f)
	if err := d.find(ctx, f); err != nil {
		d.face.Found = false
		return nil, fmt.Errorf("find face in frame %d: %w", f.Seq, err)
	}
	if !d.face.Found {
		d.missed++
		d.calm = calm{}
		return &d.face, nil
	}
	d.missed = 0
	d.track.keep(f)
	d.face.Pose = d.calm.pose(d.face.Pose, f.PTS)
	d.face.Others = d.crowd.shown
	measure(&d.face)
	return &d.face, nil
}

// begin forgets what does not hold for f any more.
func (d *finder) begin(f *media.Frame) {
	d.face = pipeline.Face{Frame: f}
	if f.PTS < d.track.seen || f.PTS < d.crowd.seen {
		d.track, d.crowd = track{}, crowd{}
	}
	d.track.meet(f)
}

// find follows the face that was there, or else searches for one.
func (d *finder) find(ctx context.Context, f *media.Frame) error {
	if d.track.on {
		if err := d.look(ctx, f, d.track.region); err != nil {
			return err
		}
	}
	if !d.face.Found {
		return d.search(ctx, f)
	}
	if !d.crowd.due(f.PTS) {
		return nil
	}
	// The far detector sees faces from 5 to 60 % of the frame's width, the near one from
	// 15 %: of two faces in a frame, the other one is never larger.
	found, err := d.far.detect(ctx, f)
	if err != nil {
		return err
	}
	d.crowd.count(others(found, &d.face), f.PTS, d.again)
	return nil
}

// search looks for a face in the whole frame.
func (d *finder) search(ctx context.Context, f *media.Frame) error {
	d.track.on = false
	if err := d.searchWith(ctx, f, d.near); err != nil || d.face.Found {
		return err
	}
	if d.missed%distantEvery != 0 {
		return nil
	}
	return d.searchWith(ctx, f, d.far)
}

func (d *finder) searchWith(ctx context.Context, f *media.Frame, with *detector) error {
	found, err := with.detect(ctx, f)
	if err != nil {
		return err
	}
	d.track.prefer(found)
	for i := range found[:min(tries, len(found))] {
		if err := d.look(ctx, f, found[i].region()); err != nil {
			return err
		}
		if d.face.Found {
			return nil
		}
	}
	return nil
}

// look lets the mesh see the region, and takes what it finds for the face if it
// believes in it. A face at the region's edge is drawn towards its middle, so after a
// detection and in quick movement the mesh looks twice.
func (d *finder) look(ctx context.Context, f *media.Frame, r cv.Region) error {
	next, err := d.glance(ctx, f, r)
	if err != nil || !d.face.Found {
		return err
	}
	if strays(next, r) {
		d.face.Found = false
		if next, err = d.glance(ctx, f, next); err != nil || !d.face.Found {
			return err
		}
	}
	d.track.region = next
	return nil
}

// glance is one look, and the region in which the face was.
func (d *finder) glance(ctx context.Context, f *media.Frame, r cv.Region) (cv.Region, error) {
	presence, err := d.mesh.look(ctx, f, r, &d.face.Points)
	if err != nil {
		return r, err
	}
	d.face.Presence = presence
	r = around(&d.face.Points)
	pose, ok := d.canon.pose(&d.face.Points, d.canonical)
	d.face.Found = presence >= leastPresence && ok && within(r, f)
	d.face.Pose = pose
	return r, nil
}

// strays reports whether the face was too far from the middle of the region that the
// mesh saw, or too small or large for it, to be exact.
func strays(face, seen cv.Region) bool {
	return math.Hypot(face.CX-seen.CX, face.CY-seen.CY) > 0.07*seen.Side ||
		face.Side > 1.25*seen.Side || face.Side < 0.75*seen.Side
}

// within reports whether a region is one to go on with: its centre in the frame, its
// side not absurd. NaN is refused.
func within(r cv.Region, f *media.Frame) bool {
	return r.CX >= 0 && r.CX < float64(f.Width) && r.CY >= 0 && r.CY < float64(f.Height) &&
		r.Side > 4 && r.Side < 4*float64(max(f.Width, f.Height))
}

// around is the region in which the mesh looks for the points next time: 1.5 times
// their box, which is turned so that the eyes are level.
func around(p *[pipeline.Points]pipeline.Point) cv.Region {
	dx, dy := float64(p[leftOuter].X-p[rightOuter].X), float64(p[leftOuter].Y-p[rightOuter].Y)
	angle := math.Atan2(dy, dx)
	sin, cos := math.Sincos(angle)
	u0, v0 := math.Inf(1), math.Inf(1)
	u1, v1 := math.Inf(-1), math.Inf(-1)
	for i := range p {
		x, y := float64(p[i].X), float64(p[i].Y)
		u, v := cos*x+sin*y, cos*y-sin*x
		u0, u1 = min(u0, u), max(u1, u)
		v0, v1 = min(v0, v), max(v1, v)
	}
	u, v := (u0+u1)/2, (v0+v1)/2
	return cv.Region{
		CX: cos*u - sin*v, CY: sin*u + cos*v, Side: margin * max(u1-u0, v1-v0),
		Angle: angle, Replicate: true,
	}
}
