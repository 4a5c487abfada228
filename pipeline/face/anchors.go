package face

// anchor is a place in the detector's square, 0–1, that answers are relative to.
type anchor struct{ x, y float32 }

// shortAnchors are the short-range detector's 896: 16×16 cells with two each, then 8×8
// with six (MediaPipe face_detection_short_range: strides 8, 16, 16, 16).
func shortAnchors() []anchor { return grid(grid(nil, 16, 2), 8, 6) }

// fullAnchors are the full-range detector's 2304: 48×48 cells with one each.
func fullAnchors() []anchor { return grid(nil, 48, 1) }

// grid appends the centres of n×n cells in reading order, each repeated.
func grid(to []anchor, n, repeat int) []anchor {
	for y := range n {
		for x := range n {
			a := anchor{(float32(x) + 0.5) / float32(n), (float32(y) + 0.5) / float32(n)}
			for range repeat {
				to = append(to, a)
			}
		}
	}
	return to
}
