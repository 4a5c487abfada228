package face

import (
	"image"
	"image/draw"
	"image/jpeg"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"vivavoce/media"
	"vivavoce/models"
	"vivavoce/pipeline"
)

// root is the module's folder.
func root(tb testing.TB) string {
	tb.Helper()
	dir, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			tb.Fatal("no go.mod above the working directory")
		}
		dir = filepath.Dir(dir)
	}
}

// library opens the models once for all tests: they live as long as the process.
var library = sync.OnceValues(func() (*models.Library, error) {
	dir, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	return models.Open(models.Options{Dir: filepath.Join(dir, "..", "..", "models", "files")})
})

// finderOf makes a finder over the real networks.
func finderOf(tb testing.TB) *finder {
	tb.Helper()
	l, err := library()
	if err != nil {
		tb.Fatalf("models (make models): %v", err)
	}
	make, err := New(l, Options{})
	if err != nil {
		tb.Fatal(err)
	}
	f, err := make()
	if err != nil {
		tb.Fatal(err)
	}
	return f.(*finder)
}

// decoded keeps the samples: reading one takes longer than finding its face.
var decoded sync.Map

// sample reads one of the pictures of faces in the pinned package
// @vladmandic/face-api (demo/sample1.jpg … sample6.jpg).
func sample(tb testing.TB, n string) *image.RGBA {
	tb.Helper()
	if img, ok := decoded.Load(n); ok {
		return img.(*image.RGBA)
	}
	path := filepath.Join(root(tb), "models/node_modules/@vladmandic/face-api/demo/sample"+n+".jpg")
	file, err := os.Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	defer file.Close()
	img, err := jpeg.Decode(file)
	if err != nil {
		tb.Fatal(err)
	}
	out := image.NewRGBA(image.Rect(0, 0, img.Bounds().Dx(), img.Bounds().Dy()))
	draw.Draw(out, out.Bounds(), img, img.Bounds().Min, draw.Src)
	decoded.Store(n, out)
	return out
}

// at makes a frame that shows src's part r scaled to width×height, at time pts.
func at(src *image.RGBA, r image.Rectangle, width, height int, pts time.Duration) *media.Frame {
	f := new(media.Pool).Get(width, height)
	f.FullRange, f.PTS = true, pts
	cw := (width + 1) / 2
	for y := range height {
		for x := range width {
			red, green, blue := mean(src, cell(r, x, y, width, height))
			f.Y[y*width+x] = clamp(0.299*red + 0.587*green + 0.114*blue)
			if x%2 == 0 && y%2 == 0 {
				f.Cb[y/2*cw+x/2] = clamp(128 - 0.168736*red - 0.331264*green + 0.5*blue)
				f.Cr[y/2*cw+x/2] = clamp(128 + 0.5*red - 0.418688*green - 0.081312*blue)
			}
		}
	}
	return f
}

// cell is the part of r that the pixel x, y of width×height shows, at least a pixel.
func cell(r image.Rectangle, x, y, width, height int) image.Rectangle {
	x0, y0 := r.Min.X+x*r.Dx()/width, r.Min.Y+y*r.Dy()/height
	x1, y1 := r.Min.X+(x+1)*r.Dx()/width, r.Min.Y+(y+1)*r.Dy()/height
	return image.Rect(x0, y0, max(x1, x0+1), max(y1, y0+1))
}

// mean is the colour of src in r, black outside.
func mean(src *image.RGBA, r image.Rectangle) (red, green, blue float64) {
	n := float64(r.Dx() * r.Dy())
	r = r.Intersect(src.Bounds())
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			p := src.Pix[src.PixOffset(x, y):]
			red, green, blue = red+float64(p[0]), green+float64(p[1]), blue+float64(p[2])
		}
	}
	return red / n, green / n, blue / n
}

func clamp(v float64) byte { return byte(min(255, max(0, v+0.5))) }

// whole shows all of src in a frame of the given width.
func whole(src *image.RGBA, width int, pts time.Duration) *media.Frame {
	return at(src, src.Bounds(), width, width*src.Bounds().Dy()/src.Bounds().Dx(), pts)
}

// find fails the test on an error.
func find(tb testing.TB, d pipeline.Finder, f *media.Frame) *pipeline.Face {
	tb.Helper()
	face, err := d.Find(tb.Context(), f)
	if err != nil {
		tb.Fatal(err)
	}
	return face
}
