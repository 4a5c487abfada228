package motion

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"vivavoce/pipeline/internal/cv"
)

func TestPar4(t *testing.T) {
	if os.Getenv("PAR") == "" {
		t.Skip()
	}
	forehead := []int{10, 109, 67, 103, 54, 21, 338, 297, 332, 284, 251, 151, 9, 108, 337, 69, 299, 104, 333, 68, 298, 71, 301, 139, 368}
	contour := []int{127, 234, 93, 356, 454, 323, 162, 389, 34, 264, 227, 447, 143, 372, 10, 109, 67, 103, 54, 21, 338, 297, 332, 284, 251}
	low := []int{2, 19, 94, 98, 327, 64, 294, 123, 352, 50, 280, 101, 330}
	sets := map[string][]int{"all": nil, "no forehead": forehead, "no contour": contour, "no low": low, "no forehead, low": append(slices.Clone(forehead), low...)}
	for name, drop := range sets {
		var keep []int
		for i, n := range rigid {
			if !slices.Contains(drop, n) {
				keep = append(keep, i)
			}
		}
		pick := func(p pointSet) (out []cv.Point2) {
			for _, i := range keep {
				out = append(out, p[i])
			}
			return out
		}
		for _, g := range [][]string{{"head_d3", "head_d6"}, {"head_d9", "head_d12"}, {"head_s32", "head_d19", "head_s13", "head_d0"}, {"flat_s1_", "flat_s2_", "flat_s3_"}, {"flat_s5_", "flat_s30_", "flat_s31_"}, {"grid_s1_", "grid_s5_", "grid_s30_", "grid_s2_"}} {
			var m2, rho []float64
			n := map[string]int{}
			total := 0
			for _, prefix := range g {
				paths, _ := filepath.Glob("/tmp/faces/" + prefix + "*.gob")
				for _, p := range paths {
					rs := load(p)
					starts := []int{8}
					if prefix[0] == 'h' {
						starts = nil
						for i := 5; i < len(rs)-10; i += 9 {
							starts = append(starts, i)
						}
					}
					for _, i := range starts {
						a, y0, p0, n0 := window(rs, i, 3)
						if n0 < 4 {
							continue
						}
						total++
						A := pick(a.value())
						var c25, c30, c20 int
						for j := i + 4; j < min(len(rs), i+75); j++ {
							b, y1, p1, n1 := window(rs, j, 0)
							if n1 < 1 {
								continue
							}
							B := pick(b.value())
							ang := math.Hypot(y1-y0, p1-p0)
							r := affineRatio(A, B)
							tl := math.Acos(min(1, r)) * 180 / math.Pi
							if ang < 12 && tl < 20 {
								continue
							}
							rms, _ := cv.HomographyResidual(A, B)
							q := rms / math.Sqrt(1-r*r)
							if ang >= 12 {
								m2 = append(m2, rms/math.Sin(ang*math.Pi/180))
							}
							rho = append(rho, ang/tl)
							if q < .06 && ang/tl < .3 {
								if tl > 20 {
									c20++
								}
								if tl > 25 {
									c25++
								}
								if tl > 30 {
									c30++
								}
							}
						}
						for k, c := range map[string]int{"20": c20, "25": c25, "30": c30} {
							for _, m := range []int{3, 5} {
								if c >= m {
									n[k+"x"+string(rune('0'+m))]++
								}
							}
						}
					}
				}
			}
			t.Logf("%s (%d) %v n=%d %v m2 %s", name, len(keep), g, total, n, quant(m2))
		}
	}
}
