package stills

import (
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"vivavoce/media"
	"vivavoce/media/file"
	"vivavoce/media/file/filetest"
	"vivavoce/media/recapture"
	"vivavoce/pipeline"
	"vivavoce/pipeline/eval"
	"vivavoce/pipeline/face"
	"vivavoce/pipeline/identity"
	"vivavoce/pipeline/pipelinetest/recorded"
)

// thresholds of the default policy, by which the figures are given.
func threshold(t *testing.T, score string) float64 {
	t.Helper()
	for _, c := range pipeline.DefaultPolicy().Checks {
		if c.Name == score {
			return c.Threshold
		}
	}
	t.Fatalf("no threshold for %s", score)
	return 0
}

// openClip gives a clip's frames, or those of an attack made of it.
func openClip(t *testing.T, path string, species recapture.Species, seed uint64, donor string) media.Source {
	t.Helper()
	open := func(path string) media.Source {
		src, err := file.Open(path, file.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = src.Close() })
		return src
	}
	if species == "" {
		return open(path)
	}
	l, err := library()
	if err != nil {
		t.Fatal(err)
	}
	newFinder, err := face.New(l, face.Options{})
	if err != nil {
		t.Fatal(err)
	}
	locate := func() recapture.Locator {
		finder, err := newFinder()
		if err != nil {
			t.Fatal(err)
		}
		return eval.Locate(finder)
	}
	rig := recapture.Rig{Locate: locate()}
	if species.NeedsDonor() {
		rig.Donor, rig.LocateDonor = open(donor), locate()
	}
	attack, err := recapture.New(&later{open(path), 20}, recapture.Draw(species, recapture.Test, seed), rig)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = attack.Close() })
	return attack
}

// later leaves frames out: simulating them takes long.
type later struct {
	media.Source
	skip int
}

// Next implements media.Source.
func (l *later) Next(ctx context.Context) (*media.Frame, error) {
	for ; l.skip > 0; l.skip-- {
		f, err := l.Source.Next(ctx)
		if err != nil {
			return nil, err
		}
		f.Release()
	}
	return l.Source.Next(ctx)
}

// shots are these frames of a source, as photographs.
func shots(t *testing.T, src media.Source, at ...int) (all [][]byte) {
	t.Helper()
	for i := 0; i <= slices.Max(at); i++ {
		f, err := src.Next(t.Context())
		if errors.Is(err, io.EOF) || errors.Is(err, recapture.ErrNoFace) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		if slices.Contains(at, i) {
			all = append(all, asJPEG(t, shownAs(f)))
		}
		f.Release()
	}
	return all
}

// shownAs is a frame as a picture of Go's, full range.
func shownAs(f *media.Frame) image.Image {
	m := image.NewYCbCr(image.Rect(0, 0, f.Width, f.Height), image.YCbCrSubsampleRatio420)
	for y := range f.Height {
		for x := range f.Width {
			m.Y[y*m.YStride+x] = f.Y[y*f.YStride+x]
			if !f.FullRange {
				m.Y[y*m.YStride+x] = byte(min(max((float64(f.Y[y*f.YStride+x])-16)*255/219+0.5, 0), 255))
			}
		}
	}
	for y := range (f.Height + 1) / 2 {
		for x := range (f.Width + 1) / 2 {
			at, to := y*f.CStride+x, y*m.CStride+x
			if m.Cb[to], m.Cr[to] = f.Cb[at], f.Cr[at]; !f.FullRange {
				m.Cb[to], m.Cr[to] = wide(f.Cb[at]), wide(f.Cr[at])
			}
		}
	}
	return m
}

