package cv

import (
	"image"
	"math"

	"gocv.io/x/gocv"

	"vivavoce/media"
)

// sharpSide bounds the region whose edges are measured: larger ones are shrunk to
// it first, so that a near face and a far one are measured at the scale at which
// the face networks (192²) see them.
const sharpSide = 192

// Sharpness returns the variance of the Laplacian of f's luma inside r, with luma as
// 0–255: the larger, the sharper. NaN where r and f meet in less than 3×3 samples.
func Sharpness(f *media.Frame, r image.Rectangle) float64 {
	r = bounds(f, r)
	if r.Dx() < 3 || r.Dy() < 3 {
		return math.NaN()
	}
	pix := make([]byte, 0, r.Dx()*r.Dy())
	for y := r.Min.Y; y < r.Max.Y; y++ {
		row := f.Y[y*f.YStride:]
		pix = append(pix, row[r.Min.X:r.Max.X]...)
	}
	src, err := gocv.NewMatFromBytes(r.Dy(), r.Dx(), gocv.MatTypeCV8UC1, pix)
	if err != nil {
		return math.NaN()
	}
	defer src.Close()
	variance := laplacianVariance(&src, shrunk(r.Size()))
	_, gain := spread(f)
	return variance * gain * gain
}

// shrunk is the size that a region is measured at.
func shrunk(s image.Point) image.Point {
	side := max(s.X, s.Y)
	if side <= sharpSide {
		return s
	}
	return image.Pt(max(3, s.X*sharpSide/side), max(3, s.Y*sharpSide/side))
}

func laplacianVariance(src *gocv.Mat, size image.Point) float64 {
	small, edges := gocv.NewMat(), gocv.NewMat()
	mean, std := gocv.NewMat(), gocv.NewMat()
	defer small.Close()
	defer edges.Close()
	defer mean.Close()
	defer std.Close()
	gocv.Resize(*src, &small, size, 0, 0, gocv.InterpolationArea)
	gocv.Laplacian(small, &edges, gocv.MatTypeCV32F, 1, 1, 0, gocv.BorderDefault)
	gocv.MeanStdDev(edges, &mean, &std)
	s := std.GetDoubleAt(0, 0)
	return s * s
}
