package signaling

import "vivavoce/pipeline"

// Version is the protocol's, the "v" of every message.
const Version = 1

// Message is one WebSocket message: what a page sends or what a server sends.
type Message interface {
	// Type is the "type" on the wire.
	Type() string
}

// Page to server.
type (
	// Hello is the first message of a page.
	Hello struct {
		Token  string  `json:"token"`
		Client *Client `json:"client,omitempty"`
	}
	// Client is what a page says of itself, for logs.
	Client struct {
		Name    string `json:"name"`
		Version string `json:"version"`
	}
	// Offer is the page's SDP: one video track, at most one audio track.
	Offer struct {
		SDP string `json:"sdp"`
	}
	// Candidate is one ICE candidate, either way. An empty Candidate ends them.
	Candidate struct {
		Candidate     string  `json:"candidate"`
		SDPMid        *string `json:"sdp_mid,omitempty"`
		SDPMLineIndex *int    `json:"sdp_mline_index,omitempty"`
	}
	// PromptShown says that a step is painted.
	PromptShown struct {
		Index int `json:"index"`
	}
	// LightShown says that the screen has begun to fade to a colour.
	LightShown struct {
		Index int `json:"index"`
	}
	// LightsDeclined says that the person wants no coloured light.
	LightsDeclined struct{}
	// Device is what the browser says of its camera.
	Device struct {
		Label      string  `json:"label,omitempty"`
		Width      int     `json:"width,omitempty"`
		Height     int     `json:"height,omitempty"`
		FrameRate  float64 `json:"frame_rate,omitempty"`
		FacingMode string  `json:"facing_mode,omitempty"`
	}
	// Restart is an offer made with iceRestart.
	Restart struct {
		SDP string `json:"sdp"`
	}
	// Bye says that the person gave up.
	Bye struct {
		Reason string `json:"reason,omitempty"` // cancelled, camera_lost, navigated
	}
)

// Server to page.
type (
	// Welcome answers a good Hello.
	Welcome struct {
		Session     string      `json:"session"`
		Media       string      `json:"media"` // MediaWebRTC or MediaLocal
		Digits      int         `json:"digits"`
		Turns       int         `json:"turns"`
		Microphone  bool        `json:"microphone,omitempty"` // sound is listened to, if the page sends any
		Lights      bool        `json:"lights,omitempty"`     // coloured light will be asked for, unless declined
		ExpiresInMS int64       `json:"expires_in_ms"`
		ICEServers  []ICEServer `json:"ice_servers"`
	}
	// ICEServer is a STUN or TURN server for the page.
	ICEServer struct {
		URLs       []string `json:"urls"`
		Username   string   `json:"username,omitempty"`
		Credential string   `json:"credential,omitempty"`
	}
	// Answer is the server's SDP.
	Answer struct {
		SDP string `json:"sdp"`
	}
	// StateChange says where the session is.
	StateChange struct {
		State State `json:"state"`
	}
	// Hint is the one thing to fix now.
	Hint struct {
		Code      string             `json:"code"` // "none" clears
		Direction pipeline.Direction `json:"direction,omitempty"`
		Blocking  bool               `json:"blocking"`
	}
	// Prompt is the step to show now.
	Prompt struct {
		Index     int                `json:"index"`
		Of        int                `json:"of"`
		Kind      pipeline.StepKind  `json:"kind"`
		Direction pipeline.Direction `json:"direction,omitempty"` // turns
		Digit     string             `json:"digit,omitempty"`     // digits, and the two below
		Phrase    string             `json:"phrase,omitempty"`
		Position  *int               `json:"position,omitempty"`
		Again     bool               `json:"again,omitempty"` // one more than planned, as the answer could not be told
		TimeMS    int64              `json:"time_ms"`
	}
	// Progress says how the step on the screen goes.
	Progress struct {
		Index    int            `json:"index"`
		Phase    pipeline.Phase `json:"phase"`
		Fraction float64        `json:"fraction"`
		Band     Band           `json:"band"`
	}
	// Light is the colour that the page should fade to.
	Light struct {
		Index  int    `json:"index"`
		Colour string `json:"colour"` // #rrggbb
		TimeMS int64  `json:"time_ms"`
	}
	// Score is exact: for the integrator.
	Score struct {
		Name    string            `json:"name"`
		Step    *int              `json:"step,omitempty"` // absent: the whole session
		Checked bool              `json:"checked"`
		Value   *float64          `json:"value,omitempty"` // absent: not checked
		Settled bool              `json:"settled"`
		Reasons []pipeline.Reason `json:"reasons"`
		// Measures are the figures behind it, their names ending in the unit.
		Measures map[string]float64 `json:"measures,omitempty"`
	}
	// Verdict is the answer. Checks is for the page; Confidence and Scores are
	// for the integrator.
	Verdict struct {
		Outcome    string            `json:"outcome"`
		Confidence *int              `json:"confidence,omitempty"`
		Reasons    []pipeline.Reason `json:"reasons"`
		// Witnesses says what it rests on: "video", "sound".
		Witnesses []pipeline.Witness `json:"witnesses,omitempty"`
		Checks    []Check            `json:"checks,omitempty"`
		Scores    []Score            `json:"scores,omitempty"`
	}
	// Check is a score as the person may see it.
	Check struct {
		Name    string `json:"name"`
		Checked bool   `json:"checked"`
		Band    Band   `json:"band,omitempty"` // absent: not checked
	}
	// Error says what went wrong. Text is English, for logs.
	Error struct {
		Code  Code   `json:"code"`
		Text  string `json:"message"`
		Fatal bool   `json:"fatal"` // the server closes
	}
)

// The media of a session, in Welcome.
const (
	MediaWebRTC = "webrtc"
	MediaLocal  = "local"
)

// Type implements Message.
func (Hello) Type() string { return "hello" }

// Type implements Message.
func (Offer) Type() string { return "offer" }

// Type implements Message.
func (Candidate) Type() string { return "candidate" }

// Type implements Message.
func (PromptShown) Type() string { return "prompt_shown" }

// Type implements Message.
func (LightShown) Type() string { return "light_shown" }

// Type implements Message.
func (LightsDeclined) Type() string { return "lights_declined" }

// Type implements Message.
func (Device) Type() string { return "device" }

// Type implements Message.
func (Restart) Type() string { return "restart" }

// Type implements Message.
func (Bye) Type() string { return "bye" }

// Type implements Message.
func (Welcome) Type() string { return "welcome" }

// Type implements Message.
func (Answer) Type() string { return "answer" }

// Type implements Message.
func (StateChange) Type() string { return "state" }

// Type implements Message.
func (Hint) Type() string { return "hint" }

// Type implements Message.
func (Prompt) Type() string { return "prompt" }

// Type implements Message.
func (Progress) Type() string { return "progress" }

// Type implements Message.
func (Light) Type() string { return "light" }

// Type implements Message.
func (Score) Type() string { return "score" }

// Type implements Message.
func (Verdict) Type() string { return "verdict" }

// Type implements Message.
func (Error) Type() string { return "error" }
