package texture

import (
	"context"
	"math"
	"slices"

	"vivavoce/pipeline"
	"vivavoce/pipeline/internal/stats"
)

// Look is what was seen in one picture.
type Look struct {
	Evidence Evidence
	Judged   bool             // a network looked as well
	LogP     [Classes]float64 // its natural logarithms of the posteriors
	Border   float64          // how much of a border there is around the face, 0–1
}

// Examiner looks at single pictures. It is not for concurrent use.
type Examiner struct {
	net    Net // nil: evidence only
	fusion Fusion
	meter  *meter
	pics   *pictures
	border *border
	turn   int // of spots
}

// NewExaminer returns one; net may be nil.
func NewExaminer(net Net, f Fusion) *Examiner {
	return &Examiner{net: net, fusion: f, meter: newMeter(), pics: newPictures(), border: newBorder()}
}

// Look looks at one face, at so many details of it, going on with the next ones each time. ok is
// false where the face is missing or too small.
func (x *Examiner) Look(ctx context.Context, face *pipeline.Face, details int) (l Look, ok bool, err error) {
	p, ok := newPlace(face)
	if !ok {
		return l, false, nil
	}
	l.Evidence, l.Border = x.meter.measure(p), x.border.find(face)
	if x.net == nil {
		return l, true, nil
	}
	l.Judged = true
	x.pics.surround(p)
	spots := spots()
	for range details {
		x.pics.zoom(p, face.Points[spots[x.turn%len(spots)]])
		x.turn++
		if err := x.net.Judge(ctx, x.pics.detail, x.pics.context, x.pics.logp); err != nil {
			return l, false, err
		}
		for c, v := range x.pics.logp {
			l.LogP[c] += float64(v) / float64(details)
		}
	}
	return l, true, nil
}

// Picture judges one photograph, or one frame, by itself: at every detail of the face. The
// score is of [pipeline.Whole] and settled. It knows no more of a face than one picture shows,
// so it is weaker than the stage on a video.
func (x *Examiner) Picture(ctx context.Context, face *pipeline.Face) (pipeline.Score, error) {
	var s sum
	l, ok, err := x.Look(ctx, face, spotCount)
	if err != nil {
		return pipeline.Score{}, err
	}
	if ok {
		s.add(x.fusion, l)
	}
	return s.score(1, 0, true), nil
}

// sum adds up looks.
type sum struct {
	n       int
	odds    float64 // of bona fide, natural logarithms
	classes [Classes]float64
	borders []float64
}

func (s *sum) add(f Fusion, l Look) {
	if len(s.borders) == mostBorders {
		s.borders = s.borders[:copy(s.borders, s.borders[1:])]
	}
	s.borders = append(s.borders, l.Border)
	odds := f.logOdds(l)
	if math.IsNaN(odds) {
		return
	}
	s.n++
	s.odds += odds
	for c, v := range l.LogP {
		s.classes[c] += v
	}
}

// explained is the value below which a score says why.
const explained = 0.8

// score is that of the looks so far, of which there must be least; what bands cost, and the border in most of them, is taken
// off the log odds.
func (s *sum) score(least int, bands float64, settled bool) pipeline.Score {
	score := pipeline.Score{Name: pipeline.ScoreTexture, Step: pipeline.Whole, Settled: settled}
	if s.n < least {
		score.Reasons = []pipeline.Reason{pipeline.TextureNotChecked}
		return score
	}
	n, border := float64(s.n), borderOdds(stats.Median(slices.Clone(s.borders)))
	score.Checked, score.Value = true, sigmoid(s.odds/n-bands-border)
	if settled {
		score.Measures = []pipeline.Measure{{Name: "looks", Value: n}, {Name: "bands_log_odds", Value: -bands}, {Name: "border_log_odds", Value: -border}}
	}
	if score.Value < explained {
		score.Reasons = []pipeline.Reason{s.reason(border > 0)}
	}
	return score
}

// reason is the likeliest attack's, where the network saw one, and else the border's, where there is one.
func (s *sum) reason(border bool) pipeline.Reason {
	best := Screen
	for c := Screen; c < Classes; c++ {
		if s.classes[c] > s.classes[best] {
			best = c
		}
	}
	if s.classes[best] > s.classes[BonaFide] {
		return [Classes]pipeline.Reason{Screen: pipeline.TextureScreen, Print: pipeline.TexturePrint, Paste: pipeline.TexturePaste, Mask: pipeline.TextureMask}[best]
	}
	if border {
		return pipeline.TextureBorder
	}
	return pipeline.TextureLow
}
