package livenessplus

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"vivavoce/pipeline"
	"vivavoce/pipeline/quality"
	"vivavoce/signaling/auth"
)

// Glancer looks at one small picture, before there is a packet. The errors are those of [Looker].
type Glancer func(ctx context.Context, picture []byte) (Glance, error)

// Glance is what was seen.
type Glance struct {
	Seen
	EyesShut  bool // both
	MouthOpen bool
}

// maxGlance is in bytes: the element sends 320 pixels a side.
const maxGlance = 64 << 10

// glancing is how long the element would wait.
const glancing = 3 * time.Second

// look is POST /api/v3/capture/look, ours: the element has no model, so that it asks what a picture lacks. It
// decides nothing.
func (s *Server) look(w http.ResponseWriter, r *http.Request, _ auth.Caller) {
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxGlance))
	if err != nil {
		fail(w, http.StatusRequestEntityTooLarge, "a picture of at most 64 kB is needed")
		return
	}
	ctx, stop := context.WithTimeout(r.Context(), glancing)
	defer stop()
	seen, err := s.o.Glance(ctx, data)
	switch {
	case errors.Is(err, ErrPicture):
		fail(w, http.StatusBadRequest, "the picture cannot be read")
	case errors.Is(err, ErrBusy), errors.Is(err, context.DeadlineExceeded):
		busy(w, http.StatusServiceUnavailable, "too many pictures wait to be looked at")
	case err != nil:
		s.refuse(w, err)
	default:
		write(w, http.StatusOK, struct {
			Errors []string `json:"errors"`
		}{seen.errors()})
	}
}

// errors are the element's words for what is wrong.
func (g Glance) errors() []string {
	words := map[pipeline.HintCode]string{
		quality.NoFace: "face_not_found", quality.SeveralFaces: "too_many_faces", quality.TooDark: "dark_image", quality.BackLit: "dark_image",
		quality.TooBright: "bright_image", quality.TooFar: "face_too_far", quality.TooNear: "face_too_close", quality.OffCentre: "face_not_centered",
		quality.Cropped: "face_cropped", quality.TurnToCamera: "face_angle", quality.Tilted: "face_angle", quality.EyesHidden: "sunglasses_detected",
		quality.MouthHidden: "mouth_hidden",
	}
	found := []string{}
	add := func(word string) {
		for _, w := range found {
			if w == word {
				return
			}
		}
		found = append(found, word)
	}
	switch {
	case g.Faces > 1:
		add("too_many_faces")
	case g.Faces == 0 && len(g.Hints) == 0:
		add("face_not_found")
	case g.Rotated:
		add("face_angle")
	}
	for _, h := range g.Hints {
		if word, ok := words[h]; ok {
			add(word)
		}
	}
	if g.EyesShut {
		add("eyes_closed")
	}
	if g.MouthOpen {
		add("mouth_open")
	}
	return found
}