// TestMeasureStills looks at single frames, as JPEG of quality 92, of people that neither texture's network nor its thresholds
// have seen (models/train/texture/README.md), and of attacks simulated from them. Frames of one person are not
// independent, so the intervals are too narrow.
func TestMeasureStills(t *testing.T) {
	recorded.Measure(t)
	data := filetest.Recordings(t)
	v := enter(t, newStudio(t, Options{AtOnce: 1}))
	least := threshold(t, pipeline.ScoreTexture)
	clips := map[string][]string{}
	for _, s := range []string{"s3", "s30", "s31"} {
		all, _ := filepath.Glob(filepath.Join(data, "grid", s, "*.mp4"))
		for k := range 12 {
			clips[s] = append(clips[s], all[k*len(all)/12])
		}
	}
	for _, s := range []string{"d9", "s32"} {
		clips[s] = []string{filepath.Join(data, "head", s+".mp4")}
	}
	total, refused, missed := 0, 0, 0
	for s, all := range clips {
		n, no := 0, 0
		var values []float64
		for _, clip := range all {
			at := []int{30}
			if len(all) == 1 {
				at = []int{5, 15, 25, 35, 45, 55, 65, 75, 85, 95, 105, 115}
			}
			for _, data := range shots(t, openClip(t, clip, "", 0, ""), at...) {
				l := look(t, v, data)
				if len(l.Faces) != 1 || !l.Faces[0].Texture.Checked || l.Rotated != 0 {
					missed++
					continue
				}
				n++
				values = append(values, l.Faces[0].Texture.Value)
				if !(l.Faces[0].Texture.Value >= least) {
					no++
				}
			}
		}
		slices.Sort(values)
		t.Logf("bona fide %s: refused %v, least %.2f, median %.2f", s, eval.ClopperPearson(no, n), values[0], values[n/2])
		total, refused = total+n, refused+no
	}
	t.Logf("bona fide: refused %v; %d not judged", eval.ClopperPearson(refused, total), missed)
	for _, species := range recapture.All() {
		n, pass := 0, 0
		for s, all := range clips {
			for k := range 4 {
				donor := filepath.Join(data, "head", "d0.mp4")
				for _, data := range shots(t, openClip(t, all[k%len(all)], species, uint64(1000*k)+uint64(s[len(s)-1]), donor), 2) {
					l := look(t, v, data)
					n++
					if len(l.Faces) == 1 && l.Faces[0].Texture.Checked && l.Faces[0].Texture.Value >= least {
						pass++
					}
				}
			}
		}
		t.Logf("%-13s pass %v", species, eval.ClopperPearson(pass, n))
	}
}

// TestMeasurePairs compares two frames: of people who turned their heads by themselves, and of sheets that were tilted, bent,
// wrapped and warped in between. motion's bounds were chosen on these very heads, and on other sheets.
func TestMeasurePairs(t *testing.T) {
	recorded.Measure(t)
	data := filetest.Recordings(t)
	v := enter(t, newStudio(t, Options{AtOnce: 1}))
	least := threshold(t, pipeline.ScoreDepth)
	heads, _ := filepath.Glob(filepath.Join(data, "head", "*.mp4"))
	var n, checked, pass int
	var people [][]Look
	var own, others []float64 // distances of portraits
	for _, clip := range heads {
		src := openClip(t, clip, "", 0, "")
		var at []int
		for i := range 60 {
			at = append(at, 12*i)
		}
		var looks []Look
		for _, data := range shots(t, src, at...) {
			if l := look(t, v, data); len(l.Faces) == 1 && l.Faces[0].Texture.Checked {
				looks = append(looks, l)
			}
		}
		var of [3]int
		// Every frame is used once: pairs that share one are not independent.
		for used := map[int]bool{}; ; {
			a, b, most := -1, -1, 9.0
			for i := range looks {
				for j := i + 1; j < len(looks); j++ {
					if p := Compare(&looks[i].Faces[0], &looks[j].Faces[0]); !used[i] && !used[j] && p.Angle() >= most {
						a, b, most = i, j, p.Angle()
					}
				}
			}
			if a < 0 {
				break
			}
			used[a], used[b] = true, true
			p := Compare(&looks[a].Faces[0], &looks[b].Faces[0])
			own = append(own, looks[a].Faces[0].Portrait.Distance(&looks[b].Faces[0].Portrait))
			of[0]++
			if p.Depth.Checked {
				of[1]++
				if p.Depth.Value >= least {
					of[2]++
				}
			}
		}
		people = append(people, looks)
		t.Logf("head %s: %d pairs, %d checked, %d pass", filepath.Base(clip), of[0], of[1], of[2])
		n, checked, pass = n+of[0], checked+of[1], pass+of[2]
	}
	t.Logf("heads: pass %v of pairs turned by 9° or more; %d checked", eval.ClopperPearson(pass, n), checked)
	for i, a := range people {
		for _, b := range people[i+1:] {
			for k := range a {
				for l := range b {
					others = append(others, a[k].Faces[0].Portrait.Distance(&b[l].Faces[0].Portrait))
				}
			}
		}
	}
	far := func(all []float64) (n int) {
		for _, d := range all {
			if d > identity.Same {
				n++
			}
		}
		return n
	}
	t.Logf("portraits: of %d such pairs %d are told as two people, the furthest %.2f; of %d looks of two people %d, the nearest %.2f",
		len(own), far(own), slices.Max(own), len(others), far(others), slices.Min(others))

	rng := rand.New(rand.NewPCG(1, 2))
	for _, kind := range sheetKinds() {
		n, checked, pass := 0, 0, 0
		for _, s := range []string{"s5", "s30", "s31"} {
			clips, _ := filepath.Glob(filepath.Join(data, "grid", s, "*.mp4"))
			for k := range 8 {
				frames := frames2(t, clips[(8*len(kind.name)+k)%len(clips)])
				sheet := kind.make(k%4, rng)
				var faces [2]*Face
				for i, f := range frames {
					dst := new(media.Pool).Get(f.Width, f.Height)
					sheet(float64(i)).Show(dst, f)
					if l := look(t, v, asJPEG(t, shownAs(dst))); len(l.Faces) == 1 {
						faces[i] = &l.Faces[0]
					}
				}
				n++
				if faces[0] == nil || faces[1] == nil {
					continue
				}
				if p := Compare(faces[0], faces[1]); p.Depth.Checked {
					checked++
					if p.Depth.Value >= least {
						pass++
					}
				}
			}
		}
		t.Logf("%-10s pass %v; %d checked", kind.name, eval.ClopperPearson(pass, n), checked)
	}
}

