package quality

import "vivavoce/pipeline"

// backdrop samples the whole picture, coarsely.
type backdrop struct {
	all    stats
	behind stats // what is beside and above the head
}

// gridSide squared is how many samples a picture gives.
const gridSide = 32

// take samples f's frame. behind stays empty without a face.
func (b *backdrop) take(v view, f *pipeline.Face) {
	b.all, b.behind = stats{}, stats{}
	head := pipeline.Box{}
	if f.Found {
		head = headBox(f.Box)
	}
	w, h := float32(v.f.Width), float32(v.f.Height)
	for i := range gridSide {
		y := (float32(i) + 0.5) * h / gridSide
		for j := range gridSide {
			x := (float32(j) + 0.5) * w / gridSide
			v.add(&b.all, x, y)
			if f.Found && y < f.Box.Y1 && (x < head.X0 || x > head.X1 || y < head.Y0) {
				v.add(&b.behind, x, y)
			}
		}
	}
}

// headBox adds hair and ears to the box around the landmarks. What is below the
// chin is shoulders and no background.
func headBox(b pipeline.Box) pipeline.Box {
	w, h := b.X1-b.X0, b.Y1-b.Y0
	return pipeline.Box{X0: b.X0 - 0.3*w, Y0: b.Y0 - 0.4*h, X1: b.X1 + 0.3*w, Y1: b.Y1}
}

// enough says that a twelfth of the picture is background.
func (b *backdrop) enough() bool { return 12*b.behind.n >= b.all.n }
