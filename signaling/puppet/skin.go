package puppet

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"io"
	"math"
	"os"
	"path/filepath"

	"vivavoce/media"
	"vivavoce/media/file"
	"vivavoce/models"
	"vivavoce/pipeline"
)

// skins are the usable faces in the pictures of the npm package
// @vladmandic/face-api (MIT), which models/package-lock.json pins: frontal, mouth
// shut, evenly lit. The boxes are pixels of the picture.
var skins = []struct {
	picture string
	box     image.Rectangle
}{
	{"sample6.jpg", image.Rect(1330, 110, 1830, 760)},
	{"sample5.jpg", image.Rect(700, 10, 1080, 390)},
}

// LoadHead skins the i-th head from the pictures below nodeModules, with find to
// find the face.
func LoadHead(ctx context.Context, library *models.Library, find pipeline.Finder, nodeModules string, i int) (*Head, error) {
	if i < 0 || i >= len(skins) {
		return nil, fmt.Errorf("load head %d: there are %d", i, len(skins))
	}
	path := filepath.Join(nodeModules, "@vladmandic/face-api/demo", skins[i].picture)
	skin, err := loadSkin(path, skins[i].box)
	if err != nil {
		return nil, err
	}
	geometry, err := library.Geometry()
	if err != nil {
		return nil, fmt.Errorf("load head %d: %w", i, err)
	}
	var f *pipeline.Face
	for range 4 { // the finder's tracking settles
		if f, err = find.Find(ctx, skin); err != nil {
			return nil, fmt.Errorf("load head %d: %w", i, err)
		}
		skin.PTS += 33e6
		skin.Seq++
	}
	h, err := NewHead(textureOf(skin), f, geometry)
	if err != nil {
		return nil, fmt.Errorf("load head %d from %s: %w", i, path, err)
	}
	return h, nil
}

// Frames of a clip that FilmedHead looks at.
const filmedFrames = 150

// FilmedHead skins a head from the first seconds of a recording of one person: from the picture in which
// the head is straightest and the mouth shut. It is ErrNoSkin if none is usable.
func FilmedHead(ctx context.Context, library *models.Library, find pipeline.Finder, path string) (*Head, error) {
	geometry, err := library.Geometry()
	if err != nil {
		return nil, fmt.Errorf("film a head: %w", err)
	}
	src, err := file.Open(path, file.Options{})
	if err != nil {
		return nil, fmt.Errorf("film a head: %w", err)
	}
	defer src.Close()
	var best *Head
	least := math.Inf(1)
	for range filmedFrames {
		frame, err := src.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("film a head from %s: %w", path, err)
		}
		f, err := find.Find(ctx, frame)
		if err != nil {
			return nil, fmt.Errorf("film a head from %s: %w", path, err)
		}
		if off := crooked(f); off < least {
			if h, err := NewHead(textureOf(frame), f, geometry); err == nil {
				best, least = h, off // the head keeps the picture
				continue
			}
		}
		frame.Release()
	}
	if best == nil {
		return nil, fmt.Errorf("film a head from %s: %w", path, ErrNoSkin)
	}
	return best, nil
}

// crooked is how far f is from a straight head with a shut mouth: degrees, and a mouth open by a tenth of
// the eyes' distance is as bad as ten.
func crooked(f *pipeline.Face) float64 {
	return math.Abs(f.Pose.Yaw) + math.Abs(f.Pose.Pitch) + math.Abs(f.Pose.Roll) + 100*f.MouthOpen
}

// loadSkin cuts box out of a JPEG picture into a frame.
func loadSkin(path string, box image.Rectangle) (*media.Frame, error) {
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("load skin (run `make models` first): %w", err)
	}
	if err != nil {
		return nil, fmt.Errorf("load skin: %w", err)
	}
	defer file.Close()
	picture, err := jpeg.Decode(file)
	if err != nil {
		return nil, fmt.Errorf("load skin %s: %w", path, err)
	}
	box = box.Intersect(picture.Bounds())
	cut := image.NewRGBA(image.Rect(0, 0, box.Dx()&^1, box.Dy()&^1))
	draw.Draw(cut, cut.Bounds(), picture, box.Min, draw.Src)
	return fromRGBA(cut), nil
}

// fromRGBA turns an even-sized picture into a frame of limited range (BT.601).
func fromRGBA(p *image.RGBA) *media.Frame {
	var pool media.Pool
	f := pool.Get(p.Rect.Dx(), p.Rect.Dy())
	for y := range f.Height {
		for x := range f.Width {
			c := p.RGBAAt(x, y)
			luma, cb, cr := color.RGBToYCbCr(c.R, c.G, c.B)
			f.Y[y*f.YStride+x] = limited(luma, 219)
			if x&1 == 0 && y&1 == 0 {
				f.Cb[y/2*f.CStride+x/2] = limited(cb, 224)
				f.Cr[y/2*f.CStride+x/2] = limited(cr, 224)
			}
		}
	}
	return f
}

// limited maps a full-range sample to one of 16–(16+span).
func limited(v uint8, span int) byte { return byte(16 + int(v)*span/255) }
