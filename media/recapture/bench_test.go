package recapture

import "testing"

func BenchmarkFrame(b *testing.B) {
	for _, s := range All() {
		b.Run(string(s), func(b *testing.B) {
			p := Draw(s, Train, 3)
			p.Coding = Coding{}
			clip := &drawn{n: 1 << 40, w: 640, h: 480}
			f, err := clip.Next(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			a, err := newAttack(p, rigged(640, 480))
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
