package face

import "testing"

func TestSamples(t *testing.T) {
	for _, n := range []string{"1", "2", "3", "4", "5", "6"} {
		d := finderOf(t)
		f := find(t, d, whole(sample(t, n), 640, 0))
		t.Log(n, describe(f))
		overlay(t, "sample"+n, f)
	}
}
