package face

import (
	"cmp"
	"math"
	"slices"
	"time"

	"vivavoce/media"
	"vivavoce/pipeline"
	"vivavoce/pipeline/internal/cv"
)

// track is where the face is, or was last.
type track struct {
	region        cv.Region
	on            bool          // the face was in the frame before
	known         bool          // region is of a face not longer lost than memory
	seen          time.Duration // PTS of the last frame with the face
	width, height int           // of that frame
}

// meet gets ready for the next frame: a gap ends the track, and a change of the
// frame's size (a camera's, or a browser that adapts to its network) scales it.
func (t *track) meet(f *media.Frame) {
	if f.PTS-t.seen > memory {
		t.on, t.known = false, false
	}
	if !t.known || f.Width == t.width && f.Height == t.height {
		return
	}
	sx, sy := float64(f.Width)/float64(t.width), float64(f.Height)/float64(t.height)
	t.region.CX *= sx
	t.region.CY *= sy
	t.region.Side *= max(sx, sy)
	t.width, t.height = f.Width, f.Height
}

// keep notes that the face is in f, in region.
func (t *track) keep(f *media.Frame) {
	t.on, t.known, t.seen = true, true, f.PTS
	t.width, t.height = f.Width, f.Height
}

// prefer sorts detections: those near the lost face first, the nearest of them
// foremost, then the others from the largest to the smallest.
func (t *track) prefer(found []detection) {
	slices.SortStableFunc(found, func(a, b detection) int {
		if c := cmp.Compare(t.away(&a), t.away(&b)); c != 0 {
			return c
		}
		return cmp.Compare(b.side(), a.side())
	})
}

// away is the distance of a detection from the lost face, and the same for all that
// are not where it could have gone.
func (t *track) away(d *detection) float64 {
	if !t.known {
		return math.Inf(1)
	}
	x, y := d.centre()
	if away := math.Hypot(x-t.region.CX, y-t.region.CY); away < t.region.Side {
		return away
	}
	return math.Inf(1)
}

// confirm is how soon a change in the number of faces is looked at again.
const confirm = 200 * time.Millisecond

// crowd counts the further faces. One search's word is not enough: a face that
// appears in one only, or is missed in one, changes nothing.
type crowd struct {
	seen  time.Duration // PTS of the last search
	next  time.Duration // PTS of the one that is due
	last  int           // what the last search found
	shown int           // what two searches in a row agree on
}

func (c *crowd) due(now time.Duration) bool { return now >= c.next }

func (c *crowd) count(n int, now, again time.Duration) {
	if (n == 0) == (c.last == 0) {
		c.shown = min(n, c.last)
	}
	c.seen, c.next = now, now+again
	if n != c.last {
		c.next = now + min(confirm, again)
	}
	c.last = n
}

// background is the share of the followed face's size below which another face is
// someone far behind, or a picture on a wall, and not counted: a quarter is four times
// as far away.
const background = 0.25

// others counts the detections that are not the face itself.
func others(found []detection, f *pipeline.Face) int {
	b := box(&f.Points)
	side := boxSide(b)
	n := 0
	for i := range found {
		if !same(&found[i], b) && found[i].side() >= background*side {
			n++
		}
	}
	return n
}

// same reports whether a detection is of the face in b: either's centre lies in the other.
func same(d *detection, b pipeline.Box) bool {
	x, y := d.centre()
	bx, by := float64(b.X0+b.X1)/2, float64(b.Y0+b.Y1)/2
	return x > float64(b.X0) && x < float64(b.X1) && y > float64(b.Y0) && y < float64(b.Y1) ||
		bx > d.x0 && bx < d.x1 && by > d.y0 && by < d.y1
}
