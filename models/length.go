package models

// MaxLength bounds the length of a run where a model leaves it free, in steps: 160 s at 25
// steps a second.
const MaxLength = 4000

// anyLength stands for the free dimension in [Shape.Dims].
const anyLength = -1

// at returns the shape with its free dimension set to length.
func (s Shape) at(length int) Shape {
	dims := make([]int64, len(s.Dims))
	for i, d := range s.Dims {
		dims[i] = d
		if d == anyLength {
			dims[i] = int64(length)
		}
	}
	s.Dims = dims
	return s
}

// values returns how many values a run of that length has.
func (s Shape) values(length int) int {
	if s.free() {
		return s.Len() * length
	}
	return s.Len()
}

func (s Shape) free() bool {
	for _, d := range s.Dims {
		if d == anyLength {
			return true
		}
	}
	return false
}

// free reports whether runs choose the length.
func (f file) free() bool {
	for _, s := range f.Inputs {
		if s.free() {
			return true
		}
	}
	return false
}

// length returns how many steps the inputs hold: 1 where no length is free.
func (f file) length(in [][]float32) int {
	for i, s := range f.Inputs {
		if s.free() {
			return len(in[i]) / max(s.Len(), 1)
		}
	}
	return 1
}
