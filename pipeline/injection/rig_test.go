package injection

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"vivavoce/media"
	"vivavoce/pipeline"
)

// scene is a made-up person before a made-up camera: a bright disc that wanders without ever
// repeating itself, marks that move with it, a sensor's noise.
type scene struct {
	fps   float64
	sigma float64                              // of the noise, in steps of luma
	shows func(at time.Duration) time.Duration // the scene's time that the picture at at shows; nil: the same
	light func(at time.Duration, y int) int    // added to a row; nil: nothing
	link  func(i int, at time.Duration) media.Link
	still bool // the person does not move
	big   bool // 640×480 and not 160×120
	seed  uint64
	grain []float64 // a sensor's, of which each picture takes another part
}

// filmed is one picture of a scene and the face in it.
func (s scene) filmed(i int, noise *rand.Rand) pipeline.Observation {
	at := time.Duration(float64(i) / s.fps * float64(time.Second))
	shown := at
	if s.shows != nil {
		shown = s.shows(at)
	}
	width, height, scale := s.size()
	x, y := s.place(shown)
	x, y = x*scale, y*scale
	f := &media.Frame{
		Seq: uint64(i), PTS: at, Width: width, Height: height, YStride: width, CStride: width / 2,
		Y: make([]byte, width*height), Cb: make([]byte, width*height/4), Cr: make([]byte, width*height/4),
	}
	if s.link != nil {
		f.Link = s.link(i, at)
	}
	shift := noise.IntN(len(s.grain))
	for row := range height {
		light := 0
		if s.light != nil {
			light = s.light(at, row)
		}
		dy := float64(row) - y
		for col := range width {
			dx := float64(col) - x
			disc := min(max(5-(dx*dx+dy*dy)/(180*scale*scale), 0), 1) // 30 of 160 wide, soft at its edge
			v := 60 + float64((col*row/50)%40) + 100*disc + s.grain[(shift+row*width+col)%len(s.grain)]
			f.Y[row*width+col] = byte(min(max(int(v)+light, 0), 255))
		}
	}
	face := &pipeline.Face{Frame: f, Found: true, Presence: 1, Interocular: 25 * scale, RightEyeOpen: .3, LeftEyeOpen: .3}
	face.Pose = pipeline.Pose{Yaw: (x - float64(width)/2) / scale, Pitch: (y - float64(height)/2) / scale}
	for n := range face.Points {
		face.Points[n] = pipeline.Point{X: float32(x + scale*(float64(n%20)-10)), Y: float32(y + scale*(float64(n%23)-11))}
	}
	return pipeline.Observation{Face: face}
}

// size is that of the pictures, and how much larger than 160×120.
func (s scene) size() (width, height int, scale float64) {
	if s.big {
		return 640, 480, 4
	}
	return 160, 120, 1
}

// place is where the person is, in 160×120: sums of waves whose periods have nothing in common.
func (s scene) place(t time.Duration) (x, y float64) {
	x, y = 80, 60
	if s.still {
		return x, y
	}
	r := rand.New(rand.NewPCG(s.seed, 7))
	for _, period := range []float64{1.1, 1.7, 2.9, 4.3, 7.1, 13} {
		x += 4 * math.Sin(2*math.Pi*(t.Seconds()/period+r.Float64()))
		y += 2 * math.Sin(2*math.Pi*(t.Seconds()/period*1.13+r.Float64()))
	}
	return x, y
}

// film shows seconds of the scene.
func (s scene) film(seconds float64) (all []pipeline.Observation) {
	noise := rand.New(rand.NewPCG(s.seed, 1))
	s.grain = make([]float64, 1<<16-1)
	for i := range s.grain {
		s.grain[i] = s.sigma * noise.NormFloat64()
	}
	for i := range int(seconds * s.fps) {
		all = append(all, s.filmed(i, noise))
	}
	return all
}

func camera() scene { return scene{fps: 30, sigma: 2, seed: 1} }

// finish shows all to a stage of kind and returns its last words by name.
func finish(t testing.TB, kind pipeline.Kind, all []pipeline.Observation) map[string]pipeline.Score {
	t.Helper()
	s, err := kind.New()
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range all {
		if _, err := s.Observe(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	last, err := s.Finish(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	scores := map[string]pipeline.Score{}
	for _, s := range last {
		scores[s.Name] = s
	}
	return scores
}
