package lipsecure

import (
	"encoding/json"
	"net/http"
)

// reply is the body of every reply: errors are told in it, success included.
type reply struct {
	TransactionID string
	Phrase        string
	Confidence    *int // nil: a reply without one, as challenge's
	Error         replyError
}

// MarshalJSON writes the fields in the order and with the names of the public page.
func (r reply) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		TransactionID string     `json:"transactionId"`
		Phrase        string     `json:"phrase"`
		Confidence    *int       `json:"confidence,omitempty"`
		Error         replyError `json:"error"`
	}(r))
}

type replyError struct {
	Type    string `json:"type"` // "", client, server or user
	Code    int    `json:"code"`
	Message string `json:"message"`
}

func fine() replyError { return replyError{Message: "OK"} }

func clientError(code int, message string) replyError { return replyError{"client", code, message} }

func serverError(code int, message string) replyError { return replyError{"server", code, message} }

func unauthorized() replyError {
	return clientError(http.StatusUnauthorized, "Unauthorized: check X-API-Key")
}

// The user errors. The public page names three and prints no codes: all are ours.
func tooShort() replyError { return replyError{"user", 601, "Video too short"} }
func tooLong() replyError  { return replyError{"user", 602, "Video too long"} }
func tooDark() replyError  { return replyError{"user", 603, "Poor illumination"} }
func notPresented() replyError {
	return replyError{"user", 604, "Face not presented to the camera correctly"}
}
func severalFaces() replyError { return replyError{"user", 605, "More than one face in the video"} }
func noSpeech() replyError {
	return replyError{"user", 606, "No clear lip movement: say the digits clearly"}
}

// status is the HTTP status of the reply. What the user can mend is no failure of the call.
func (e replyError) status() int {
	if e.Type == "" || e.Type == "user" {
		return http.StatusOK
	}
	return e.Code
}
