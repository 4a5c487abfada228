package motion

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"vivavoce/pipeline"
	"vivavoce/pipeline/internal/cv"
)

func asFace(r Rec) *pipeline.Face {
	f := &pipeline.Face{Found: r.Found, Pose: r.Pose, Interocular: r.IOD, Points: r.Points}
	return f
}

func affineRatio(a, b []cv.Point2) float64 {
	var ca, cb cv.Point2
	n := float64(len(a))
	for i := range a {
		ca.X += a[i].X / n
		ca.Y += a[i].Y / n
		cb.X += b[i].X / n
		cb.Y += b[i].Y / n
	}
	var xx, xy, yy, ux, uy, vx, vy float64
	for i := range a {
		x, y, u, v := a[i].X-ca.X, a[i].Y-ca.Y, b[i].X-cb.X, b[i].Y-cb.Y
		xx += x * x
		xy += x * y
		yy += y * y
		ux += u * x
		uy += u * y
		vx += v * x
		vy += v * y
	}
	det := xx*yy - xy*xy
	A := (ux*yy - uy*xy) / det
	B := (uy*xx - ux*xy) / det
	C := (vx*yy - vy*xy) / det
	D := (vy*xx - vx*xy) / det
	q := math.Hypot((A+D)/2, (C-B)/2)
	r := math.Hypot((A-D)/2, (C+B)/2)
	return math.Abs(q-r) / (q + r)
}

func window(rs []Rec, c, half int) (m mean, yaw, pitch float64, n int) {
	for i := max(0, c-half); i <= min(len(rs)-1, c+half); i++ {
		if !rs[i].Found {
			continue
		}
		var s pointSet
		s.take(asFace(rs[i]))
		m.add(&s)
		yaw += rs[i].Pose.Yaw
		pitch += rs[i].Pose.Pitch
		n++
	}
	return m, yaw / float64(n), pitch / float64(n), n
}

func quant(v []float64) string {
	if len(v) == 0 {
		return "none"
	}
	slices.Sort(v)
	q := func(p float64) float64 { return v[int(p*float64(len(v)-1))] }
	return fmt.Sprintf("n=%d min %.3f p5 %.3f p25 %.3f p50 %.3f p75 %.3f p95 %.3f max %.3f", len(v), v[0], q(.05), q(.25), q(.5), q(.75), q(.95), v[len(v)-1])
}

func TestPar(t *testing.T) {
	if os.Getenv("PAR") == "" {
		t.Skip()
	}
	for _, kind := range []string{"head", "flat"} {
		paths, _ := filepath.Glob("/tmp/faces/" + kind + "*.gob")
		var allM1, allM2, allM3, allTilt, allAng []float64
		for _, p := range paths {
			rs := load(p)
			var m1, m2, m3, tilt, angs []float64
			pair := func(i, j int) {
				a, y0, p0, n0 := window(rs, i, 3)
				b, y1, p1, n1 := window(rs, j, 1)
				if n0 < 3 || n1 < 2 {
					return
				}
				ang := math.Hypot(y1-y0, p1-p0)
				if kind == "head" && ang < 12 {
					return
				}
				A, B := a.value(), b.value()
				rms, ok := cv.HomographyResidual(A[:], B[:])
				if !ok {
					return
				}
				r := affineRatio(A[:], B[:])
				m1 = append(m1, rms)
				angs = append(angs, ang)
				m2 = append(m2, rms/math.Sin(ang*math.Pi/180))
				tilt = append(tilt, math.Acos(min(1, r))*180/math.Pi)
				m3 = append(m3, rms/math.Sqrt(1-r*r))
			}
			if kind == "head" {
				for i := 3; i < len(rs); i += 11 {
					for j := 3; j < len(rs); j += 7 {
						if math.Hypot(rs[i].Pose.Yaw, rs[i].Pose.Pitch) < 12 {
							pair(i, j)
						}
					}
				}
				t.Logf("%s\n  ang %s\n  m1 %s\n  m2 %s\n  tilt %s\n m3 %s", filepath.Base(p), quant(angs), quant(m1), quant(m2), quant(tilt), quant(m3))
			} else {
				for j := 30; j < 39; j += 3 {
					pair(8, j)
				}
			}
			allM1 = append(allM1, m1...)
			allM2 = append(allM2, m2...)
			allM3 = append(allM3, m3...)
			allTilt = append(allTilt, tilt...)
			allAng = append(allAng, angs...)
		}
		t.Logf("ALL %s\n  ang %s\n  m1 %s\n  m2 %s\n  tilt %s\n  m3 %s", kind, quant(allAng), quant(allM1), quant(allM2), quant(allTilt), quant(allM3))
	}
	for _, ang := range []string{"20", "30", "40", "50", "60"} {
		paths, _ := filepath.Glob("/tmp/faces/flat*_" + ang + "_*.gob")
		var a, m1, tl, m3 []float64
		for _, p := range paths {
			rs := load(p)
			A0, y0, p0, n0 := window(rs, 8, 3)
			B0, y1, p1, n1 := window(rs, 35, 2)
			if n0 < 3 || n1 < 2 {
				continue
			}
			A, B := A0.value(), B0.value()
			rms, _ := cv.HomographyResidual(A[:], B[:])
			r := affineRatio(A[:], B[:])
			a = append(a, math.Hypot(y1-y0, p1-p0))
			m1 = append(m1, rms)
			tl = append(tl, math.Acos(min(1, r))*180/math.Pi)
			m3 = append(m3, rms/math.Sqrt(1-r*r))
		}
		t.Logf("flat %s\n ang %s\n m1 %s\n tilt %s\n m3 %s", ang, quant(a), quant(m1), quant(tl), quant(m3))
	}
}
