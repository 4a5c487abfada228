package motion

import (
	"math"
	"os"
	"path/filepath"
	"testing"

	"vivavoce/pipeline/internal/cv"
)

func TestPar2(t *testing.T) {
	if os.Getenv("PAR") == "" {
		t.Skip()
	}
	for _, minTilt := range []float64{15, 20, 25} {
		for _, g := range [][]string{{"head_d3", "head_d6"}, {"head_d9", "head_d12"}, {"flat_s1_", "flat_s2_", "flat_s3_"}, {"flat_s5_", "flat_s30_", "flat_s31_"}} {
			var m2, m3, mins []float64
			for _, prefix := range g {
				paths, _ := filepath.Glob("/tmp/faces/" + prefix + "*.gob")
				for _, p := range paths {
					rs := load(p)
					head := prefix[0] == 'h'
					starts := []int{8}
					if head {
						starts = nil
						for i := 5; i < len(rs)-10; i += 9 {
							if math.Abs(rs[i].Pose.Yaw) < 8 && math.Abs(rs[i].Pose.Pitch+4) < 8 {
								starts = append(starts, i)
							}
						}
					}
					for _, i := range starts {
						a, y0, p0, n0 := window(rs, i, 3)
						if n0 < 4 {
							continue
						}
						A := a.value()
						low := math.Inf(1)
						for j := i + 4; j < min(len(rs), i+75); j++ {
							b, y1, p1, n1 := window(rs, j, 0)
							if n1 < 1 {
								continue
							}
							B := b.value()
							ang := math.Hypot(y1-y0, p1-p0)
							r := affineRatio(A[:], B[:])
							tl := math.Acos(min(1, r)) * 180 / math.Pi
							if ang < 12 && tl < minTilt {
								continue
							}
							if head && ang < 5 {
								continue
							}
							rms, ok := cv.HomographyResidual(A[:], B[:])
							if !ok {
								continue
							}
							if ang >= 12 {
								m2 = append(m2, rms/math.Sin(ang*math.Pi/180))
							}
							if tl >= minTilt {
								v := rms / math.Sqrt(1-r*r)
								m3 = append(m3, v)
								low = min(low, v)
							}
						}
						if !math.IsInf(low, 1) {
							mins = append(mins, low)
						}
					}
				}
			}
			t.Logf("tilt>=%v %v\n m2 %s\n m3 %s\n min m3 %s", minTilt, g, quant(m2), quant(m3), quant(mins))
		}
	}
}
