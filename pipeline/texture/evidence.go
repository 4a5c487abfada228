package texture

import (
	"image"
	"math"
)

// Evidence is what is measured of one picture without a network, by the names that
// EvidenceNames gives. Each is explained where it is measured.
type Evidence [evidences]float64

const (
	evMoire       = iota // peaks.oblique of the face
	evMoireBeside        // the same of what is beside it
	evGrid               // peaks.grid of the face
	evColour             // peaks.oblique of the face's chroma: real skin has no periodic colour
	evFine               // power of the fine over that of the middle frequencies, face, powers of ten
	evFinest             // of the finest over the fine
	evFocus              // evFine less that of the background: a flat picture has one distance
	evFrame2             // the second longest edge beside the face
	evFrame3             // the third
	evGlare
	evBlack
	evWhite
	evSaturation
	evSpread
	evidences
)

// EvidenceNames are the names of Evidence, in its order, as calibrations know them.
func EvidenceNames() [evidences]string {
	return [evidences]string{
		"moire", "moire_beside", "grid", "colour", "fine", "finest", "focus", "frame2", "frame3",
		"glare", "black", "white", "saturation", "spread",
	}
}

// Bounds of the bands of frequencies in cycles a window of 64 samples; and the lowest at
// which a pattern is looked for: eyes and mouth lie below.
const (
	middleFrom, fineFrom, finestFrom, finestTo = 4, 10, 20, 30

	lowestPattern       = 6
	lowestColourPattern = 3 // of 32 samples: faces have little colour of their own there
)

// meter measures Evidence. It keeps its memory: one for a session.
type meter struct {
	face, beside, colour *spectrum
	luma, chroma         []float32
	view                 *view
	lines                *lines
}

func newMeter() *meter {
	return &meter{
		face: newSpectrum(lumaSide), beside: newSpectrum(lumaSide), colour: newSpectrum(chromaSide),
		luma: make([]float32, lumaSide*lumaSide), chroma: make([]float32, chromaSide*chromaSide),
		view: newView(), lines: newLines(),
	}
}

// measure gives the evidence at p; NaN where there was nothing to measure.
func (m *meter) measure(p place) (e Evidence) {
	face := p.inFace()
	m.spectra(m.face, p, face)
	m.colours(p, face)
	found := m.face.find(lowestPattern)
	e[evMoire], e[evGrid] = found.oblique, found.grid
	fine := m.face.band(fineFrom, finestFrom)
	e[evFine] = fine - m.face.band(middleFrom, fineFrom)
	e[evFinest] = m.face.band(finestFrom, finestTo) - fine
	e[evColour] = m.colour.find(lowestColourPattern).oblique

	e[evMoireBeside], e[evFocus] = math.NaN(), math.NaN()
	if beside := p.beside(); len(beside) > 0 {
		m.spectra(m.beside, p, beside)
		e[evMoireBeside] = m.beside.find(lowestPattern).oblique
		e[evFocus] = e[evFine] - m.beside.band(fineFrom, finestFrom) + m.beside.band(middleFrom, fineFrom)
	}
	m.view.take(p)
	edges := m.lines.find(m.view)
	e[evFrame2], e[evFrame3] = edges[1], edges[2]
	c := m.view.colours()
	e[evGlare], e[evBlack], e[evWhite] = c.glare, c.black, c.white
	e[evSaturation], e[evSpread] = c.saturation, c.spread
	return e
}

func (m *meter) spectra(s *spectrum, p place, windows []image.Rectangle) {
	s.reset()
	for _, r := range windows {
		p.luma(m.luma, r)
		s.add(m.luma)
	}
	s.level()
}

// colours adds both chroma planes into one spectrum.
func (m *meter) colours(p place, windows []image.Rectangle) {
	m.colour.reset()
	for _, r := range windows {
		for _, plane := range [][]byte{p.f.Cb, p.f.Cr} {
			p.chroma(m.chroma, plane, r)
			m.colour.add(m.chroma)
		}
	}
	m.colour.level()
}