// frames2 are two frames of a clip, half a second apart.
func frames2(t *testing.T, clip string) (out [2]*media.Frame) {
	t.Helper()
	src := openClip(t, clip, "", 0, "")
	for i := range 33 {
		f, err := src.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if i == 20 || i == 32 {
			out[i/32] = f // never released: it is kept
		} else {
			f.Release()
		}
	}
	return out
}

type sheetKind struct {
	name string
	make func(dir int, rng *rand.Rand) func(part float64) recorded.Sheet
}

// sheetKinds are those of pipeline/motion's TestMeasureSheets.
func sheetKinds() (out []sheetKind) {
	tilted := func(dir int, angle float64) recorded.Sheet {
		return [4]recorded.Sheet{{Yaw: angle}, {Yaw: -angle}, {Pitch: angle}, {Pitch: -angle}}[dir]
	}
	for _, angle := range []float64{15, 25, 35, 45, 55, 65} {
		out = append(out, sheetKind{fmt.Sprintf("tilt %v", angle), func(dir int, rng *rand.Rand) func(float64) recorded.Sheet {
			focal := 1.1 + 1.4*rng.Float64()
			return func(part float64) recorded.Sheet {
				s := tilted(dir, angle*part)
				s.Focal = focal
				return s
			}
		}})
	}
	for _, angle := range []float64{15, 30, 45, 60} {
		out = append(out, sheetKind{fmt.Sprintf("bent %v", angle), func(dir int, rng *rand.Rand) func(float64) recorded.Sheet {
			focal, bend, level := 1.1+1.4*rng.Float64(), 0.7+1.6*rng.Float64(), rng.IntN(3) == 0
			return func(part float64) recorded.Sheet {
				s := tilted(dir, angle*part)
				s.Focal, s.Bend, s.Level = focal, bend, level
				return s
			}
		}})
	}
	for _, angle := range []float64{20, 35, 50} {
		out = append(out, sheetKind{fmt.Sprintf("wrapped %v", angle), func(dir int, rng *rand.Rand) func(float64) recorded.Sheet {
			bend := 2 + 2*rng.Float64()
			return func(part float64) recorded.Sheet {
				s := recorded.Sheet{Bend: bend, Spin: angle * part, Level: dir >= 2}
				if dir == 1 || dir == 2 {
					s.Spin = -s.Spin
				}
				return s
			}
		}})
	}
	for _, far := range []float64{0.04, 0.08, 0.12} {
		out = append(out, sheetKind{fmt.Sprintf("pushed %v", far), func(dir int, rng *rand.Rand) func(float64) recorded.Sheet {
			reach := 0.1 + 0.1*rng.Float64()
			return func(part float64) recorded.Sheet {
				way := tilted(dir, far*part)
				return recorded.Sheet{Push: recorded.Push{Y: 0.05, Reach: reach, DX: way.Yaw, DY: -way.Pitch}}
			}
		}})
	}
	return out
}
