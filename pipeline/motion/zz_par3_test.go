package motion

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"vivavoce/pipeline/internal/cv"
)

func TestPar3(t *testing.T) {
	if os.Getenv("PAR") == "" {
		t.Skip()
	}
	for _, g := range [][]string{{"head_d3", "head_d6"}, {"head_d9", "head_d12"}, {"head_s32", "head_d19", "head_s13", "head_d0"}, {"flat_s1_", "flat_s2_", "flat_s3_"}, {"flat_s5_", "flat_s30_", "flat_s31_"}, {"grid_s1_", "grid_s5_", "grid_s30_", "grid_s2_"}} {
		counts := map[string][]float64{}
		var rho []float64
		paths2 := 0
		byAngle := map[string][2]int{}
		for _, prefix := range g {
			paths, _ := filepath.Glob("/tmp/faces/" + prefix + "*.gob")
			for _, p := range paths {
				rs := load(p)
				head := prefix[0] == 'h'
				starts := []int{8}
				if head {
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
					paths2++
					A := a.value()
					n := map[string]float64{}
					for j := i + 4; j < min(len(rs), i+75); j++ {
						b, y1, p1, n1 := window(rs, j, 0)
						if n1 < 1 {
							continue
						}
						B := b.value()
						ang := math.Hypot(y1-y0, p1-p0)
						r := affineRatio(A[:], B[:])
						tl := math.Acos(min(1, r)) * 180 / math.Pi
						rms, _ := cv.HomographyResidual(A[:], B[:])
						q := rms / math.Sqrt(1-r*r)
						for _, mt := range []float64{18, 20, 25} {
							for _, mq := range []float64{.05, .06, .08, 0.1} {
								for _, mr := range []float64{.3, .4, .5} {
									k := quantKey(mt, mq, mr)
									if tl >= mt && q < mq && ang/tl < mr {
										n[k]++
									} else {
										n[k] += 0
									}
								}
							}
						}
						if tl >= 20 {
							rho = append(rho, ang/tl)
						}
					}
					for k, v := range n {
						counts[k] = append(counts[k], v)
					}
					if prefix[0] == 'f' {
						parts := filepath.Base(p)
						_ = parts
					}
				}
			}
		}
		t.Logf("%v paths %d rho %s", g, paths2, quant(rho))
		_ = byAngle
		for _, mt := range []float64{18, 20, 25} {
			for _, mq := range []float64{.05, .06, .08, 0.1} {
				for _, mr := range []float64{.3, .4, .5} {
					k := quantKey(mt, mq, mr)
					c := 0
					for _, v := range counts[k] {
						if v >= 3 {
							c++
						}
					}
					t.Logf("   %s: %d/%d", k, c, len(counts[k]))
				}
			}
		}
	}
}

func quantKey(a, b, c float64) string { return fmt.Sprintf("tilt %v q %v rho %v", a, b, c) }
