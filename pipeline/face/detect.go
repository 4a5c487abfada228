package face

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"vivavoce/media"
	"vivavoce/models"
	"vivavoce/pipeline/internal/cv"
)

const (
	// leastLogit is a score of 0.5, as MediaPipe's detectors ask for.
	leastLogit = 0
	// sameFace is the overlap from which two boxes are one face (MediaPipe's
	// min_suppression_threshold).
	sameFace = 0.3
	// boxValues are the numbers per anchor: centre and size of the box, then six points,
	// of which the first two are the right and the left eye.
	boxValues = 16
)

// detection is a face found in a frame, in the frame's pixels.
type detection struct {
	score          float64 // 0–1
	x0, y0, x1, y1 float64
	rightX, rightY float64 // the person's right eye
	leftX, leftY   float64
}

// side is the longer side of the box.
func (d *detection) side() float64 { return max(d.x1-d.x0, d.y1-d.y0) }

func (d *detection) centre() (x, y float64) { return (d.x0 + d.x1) / 2, (d.y0 + d.y1) / 2 }

// region is where the mesh looks for the face: 1.5 times the box, the eyes level.
func (d *detection) region() cv.Region {
	x, y := d.centre()
	return cv.Region{
		CX: x, CY: y, Side: margin * d.side(),
		Angle: math.Atan2(d.leftY-d.rightY, d.leftX-d.rightX), Replicate: true,
	}
}

// detectorKind is a detector's network and constants, shared by all sessions.
type detectorKind struct {
	name    string
	net     network
	lane    models.Lane
	size    int // of its input, pixels
	anchors []anchor
	shapes  []models.Shape
}

func loadDetector(l *models.Library, name string, anchors []anchor, lane models.Lane) (detectorKind, error) {
	m, err := l.Load(name)
	if err != nil {
		return detectorKind{}, err
	}
	k := detectorKind{name: name, net: m, lane: lane, anchors: anchors, shapes: m.Outputs()}
	if k.size, err = square(m, name); err != nil {
		return k, err
	}
	if len(k.shapes) != 2 || k.shapes[0].Len() != boxValues*len(anchors) || k.shapes[1].Len() != len(anchors) {
		return k, fmt.Errorf("%s gives %v, want %d boxes of %d and their scores", name, k.shapes, len(anchors), boxValues)
	}
	return k, nil
}

// detector is one session's use of a detectorKind.
type detector struct {
	detectorKind
	in, out    [][]float32
	raw, found []detection // reused from call to call
}

// newDetector makes a detector that reads its picture from pixels, which may be
// longer than it needs and shared with others that run at other times.
func newDetector(k detectorKind, pixels []float32) *detector {
	out, _ := outputs(k.shapes)
	return &detector{detectorKind: k, in: [][]float32{pixels[:3*k.size*k.size]}, out: out}
}

// detect returns the faces of f, best first; the slice is valid until the next call.
func (d *detector) detect(ctx context.Context, f *media.Frame) ([]detection, error) {
	r := cv.Letterbox(d.in[0], f, d.size, -1, 1)
	if err := d.net.Run(ctx, d.lane, d.in, d.out); err != nil {
		return nil, err
	}
	d.raw = decode(d.raw[:0], d.out, &d.detectorKind, r)
	d.found = merge(d.found[:0], d.raw)
	return d.found, nil
}

// decode appends the boxes whose score is at least a half, carried to the frame. The
// detectors answer in pixels of their input, relative to the anchors.
func decode(to []detection, out [][]float32, k *detectorKind, r cv.Region) []detection {
	boxes, logits, scale := out[0], out[1], 1/float64(k.size)
	for i, logit := range logits {
		if !(logit >= leastLogit) {
			continue
		}
		b, a := boxes[i*boxValues:][:boxValues], k.anchors[i]
		at := func(k int, dx, dy float64) (x, y float64) {
			return r.At(float64(a.x)+float64(b[k])*scale+dx, float64(a.y)+float64(b[k+1])*scale+dy)
		}
		w, h := float64(b[2])*scale/2, float64(b[3])*scale/2
		det := detection{score: sigmoid(float64(logit))}
		det.x0, det.y0 = at(0, -w, -h)
		det.x1, det.y1 = at(0, w, h)
		det.rightX, det.rightY = at(4, 0, 0)
		det.leftX, det.leftY = at(6, 0, 0)
		if det.side() > 0 { // refuses NaN
			to = append(to, det)
		}
	}
	return to
}

// merge appends one detection for each group of overlapping ones, their mean weighted
// by score (MediaPipe's weighted non-maximum suppression). It reorders raw.
func merge(to, raw []detection) []detection {
	slices.SortStableFunc(raw, func(a, b detection) int { return cmp.Compare(b.score, a.score) })
	for len(raw) > 0 {
		best, rest := raw[0], raw[:0]
		var sum detection
		for _, d := range raw {
			if overlap(&d, &best) > sameFace {
				sum.add(&d, d.score)
			} else {
				rest = append(rest, d)
			}
		}
		if sum.score == 0 { // a box without area does not overlap itself
			raw = raw[1:]
			continue
		}
		total := sum.score
		sum = sum.times(1 / total)
		sum.score = best.score
		to, raw = append(to, sum), rest
	}
	return to
}

func (d *detection) add(o *detection, w float64) {
	d.score += w
	d.x0, d.y0, d.x1, d.y1 = d.x0+w*o.x0, d.y0+w*o.y0, d.x1+w*o.x1, d.y1+w*o.y1
	d.rightX, d.rightY = d.rightX+w*o.rightX, d.rightY+w*o.rightY
	d.leftX, d.leftY = d.leftX+w*o.leftX, d.leftY+w*o.leftY
}

func (d detection) times(w float64) detection {
	var out detection
	out.add(&d, w)
	return out
}

// overlap is the boxes' intersection over their union.
func overlap(a, b *detection) float64 {
	w, h := min(a.x1, b.x1)-max(a.x0, b.x0), min(a.y1, b.y1)-max(a.y0, b.y0)
	if !(w > 0 && h > 0) {
		return 0
	}
	both := w * h
	return both / ((a.x1-a.x0)*(a.y1-a.y0) + (b.x1-b.x0)*(b.y1-b.y0) - both)
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
