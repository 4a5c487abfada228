package signaling

import "time"

// Created answers POST /v1/sessions.
type Created struct {
	ID        string    `json:"id"`
	Token     string    `json:"token"`
	ExpiresAt time.Time `json:"expires_at"` // for the page to say hello; RFC 3339, UTC
	URL       string    `json:"url"`        // the WebSocket's path
}

// PageOptions answers GET /v1/page.
type PageOptions struct {
	Microphone bool `json:"microphone"` // sound is listened to, where the person allows it
}

// Status answers GET /v1/sessions/{id}.
type Status struct {
	ID        string    `json:"id"`
	State     State     `json:"state"`
	CreatedAt time.Time `json:"created_at"`
	Verdict   *Verdict  `json:"verdict"` // exact; null until the session is over
}

// Problem is the body of every HTTP error: RFC 9457.
type Problem struct {
	Type   string `json:"type"` // about:blank: Title says what Status means
	Title  string `json:"title"`
	Status int    `json:"status"`
	Code   Code   `json:"code"`
	Detail string `json:"detail"`
}
