// Package burst judges a photograph by the second around it: a client that is asked for one photo sends a burst of smaller
// pictures, their times and its camera's settings along, and this package says whether all of
// that hangs together as what a camera gives. It is what pipeline/injection is for a stream, for a client that
// sends none.
//
// Some findings stand alone, as no camera explains them: no burst, times that cannot be, pictures that are the
// same to the bit, a photo that is not of its burst, a burst that came before. All others are hints: one takes
// a quarter of the score and changes nothing, three do.
//
// What it does not see: pictures of a person that were taken earlier, or made, and sealed by a client of
// somebody's own that keeps to the rules. A client can write down any number. See [Judge.Judge] for what the score is.
package burst

import (
	"errors"
	"time"

	"vivavoce/media"
	"vivavoce/pipeline"
)

// ScoreCapture is the score that this package gives.
const ScoreCapture = "capture"

// The reasons. Those of the first block stand alone.
const (
	NoBurst  pipeline.Reason = "capture.no_burst" // too few pictures, or too short
	Timing   pipeline.Reason = "capture.timing"   // times that no camera gives, or longer than there was time for
	Frozen   pipeline.Reason = "capture.frozen"   // pictures are the same to the bit
	Repeats  pipeline.Reason = "capture.repeats"  // a picture comes again after others
	Differs  pipeline.Reason = "capture.differs"  // the photo is not of the burst
	Replayed pipeline.Reason = "capture.replayed" // another capture showed the same second

	NoNoise       pipeline.Reason = "capture.no_noise"       // next to nothing changes as a sensor's pictures do
	TooEven       pipeline.Reason = "capture.too_even"       // times are more regular than a browser's
	Settings      pipeline.Reason = "capture.settings"       // pictures do not fit the camera's settings
	VirtualCamera pipeline.Reason = "capture.virtual_camera" // by its label
	Driven        pipeline.Reason = "capture.driven"         // a program drives the browser
	Altered       pipeline.Reason = "capture.altered"        // functions of the browser are replaced
	Hidden        pipeline.Reason = "capture.hidden"         // nobody saw the page
)

// Values of the score by its findings, as pipeline/injection has them.
const (
	damning = 0.1
	hint    = 0.75
)

// Threshold is the least score of a capture that is believed: two hints, but not three.
const Threshold = 0.5

// Shot is one picture of a burst.
type Shot struct {
	Frame  *media.Frame  // lent
	At     time.Duration // when it was shown, by the client's steady clock
	Media  time.Duration // the stream's own time
	Number int           // frames shown by then
}

// Capture is a photo and what came with it.
type Capture struct {
	Photo *media.Frame // lent
	Of    int          // which shot is the same frame
	Burst []Shot
	// Since is how long the client had, by our clock; 0 is not known.
	Since time.Duration

	Device  pipeline.Device
	Driven  bool
	Altered bool
	Hidden  bool
}

// Judge judges captures. It is safe for concurrent use.
type Judge struct{ memory memory }

// New returns a judge that has seen nothing.
func New() *Judge { return &Judge{} }

// errEmpty says that there is no photo to judge by.
var errEmpty = errors.New("judge capture: no photo")

// Judge gives the score of a capture: 1 where nothing was found, and less by a factor for each finding. It is no
// probability. Whatever comes of it, the capture is known when it comes again.
func (j *Judge) Judge(c Capture) (pipeline.Score, error) {
	if c.Photo == nil {
		return pipeline.Score{}, errEmpty
	}
	s := pipeline.Score{Name: ScoreCapture, Step: pipeline.Whole, Checked: true, Settled: true, Value: 1}
	alone, hints := c.clocks()
	pictures, weak := c.pictures(&s)
	alone, hints = append(alone, pictures...), append(hints, weak...)
	if j.memory.knows(filmOf(c.Burst)) {
		alone = append(alone, Replayed)
	}
	hints = append(hints, c.client()...)
	if len(alone) > 0 {
		s.Value = damning
	}
	for range hints {
		s.Value *= hint
	}
	s.Reasons = append(alone, hints...)
	return s, nil
}

// client is what the client says of itself.
func (c *Capture) client() (hints []pipeline.Reason) {
	for _, f := range []struct {
		found  bool
		reason pipeline.Reason
	}{
		{c.badSettings(), Settings},
		{virtual(c.Device.Label), VirtualCamera},
		{c.Driven, Driven},
		{c.Altered, Altered},
		{c.Hidden, Hidden},
	} {
		if f.found {
			hints = append(hints, f.reason)
		}
	}
	return hints
}

// badSettings says that a photo is larger than the camera's pictures, or of another shape. A browser may turn
// the picture of a phone that is held upright.
func (c *Capture) badSettings() bool {
	w, h := c.Device.Width, c.Device.Height
	if w <= 0 || h <= 0 {
		return true // every browser tells
	}
	pw, ph := c.Photo.Width, c.Photo.Height
	if (w > h) != (pw > ph) {
		w, h = h, w
	}
	shape := float64(pw) * float64(h) / (float64(ph) * float64(w))
	return pw > w+1 || ph > h+1 || shape < 0.97 || shape > 1.03
}
