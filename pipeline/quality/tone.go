package quality

import "math"

// tone maps a frame's samples to one scale, whatever their range.
type tone struct {
	luma   [256]uint8   // sample → luma 0–255 of the full range
	linear [256]float32 // sample → light 0–1: luma without its gamma of about 2.2
	chroma float32      // scales (sample − 128) to −127…127
}

func newTone(fullRange bool) *tone {
	t := &tone{chroma: 255.0 / 224}
	lo, span := 16.0, 219.0
	if fullRange {
		lo, span, t.chroma = 0, 255, 1
	}
	for i := range t.luma {
		v := min(max((float64(i)-lo)/span, 0), 1)
		t.luma[i] = uint8(math.Round(255 * v))
		t.linear[i] = float32(math.Pow(v, 2.2))
	}
	return t
}

// chromaOf gives a Cb or Cr sample as −127…127.
func (t *tone) chromaOf(sample uint8) float32 { return (float32(sample) - 128) * t.chroma }
