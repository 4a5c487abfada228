package livenessplus

import (
	"encoding/json"
	"math"
	"net/http"
	"strconv"
)

// code is a rejection, as the public page numbers them.
type code int

// The codes that we give. 710 (face edges) and 712 (unknown) cannot arise here.
const (
	tooClose     code = 700
	atEdge       code = 701
	incomplete   code = 702
	obstructed   code = 703
	noFace       code = 704
	severalFaces code = 705
	fewPixels    code = 706
	wrongAngle   code = 707
	unreadable   code = 708
	processing   code = 709
	engineError  code = 711
	poorImage    code = 713
	conditions   code = 714
	attack       code = 715
)

// message is the page's own, full stops and their absence included.
func (c code) message() string {
	switch c {
	case tooClose:
		return "Face too close."
	case atEdge:
		return "Face too close to the edges."
	case incomplete:
		return "Incomplete face."
	case obstructed:
		return "Obstructed face."
	case noFace:
		return "Face not detected"
	case severalFaces:
		return "Too many faces."
	case fewPixels:
		return "Face very reduced in pixels"
	case wrongAngle:
		return "Incorrect face angle."
	case unreadable:
		return "Error reading image."
	case processing:
		return "Error processing image."
	case engineError:
		return "Life Test Engine Internal Error"
	case poorImage:
		return "Image quality for life test not acceptable."
	case conditions:
		return "Minimum image conditions for proof of life not met."
	case attack:
		return "Attack detected in the sent image."
	}
	return "Unknown error."
}

// reply is the body of an answer: accepted has no code.
type reply struct {
	Valid       bool         `json:"valid"`
	APIResponse *apiResponse `json:"api_response,omitempty"`
	Code        code         `json:"error_code,omitempty"`
	Message     string       `json:"message,omitempty"`
	Details     *details     `json:"error_details,omitempty"`
	// Registry is ours, in answers of nationals/ only: "none".
	Registry string `json:"registry,omitempty"`
	ID       int64  `json:"id,omitempty"`
}

// details are of a rejection.
type details struct {
	Face        string       `json:"face_liveness,omitempty"` // ours, as the page has capture_liveness
	Capture     string       `json:"capture_liveness,omitempty"`
	APIResponse *apiResponse `json:"api_response,omitempty"`
}

// apiResponse are the two engines' figures; one that did not come to a figure is left out.
type apiResponse struct {
	Face    *faceLiveness    `json:"face_liveness,omitempty"`
	Capture *captureLiveness `json:"capture_liveness,omitempty"`
}

type faceLiveness struct {
	Probability decimal `json:"probability"`
}

type captureLiveness struct {
	Score       decimal `json:"score"`
	Probability decimal `json:"probability"`
}

// decimal is written with a point, as the page does: 1.0. Some clients tell integers from floats.
type decimal float64

// places are as many as the page shows.
const places = 7

// MarshalJSON implements json.Marshaler. What is not a number is nothing.
func (d decimal) MarshalJSON() ([]byte, error) {
	v := float64(d)
	if math.IsNaN(v) || math.IsInf(v, 0) {
		v = 0
	}
	scale := math.Pow10(places)
	v = math.Round(v*scale) / scale
	if v == math.Trunc(v) && math.Abs(v) < 1e15 {
		return strconv.AppendFloat(nil, v, 'f', 1, 64), nil
	}
	return strconv.AppendFloat(nil, v, 'f', -1, 64), nil
}

func rejection(c code) reply {
	return reply{Code: c, Message: c.message(), Details: &details{}}
}

func write(w http.ResponseWriter, status int, body any) {
	head := w.Header()
	head.Set("Content-Type", "application/json")
	head.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	// An error means that the client went away, which it may.
	_ = json.NewEncoder(w).Encode(body)
}

// fail answers a call that was not one.
func fail(w http.ResponseWriter, status int, detail string) {
	write(w, status, struct {
		Detail string `json:"detail"`
	}{detail})
}
