package recapture

import (
	"testing"

	"vivavoce/media"
)

func BenchmarkFrame(b *testing.B) {
	for _, s := range faceless() {
		b.Run(string(s), func(b *testing.B) {
			p := Draw(s, Train, 3)
			p.Coding = Coding{}
			clip := &drawn{n: 1 << 40, w: 640, h: 480}
			f, err := clip.Next(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			a, err := newAttack(p, Rig{})
			if err != nil {
				b.Fatal(err)
			}
			step := func() {
				out, err := a.frame(b.Context(), f)
				if err != nil {
					b.Fatal(err)
				}
				out.Release()
			}
			step() // the first prints the page and sets the exposure
			b.ReportAllocs()
			for b.Loop() {
				step()
			}
		})
	}
}

var _ media.Source = (*Source)(nil)
