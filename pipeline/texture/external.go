package texture

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"time"

	"vivavoce/models"
	"vivavoce/pipeline"
)

// External is a third-party anti-spoofing model of MiniFASNet's kind (minivision's Silent-Face-Anti-Spoofing,
// b6d5f04), which nobody here vouches for: a JSON file of the operator's names it. Off by
// default, as its weights are in no registry and their training set is not stated.
//
// Each network sees a crop of the face's box times its scale, made 80×80 without regard to its shape, as B, G, R
// planes of 0–255, not 0–1 (src/data_io/functional.py:60, src/generate_patches.py), and gives three
// classes of which the second is a real face. Their softmaxes are averaged.
type External struct {
	// Threshold (0 means 0.5), Required and IfChecked are the policy's check of the score. With neither it is shown only;
	// with IfChecked it counts wherever a face could be looked at.
	Threshold float64           `json:"threshold"`
	Required  bool              `json:"required"`
	IfChecked bool              `json:"if_checked"`
	Networks  []ExternalNetwork `json:"networks"`
}

// ExternalNetwork is one ONNX file of an External.
type ExternalNetwork struct {
	File   string  `json:"file"`   // relative to the JSON file
	SHA256 string  `json:"sha256"` // of the file, in hexadecimal
	Scale  float64 `json:"scale"`  // of the face's box: 2.7 and 4.0 are minivision's
	Input  string  `json:"input"`  // the tensor's name: 1×3×80×80
	Output string  `json:"output"` // 1×3 logits

	model *models.Model
}

const (
	externalSide    = 80
	externalClasses = 3
	externalReal    = 1 // the class of real faces
)

// LoadExternal reads the JSON file and opens the networks that it names, if their sums are right.
func LoadExternal(l *models.Library, path string) (*External, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read external texture models: %w", err)
	}
	e := &External{}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(e); err != nil {
		return nil, fmt.Errorf("read external texture models %s: %w", path, err)
	}
	if e.Threshold == 0 {
		e.Threshold = 0.5
	}
	if len(e.Networks) == 0 || !(e.Threshold > 0 && e.Threshold <= 1) {
		return nil, fmt.Errorf("external texture models %s: %d networks and threshold %v, want one or more and above 0 to 1", path, len(e.Networks), e.Threshold)
	}
	for i := range e.Networks {
		n := &e.Networks[i]
		if !(n.Scale >= 1 && n.Scale <= 8) {
			return nil, fmt.Errorf("external texture model %s: scale %v, want 1 to 8", n.File, n.Scale)
		}
		if n.model, err = l.LoadChecked(filepath.Join(filepath.Dir(path), n.File), n.SHA256,
			[]models.Shape{{Name: n.Input, Dims: []int64{1, 3, externalSide, externalSide}}},
			[]models.Shape{{Name: n.Output, Dims: []int64{1, externalClasses}}}); err != nil {
			return nil, fmt.Errorf("external texture model: %w", err)
		}
	}
	return e, nil
}

// Check is what a policy does with the score.
func (e *External) Check() pipeline.Check {
	return pipeline.Check{Name: pipeline.ScoreTextureExternal, Threshold: e.Threshold, Required: e.Required, IfChecked: e.IfChecked}
}

// NewExternal returns the kind of stage that gives "texture_external", a look each every (0 means
// 300 ms), by PTS.
func NewExternal(e *External, lane models.Lane, every time.Duration) pipeline.Kind {
	return pipeline.Kind{Name: pipeline.ScoreTextureExternal, New: func() (pipeline.Stage, error) {
		if e == nil || len(e.Networks) == 0 || every < 0 {
			return nil, errors.New("external texture stage: no networks, or a negative time")
		}
		if every == 0 {
			every = defaultEvery
		}
		return &outsider{e: e, lane: lane, pace: pace{every: every}, in: make([]float32, 3*externalSide*externalSide), out: make([]float32, externalClasses)}, nil
	}}
}

// outsider is one session of an External.
type outsider struct {
	e       *External
	lane    models.Lane
	pace    pace
	in, out []float32
	n       int
	sum     float64
	scores  [1]pipeline.Score
}

