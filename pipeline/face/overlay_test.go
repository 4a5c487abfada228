package face

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"vivavoce/media"
	"vivavoce/pipeline"
)

// overlay writes a picture of the face with its points, for a person to look at, into
// the folder $VIVAVOCE_OVERLAYS; without it nothing happens.
func overlay(tb testing.TB, name string, f *pipeline.Face) {
	tb.Helper()
	dir := os.Getenv("VIVAVOCE_OVERLAYS")
	if dir == "" {
		return
	}
	img := rgba(f.Frame)
	if f.Found {
		for i, p := range f.Points {
			c := color.RGBA{0, 255, 0, 255}
			if i >= meshPoints {
				c = color.RGBA{255, 0, 0, 255}
			}
			img.Set(int(p.X), int(p.Y), c)
		}
		for _, i := range append(append(lipPoints()[:40:40], rightEyePoints()[:lidEdge]...), leftEyePoints()[:lidEdge]...) {
			img.Set(int(f.Points[i].X), int(f.Points[i].Y), color.RGBA{255, 255, 0, 255})
		}
	}
	file, err := os.Create(filepath.Join(dir, name+".png"))
	if err != nil {
		tb.Fatal(err)
	}
	defer file.Close()
	if err := png.Encode(file, img); err != nil {
		tb.Fatal(err)
	}
	tb.Log(name, describe(f))
}

func describe(f *pipeline.Face) string {
	return fmt.Sprintf("found %v presence %.3f yaw %.1f pitch %.1f roll %.1f eyes %.2f %.2f mouth %.3f interocular %.1f others %d",
		f.Found, f.Presence, f.Pose.Yaw, f.Pose.Pitch, f.Pose.Roll, f.RightEyeOpen, f.LeftEyeOpen, f.MouthOpen, f.Interocular, f.Others)
}

func rgba(f *media.Frame) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, f.Width, f.Height))
	gain, offset := 1.0, 0.0
	if !f.FullRange {
		gain, offset = 255.0/219, 16
	}
	for y := range f.Height {
		for x := range f.Width {
			l := byte(min(255, max(0, gain*(float64(f.Y[y*f.YStride+x])-offset))))
			r, g, b := color.YCbCrToRGB(l, f.Cb[y/2*f.CStride+x/2], f.Cr[y/2*f.CStride+x/2])
			img.Set(x, y, color.RGBA{r, g, b, 255})
		}
	}
	return img
}
