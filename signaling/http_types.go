package signaling

import "time"

// Asked is the body of POST /v1/sessions. Every field may be absent.
type Asked struct {
	Policy    string            `json:"policy,omitempty"`
	Challenge *AskedChallenge   `json:"challenge,omitempty"`
	Metadata  map[string]string `json:"metadata,omitempty"` // said again with the verdict
	Subject   string            `json:"subject,omitempty"`  // who is checked, in the integrator's own words
	// ExpiresInS is how long the page has to say hello, in seconds.
	ExpiresInS int `json:"expires_in_s,omitempty"`
}

// AskedChallenge is how much a person is asked.
type AskedChallenge struct {
	Digits int `json:"digits"`
	Turns  int `json:"turns"`
	// Lights asks for slow colour changes of the screen, which everybody may decline; null is the server's choice.
	Lights *bool `json:"lights,omitempty"`
}

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
	ID        string            `json:"id"`
	State     State             `json:"state"`
	CreatedAt time.Time         `json:"created_at"`
	ExpiresAt time.Time         `json:"expires_at"`
	EndedAt   *time.Time        `json:"ended_at"` // null until the session is over
	Policy    string            `json:"policy,omitempty"`
	Metadata  map[string]string `json:"metadata,omitempty"`
	Verdict   *Verdict          `json:"verdict"` // exact; null until the session is over
	Signed    string            `json:"signed,omitempty"`
}

// Problem is the body of every HTTP error: RFC 9457.
type Problem struct {
	Type   string `json:"type"` // about:blank: Title says what Status means
	Title  string `json:"title"`
	Status int    `json:"status"`
	Code   Code   `json:"code"`
	Detail string `json:"detail"`
}
