package puppet_test

import (
	"testing"
	"time"

	"vivavoce/media"
	"vivavoce/signaling/puppet"
)

func BenchmarkPaint(b *testing.B) {
	h, _ := head(b, 0)
	scene, err := puppet.NewScene(puppet.Person, h, puppet.Camera{Width: 640, Height: 480, Noise: 2}, 1)
	if err != nil {
		b.Fatal(err)
	}
	var pool media.Pool
	f := pool.Get(640, 480)
	b.ReportAllocs()
	var now time.Duration
	for b.Loop() {
		if err := scene.Paint(f, now); err != nil {
			b.Fatal(err)
		}
		now += 33 * time.Millisecond
	}
}
