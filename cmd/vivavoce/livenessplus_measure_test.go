package main

import (
	"context"
	"image"
	"io"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/image/draw"

	"vivavoce/media"
	"vivavoce/media/file"
	"vivavoce/media/file/filetest"
	"vivavoce/media/recapture"
	"vivavoce/pipeline/eval"
	"vivavoce/pipeline/pipelinetest/recorded"
	"vivavoce/signaling/packet"
)

// TestMeasureLivenessPlus sends captures of people that neither texture's network nor its thresholds have seen, and of attacks
// simulated from them, to a whole server, and counts the answers. What is not in it: a real camera, a real browser, a real attack.
func TestMeasureLivenessPlus(t *testing.T) {
	recorded.Measure(t)
	data := filetest.Recordings(t)
	r := newPlusRig(t)
	var clips []string
	for _, s := range []string{"grid/s3/*", "grid/s30/*", "grid/s31/*", "head/d9", "head/s32"} {
		found, _ := filepath.Glob(filepath.Join(data, s+".mp4"))
		clips = append(clips, found...)
	}
	for _, species := range []recapture.Species{"", recapture.Print, recapture.PrintPhoto, recapture.Screen, recapture.ScreenOLED, recapture.Warp} {
		answers := map[string]map[int]int{}
		for i, clip := range clips {
			who := filepath.Base(filepath.Dir(clip))
			if who == "head" {
				who = filepath.Base(clip)
			}
			if answers[who] == nil {
				answers[who] = map[int]int{}
			}
			for _, p := range r.captures(clip, species, uint64(i)) {
				code, _ := r.send("liveness", r.seal(p), nil)
				answers[who][code]++
			}
		}
		all := map[int]int{}
		for _, who := range slices.Sorted(maps.Keys(answers)) {
			t.Logf("%q %s: %v", species, who, answers[who])
			for code, n := range answers[who] {
				all[code] += n
			}
		}
		t.Logf("%q: %v; so far %q", species, all, r.whys())
	}
}

// whys counts the reasons so far, as the operator sees them.
func (r *plusRig) whys() (lines []string) {
	r.t.Helper()
	resp, err := http.Get(r.url + "/metrics")
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if labels, ok := strings.CutPrefix(line, "vivavoce_livenessplus_packets_total"); ok {
			lines = append(lines, strings.TrimSpace(labels))
		}
	}
	return lines
}

// captures are packets of a clip, or of an attack made of it: a second in every three, three at most.
func (r *plusRig) captures(clip string, species recapture.Species, seed uint64) (all []packet.Packet) {
	r.t.Helper()
	src, err := file.Open(clip, file.Options{})
	if err != nil {
		r.t.Fatal(err)
	}
	defer src.Close()
	var frames media.Source = src
	if species != "" {
		finder, err := r.newFinder()
		if err != nil {
			r.t.Fatal(err)
		}
		attack, err := recapture.New(src, recapture.Draw(species, recapture.Test, seed), recapture.Rig{Locate: eval.Locate(finder)})
		if err != nil {
			r.t.Fatal(err)
		}
		defer attack.Close()
		frames = attack
	}
	var p packet.Packet
	for n := 0; len(all) < 3; n++ {
		f, err := frames.Next(context.Background())
		if err != nil {
			return all
		}
		if at := n % 75; at < 32 && at%4 == 0 {
			if at == 0 {
				p = packet.Packet{Meta: packet.Meta{
					MadeAt: time.Now().UnixMilli(), Client: "test/1", Mode: "auto", Camera: packet.Camera{Label: "a clip", Width: f.Width, Height: f.Height, FrameRate: 25},
					Photo: packet.Picture{Of: 4, Width: f.Width, Height: f.Height},
				}}
			}
			r.shoot(&p, f, at == 16)
			if at == 28 {
				all = append(all, p)
			}
		}
		f.Release()
	}
	return all
}

// shoot adds a frame to the burst, and takes the photo.
func (r *plusRig) shoot(p *packet.Packet, f *media.Frame, photo bool) {
	r.t.Helper()
	whole := image.NewRGBA(image.Rect(0, 0, f.Width, f.Height)) // as a canvas: colours that no screen has are cut off
	draw.Draw(whole, whole.Rect, shown(f), image.Point{}, draw.Src)
	if photo {
		p.Photo = r.jpeg(whole, 92)
	}
	small := image.NewRGBA(image.Rect(0, 0, 320, 320*f.Height/f.Width))
	draw.ApproxBiLinear.Scale(small, small.Bounds(), whole, whole.Bounds(), draw.Src, nil)
	p.Burst = append(p.Burst, r.jpeg(small, 90))
	i := len(p.Meta.Burst)
	p.Meta.Burst = append(p.Meta.Burst, packet.Shot{Picture: packet.Picture{Width: small.Rect.Dx(), Height: small.Rect.Dy()},
		At: 1000 + 160*float64(i) + 7*r.noise.Float64(), Media: 160 * float64(i), Frame: 4*i + 1})
}

// shown is a frame in full range, as a browser draws it.
func shown(f *media.Frame) *image.YCbCr {
	m := image.NewYCbCr(image.Rect(0, 0, f.Width, f.Height), image.YCbCrSubsampleRatio420)
	spread := func(to []byte, toStride int, from plane) {
		for y := range from.h {
			for x := range from.w {
				v := float64(from.pix[y*from.stride+x])
				if !f.FullRange {
					v = (v-from.black)*255/from.span + from.zero + 0.5
				}
				to[y*toStride+x] = byte(min(max(v, 0), 255))
			}
		}
	}
	cw, ch := (f.Width+1)/2, (f.Height+1)/2
	spread(m.Y, m.YStride, plane{f.Y, f.YStride, f.Width, f.Height, 16, 219, 0})
	spread(m.Cb, m.CStride, plane{f.Cb, f.CStride, cw, ch, 128, 224, 128})
	spread(m.Cr, m.CStride, plane{f.Cr, f.CStride, cw, ch, 128, 224, 128})
	return m
}

// plane is one of a frame's: its samples go from black over span steps, and 0 to 255 in full range.
type plane struct {
	pix               []byte
	stride, w, h      int
	black, span, zero float64
}
