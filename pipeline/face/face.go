// Package face finds the face in each frame of a session: BlazeFace finds it, the
// attention mesh follows it from frame to frame, and a Procrustes fit to the canonical
// head gives its pose.
//
// The person who is followed stays the same until the mesh loses them; then the
// detection nearest to where they were is taken, or the largest.
package face

import (
	"fmt"
	"time"

	"vivavoce/models"
	"vivavoce/pipeline"
)

// Options says how to look for faces.
type Options struct {
	Lane models.Lane // whose turn it is on the models' workers; the zero Lane is Live
	// Again is how often, by PTS, the whole frame is searched for further faces while
	// one is followed; 0 means 1s.
	Again time.Duration
}

// shared is what all sessions use; nothing in it changes.
type shared struct {
	short, full detectorKind
	mesh        meshKind
	canon       canon
	again       time.Duration
}

// New loads the networks and returns what makes one session's Finder.
func New(l *models.Library, o Options) (func() (pipeline.Finder, error), error) {
	if o.Again < 0 {
		return nil, fmt.Errorf("make face finder: Again is %v, want 0 or more", o.Again)
	}
	if o.Again == 0 {
		o.Again = time.Second
	}
	s, err := load(l, o)
	if err != nil {
		return nil, fmt.Errorf("make face finder: %w", err)
	}
	return func() (pipeline.Finder, error) { return newFinder(s), nil }, nil
}

func load(l *models.Library, o Options) (*shared, error) {
	s := &shared{again: o.Again}
	var err error
	if s.short, err = loadDetector(l, "face_detector_short", shortAnchors(), o.Lane); err != nil {
		return nil, err
	}
	if s.full, err = loadDetector(l, "face_detector_full", fullAnchors(), o.Lane); err != nil {
		return nil, err
	}
	if s.mesh, err = loadMesh(l, o.Lane); err != nil {
		return nil, err
	}
	g, err := l.Geometry()
	if err != nil {
		return nil, err
	}
	s.canon = newCanon(g)
	return s, nil
}