// Observe implements pipeline.Stage.
func (s *outsider) Observe(ctx context.Context, o pipeline.Observation) ([]pipeline.Score, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	p, ok := newPlace(o.Face)
	if !ok || !Facing(o.Face) || !s.pace.due(p.f.PTS) {
		return nil, nil
	}
	live := 0.0
	for i := range s.e.Networks {
		v, err := s.look(ctx, &s.e.Networks[i], p, o.Face.Box)
		if err != nil {
			return nil, fmt.Errorf("look at frame %d: %w", p.f.Seq, err)
		}
		live += v / float64(len(s.e.Networks))
	}
	if math.IsNaN(live) {
		return nil, nil
	}
	s.n++
	s.sum += live
	s.scores[0] = s.score(false)
	return s.scores[:], nil
}

// look is one network's belief, 0–1, that the face is real.
func (s *outsider) look(ctx context.Context, n *ExternalNetwork, p place, box pipeline.Box) (float64, error) {
	p.stretch(s.in, box, n.Scale)
	if err := n.model.Run(ctx, s.lane, [][]float32{s.in}, [][]float32{s.out}); err != nil {
		return 0, err
	}
	top, sum := max(s.out[0], s.out[1], s.out[2]), 0.0
	for _, v := range s.out {
		sum += math.Exp(float64(v - top))
	}
	return math.Exp(float64(s.out[externalReal]-top)) / sum, nil
}

func (s *outsider) score(settled bool) pipeline.Score {
	score := pipeline.Score{Name: pipeline.ScoreTextureExternal, Step: pipeline.Whole, Settled: settled}
	if s.n < leastLooks {
		score.Reasons = []pipeline.Reason{pipeline.NotChecked(score.Name)}
		return score
	}
	score.Checked, score.Value = true, min(s.sum/float64(s.n), 1)
	if score.Value < explained {
		score.Reasons = []pipeline.Reason{pipeline.Reason(score.Name + ".low")}
	}
	return score
}

// Finish implements pipeline.Stage.
func (s *outsider) Finish(ctx context.Context) ([]pipeline.Score, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return []pipeline.Score{s.score(true)}, nil
}

// stretch samples the box times scale into dst, B, G and R planes of externalSide² values 0–255: cut to
// the frame as minivision's crops are (moved inside, and shrunk where the frame is too small), bilinear
// as OpenCV's resize.
func (p place) stretch(dst []float32, box pipeline.Box, scale float64) {
	const n = externalSide * externalSide
	bw, bh := float64(box.X1-box.X0), float64(box.Y1-box.Y0)
	scale = min(scale, float64(p.f.Width-1)/bw, float64(p.f.Height-1)/bh)
	w, h := bw*scale, bh*scale
	x0 := min(max(float64(box.X0+box.X1)/2-w/2, 0), float64(p.f.Width-1)-w)
	y0 := min(max(float64(box.Y0+box.Y1)/2-h/2, 0), float64(p.f.Height-1)-h)
	for v := range externalSide {
		for u := range externalSide {
			x, y := x0+(float64(u)+0.5)*w/externalSide-0.5, y0+(float64(v)+0.5)*h/externalSide-0.5
			r, g, b := p.colour(x, y)
			i := v*externalSide + u
			dst[i], dst[n+i], dst[2*n+i] = b, g, r
		}
	}
}

// colour is the frame's at a point, BT.601, 0–255.
func (p place) colour(x, y float64) (r, g, b float32) {
	f := p.f
	cw, ch := (f.Width+1)/2, (f.Height+1)/2
	l := between(f.Y, f.YStride, f.Width, f.Height, x, y)
	cb := between(f.Cb, f.CStride, cw, ch, x/2-0.25, y/2-0.25) - 128
	cr := between(f.Cr, f.CStride, cw, ch, x/2-0.25, y/2-0.25) - 128
	if !f.FullRange {
		l, cb, cr = (l-16)*255/219, cb*255/224, cr*255/224
	}
	cut := func(v float64) float32 { return float32(min(max(v, 0), 255)) }
	return cut(l + 1.402*cr), cut(l - 0.344136*cb - 0.714136*cr), cut(l + 1.772*cb)
}

// between is the value of a plane between its samples; the edge goes on beyond it.
func between(p []byte, stride, w, h int, x, y float64) float64 {
	x, y = min(max(x, 0), float64(w-1)), min(max(y, 0), float64(h-1))
	i, j := min(int(x), max(w-2, 0)), min(int(y), max(h-2, 0))
	i1, j1 := min(i+1, w-1), min(j+1, h-1)
	fx, fy := x-float64(i), y-float64(j)
	top := float64(p[j*stride+i])*(1-fx) + float64(p[j*stride+i1])*fx
	low := float64(p[j1*stride+i])*(1-fx) + float64(p[j1*stride+i1])*fx
	return top*(1-fy) + low*fy
}
