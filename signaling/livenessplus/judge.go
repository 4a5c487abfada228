package livenessplus

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"vivavoce/pipeline"
	"vivavoce/pipeline/burst"
	"vivavoce/pipeline/quality"
	"vivavoce/signaling/packet"
)

// Looker looks at the pictures of a packet, and at the selfie that came beside it, nil for none. The errors are [ErrBusy],
// [ErrPicture], ctx's and our own.
type Looker func(ctx context.Context, p packet.Opened, selfie []byte) (Seen, error)

// What a look may end in.
var (
	ErrBusy    = errors.New("too many pictures wait to be looked at")
	ErrPicture = errors.New("a picture of the packet cannot be read")
)

// Seen is what was seen.
type Seen struct {
	Faces   int
	Rotated bool                // the face is upright only when the picture is turned
	Hints   []pipeline.HintCode // of the face, or of the picture without one
	Margin  float64             // between the face and the nearest edge, over the face's width or height; below 0 it is cut off
	Texture pipeline.Score
	Capture pipeline.Score
	// Apart says that the selfie is not the photo of the packet.
	Apart bool
}

// leastFace is the public page's: below, an image is rejected.
const leastFace = 0.5

// atEdgeMargin is how near the edge of the picture a face may come: ours.
const atEdgeMargin = 0.03

// verdict is an answer before it is known who asks for what of it.
type verdict struct {
	code    code // 0: accepted
	why     string
	face    pipeline.Score
	capture pipeline.Score
}

// judge puts what the packet is, opened with err, and what was seen in it into one word. An attack is
// told first: what else is wrong with its picture is of use to nobody but the attacker.
func judge(seen Seen, err error) verdict {
	v := verdict{face: seen.Texture, capture: seen.Capture}
	switch {
	case errors.Is(err, packet.ErrReplayed), errors.Is(err, packet.ErrNonce):
		v.capture.Checked, v.capture.Value = true, 0
		v.code, v.why = attack, err.Error()
	case seen.Apart:
		v.capture.Checked, v.capture.Value = true, 0
		v.code, v.why = attack, "selfie_apart"
	case !v.captured():
		v.code, v.why = attack, reasons(v.capture)
	default:
		if v.code = seen.wrong(); v.code != 0 {
			v.why = "picture"
		} else if !v.alive() {
			v.code, v.why = attack, reasons(v.face)
		}
	}
	return v
}

func reasons(s pipeline.Score) string {
	if len(s.Reasons) == 0 {
		return s.Name
	}
	return string(s.Reasons[0])
}

// captured and alive say no to what is not a number.
func (v verdict) captured() bool { return v.capture.Checked && v.capture.Value >= burst.Threshold }
func (v verdict) alive() bool    { return v.face.Checked && v.face.Value >= leastFace }

// wrong says what the person should do better; 0 is nothing.
func (s Seen) wrong() code {
	hinted := func(codes ...pipeline.HintCode) bool {
		return slices.ContainsFunc(codes, func(c pipeline.HintCode) bool { return slices.Contains(s.Hints, c) })
	}
	switch {
	case s.Faces == 0 && hinted(quality.TooDark, quality.TooBright):
		return poorImage
	case s.Faces == 0:
		return noFace
	case s.Faces > 1:
		return severalFaces
	case s.Rotated, hinted(quality.TurnToCamera, quality.Tilted):
		return wrongAngle
	case s.Margin < 0:
		return incomplete
	case hinted(quality.TooNear):
		return tooClose
	case s.Margin < atEdgeMargin:
		return atEdge
	case hinted(quality.EyesHidden, quality.MouthHidden):
		return obstructed
	case hinted(quality.TooFar, quality.LowResolution):
		return fewPixels
	case hinted(quality.TooDark, quality.TooBright, quality.BackLit, quality.Blurred):
		return poorImage
	case !s.Texture.Checked:
		return conditions
	}
	return 0
}

// reply is what the caller asked for of the verdict.
func (v verdict) reply(a asked) reply {
	figures := v.figures()
	if v.code == 0 {
		r := reply{Valid: true}
		if a.details {
			r.APIResponse = figures
		}
		return r
	}
	r := rejection(v.code)
	if v.code == attack {
		if !v.captured() {
			r.Details.Capture = "For a positive result you must get 1, value achieved: 0.0."
		} else {
			r.Details.Face = fmt.Sprintf("For a positive result you must get at least %.1f.", leastFace)
		}
	}
	if a.details {
		r.Details.APIResponse = figures
	}
	return r
}

// figures are those that there are. The probability of a capture is 0 or 1: what is found of it is no
// probability, and the page shows no other value.
func (v verdict) figures() *apiResponse {
	f := &apiResponse{}
	if v.face.Checked {
		f.Face = &faceLiveness{decimal(v.face.Value)}
	}
	if v.capture.Checked {
		f.Capture = &captureLiveness{Score: decimal(v.capture.Value)}
		if v.captured() {
			f.Capture.Probability = 1
		}
	}
	if f.Face == nil && f.Capture == nil {
		return nil
	}
	return f
}
