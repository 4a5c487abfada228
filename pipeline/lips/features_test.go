package lips

import (
	"encoding/json"
	"math"
	"os"
	"strconv"
	"testing"
	"time"

	"vivavoce/media"
	"vivavoce/pipeline"
)

// TestFeaturesAsTrained holds Pieces to the same steps written in NumPy: testdata/features.py.
func TestFeaturesAsTrained(t *testing.T) {
	b, err := os.ReadFile("testdata/features.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Cases []struct {
			Frames []struct {
				Seconds float64
				At      map[string][2]float32
			}
			Points [][Width]float64
		}
	}
	if err := json.Unmarshal(b, &golden); err != nil {
		t.Fatal(err)
	}
	for n, c := range golden.Cases {
		var track Track
		for _, f := range c.Frames {
			face := pipeline.Face{Found: true, Frame: &media.Frame{PTS: time.Duration(math.Round(f.Seconds * 1e9))}}
			for k, at := range f.At {
				i, err := strconv.Atoi(k)
				if err != nil {
					t.Fatal(err)
				}
				face.Points[i] = pipeline.Point{X: at[0], Y: at[1]}
			}
			track.marks = append(track.marks, mark{})
			m, ok := markOf(&face)
			if m.pts = face.Frame.PTS; !ok {
				t.Fatalf("case %d: a face was refused", n)
			}
			track.marks[len(track.marks)-1] = m
		}
		pieces := track.Pieces(0, time.Hour)
		if len(pieces) != 1 || pieces[0].Steps() != len(c.Points) {
			t.Fatalf("case %d: %d pieces, want one of %d steps", n, len(pieces), len(c.Points))
		}
		for s, row := range c.Points {
			for i, want := range row {
				if got := float64(pieces[0].Points[s*Width+i]); math.Abs(got-want) > 1e-4 {
					t.Fatalf("case %d, step %d, value %d = %v, want %v", n, s, i, got, want)
				}
			}
		}
	}
}

// head is a face whose eyes are apart by so many pixels, rolled by radians, at (x, y), with its
// mouth open by so many eye distances.
func head(pts time.Duration, x, y, apart, roll, open float64) *pipeline.Face {
	f := &pipeline.Face{Found: true, Frame: &media.Frame{PTS: pts}, Interocular: apart}
	sin, cos := math.Sincos(roll)
	put := func(k int, u, v float64) {
		u, v = u*apart, v*apart
		f.Points[k] = pipeline.Point{X: float32(x + cos*u - sin*v), Y: float32(y + sin*u + cos*v)}
	}
	put(innerEyeRight, -0.5, 0)
	put(innerEyeLeft, 0.5, 0)
	for i, k := range mouthPoints {
		put(k, 0.3*float64(i)-1, 2+open*float64(i%3))
	}
	return f
}

func TestWhereTheHeadIsDoesNotMatter(t *testing.T) {
	open := func(pts time.Duration) float64 { return math.Sin(7*pts.Seconds()) / 5 }
	var still, moved Track
	for i := range 60 {
		pts := time.Duration(i) * 33 * time.Millisecond
		still.Add(head(pts, 100, 100, 30, 0, open(pts)))
		moved.Add(head(pts, 300+float64(i), 50, 75, 0.4, open(pts)))
	}
	a, b := still.Pieces(0, time.Hour), moved.Pieces(0, time.Hour)
	if len(a) != 1 || len(b) != 1 {
		t.Fatalf("%d and %d pieces, want one each", len(a), len(b))
	}
	for i := range a[0].Points {
		if d := a[0].Points[i] - b[0].Points[i]; math.Abs(float64(d)) > 1e-4 {
			t.Fatalf("value %d differs by %v", i, d)
		}
	}
}

// TestHeadThatComesNearer: a size that changes within the piece, at once or slowly, does not
// show in the mouth but for a moment.
func TestHeadThatComesNearer(t *testing.T) {
	for name, size := range map[string]func(int) float64{
		"a jump": func(i int) float64 { return 30 + 12*float64(i/30) },
		"slowly": func(i int) float64 { return 30 + float64(i)/5 },
	} {
		var track Track
		for i := range 60 {
			track.Add(head(time.Duration(i)*40*time.Millisecond, 100, 100, size(i), 0, 0.1))
		}
		p := track.Pieces(0, time.Hour)[0]
		for s := range p.Steps() {
			if d := math.Abs(float64(p.Points[s*Width+9]) - 2.1); d > 0.06 {
				t.Errorf("%s: the chin at step %d is off by %.2f", name, s, d)
			}
		}
	}
}

func TestGapsSplit(t *testing.T) {
	ms := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }
	var track Track
	for _, at := range []int{0, 40, 80, 380, 420, 721, 761, 765} {
		track.Add(head(ms(at), 0, 0, 30, 0, 0))
	}
	track.Add(&pipeline.Face{Frame: &media.Frame{PTS: ms(800)}}) // no face
	track.Add(head(ms(840), 0, 0, 5, 0, 0))                      // too small
	track.Add(head(ms(850), math.NaN(), 0, 30, 0, 0))            // not a number
	track.Add(head(ms(860), 0, 0, math.Inf(1), 0, 0))            // not a face
	track.Add(head(ms(300), 0, 0, 30, 0, 0))                     // from the past
	var got []time.Duration
	for _, p := range track.Pieces(0, time.Hour) {
		got = append(got, p.Start, time.Duration(p.Steps()))
	}
	want := []time.Duration{0, 11, ms(721), 2} // 0–420 ms are 11 steps, 721–761 are 2
	if len(got) != len(want) {
		t.Fatalf("pieces (start, steps) %v, want %v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("pieces (start, steps) %v, want %v", got, want)
		}
	}
	if p := track.Pieces(ms(40), ms(420)); len(p) != 1 || p[0].Start != ms(40) || p[0].Steps() != 10 {
		t.Errorf("from 40 to 420 ms: %+v", p)
	}
	track.Forget(ms(400))
	if first, last, ok := track.Span(); !ok || first != ms(420) || last != ms(761) {
		t.Errorf("after forgetting: %v–%v, %v", first, last, ok)
	}
}

func TestTrackIsBounded(t *testing.T) {
	var track Track
	for i := range mostMarks + 100 {
		track.Add(head(time.Duration(i)*20*time.Millisecond, 0, 0, 30, 0, 0))
	}
	if len(track.marks) != mostMarks {
		t.Errorf("%d marks, want %d", len(track.marks), mostMarks)
	}
}

func BenchmarkAdd(b *testing.B) {
	var track Track
	f := head(0, 100, 100, 30, 0, 0.1)
	b.ReportAllocs()
	for b.Loop() {
		f.Frame.PTS += 40 * time.Millisecond
		if track.Add(f); len(track.marks) == 200 {
			track.Forget(f.Frame.PTS)
		}
	}
}

func BenchmarkPieces(b *testing.B) {
	var track Track
	for i := range 150 { // 5 s
		track.Add(head(time.Duration(i)*33*time.Millisecond, 0, 0, 30, 0, 0))
	}
	b.ReportAllocs()
	for b.Loop() {
		track.Pieces(0, time.Hour)
	}
}
