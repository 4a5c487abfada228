package signaling

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// MaxMessage bounds a message in bytes, either way: Chromium 156 offers one video
// track in 4.6 kB; the rest is room.
const MaxMessage = 64 << 10

// Bounds of single fields. A longer one is malformed.
const (
	maxToken     = 128 // ours are 43 characters
	maxSDP       = 60 << 10
	maxCandidate = 1 << 10 // RFC 8839's grammar with every extension seen is below 300
	maxLabel     = 1 << 10
	maxIndex     = 1000
	maxPixels    = 1 << 16
)

func malformed(format string, args ...any) *ProtocolError {
	return &ProtocolError{Code: CodeMalformed, Detail: fmt.Sprintf(format, args...)}
}

// DecodePage reads a message of a page: a Hello, Offer, Candidate, PromptShown,
// LightShown, LightsDeclined, Device, Restart or Bye. Unknown fields are ignored; anything else that is not as
// protocol.md says is a [ProtocolError].
func DecodePage(data []byte) (Message, error) {
	kind, fields, err := envelope(data)
	if err != nil {
		return nil, err
	}
	switch kind {
	case "hello":
		return decode[Hello](data, fields, "token")
	case "offer":
		return decode[Offer](data, fields, "sdp")
	case "candidate":
		return decode[Candidate](data, fields, "candidate")
	case "prompt_shown":
		return decode[PromptShown](data, fields, "index")
	case "light_shown":
		return decode[LightShown](data, fields, "index")
	case "lights_declined":
		return decode[LightsDeclined](data, fields)
	case "device":
		return decode[Device](data, fields)
	case "restart":
		return decode[Restart](data, fields, "sdp")
	case "bye":
		return decode[Bye](data, fields)
	}
	return nil, &ProtocolError{Code: CodeUnknownType, Detail: "no such message type for a page"}
}

// DecodeServer reads a message of a server, for clients written in Go.
func DecodeServer(data []byte) (Message, error) {
	kind, fields, err := envelope(data)
	if err != nil {
		return nil, err
	}
	switch kind {
	case "welcome":
		return decode[Welcome](data, fields, "session", "media")
	case "answer":
		return decode[Answer](data, fields, "sdp")
	case "candidate":
		return decode[Candidate](data, fields, "candidate")
	case "state":
		return decode[StateChange](data, fields, "state")
	case "hint":
		return decode[Hint](data, fields, "code")
	case "prompt":
		return decode[Prompt](data, fields, "index", "kind")
	case "progress":
		return decode[Progress](data, fields, "index", "phase")
	case "light":
		return decode[Light](data, fields, "index", "colour")
	case "score":
		return decode[Score](data, fields, "name", "checked")
	case "verdict":
		return decode[Verdict](data, fields, "outcome")
	case "error":
		return decode[Error](data, fields, "code")
	}
	return nil, &ProtocolError{Code: CodeUnknownType, Detail: "no such message type for a server"}
}

// envelope reads what every message has, and its fields.
func envelope(data []byte) (kind string, fields map[string]json.RawMessage, err error) {
	if len(data) > MaxMessage {
		return "", nil, &ProtocolError{Code: CodeTooLarge, Detail: "message over 64 KiB"}
	}
	if err := json.Unmarshal(data, &fields); err != nil || fields == nil {
		return "", nil, malformed("not a JSON object")
	}
	var version int
	if err := json.Unmarshal(fields["v"], &version); err != nil {
		return "", nil, malformed("v is missing or not a number")
	}
	if version != Version {
		return "", nil, &ProtocolError{Code: CodeUnsupportedVersion, Detail: "v is not 1"}
	}
	if err := json.Unmarshal(fields["type"], &kind); err != nil || kind == "" {
		return "", nil, malformed("type is missing or not a string")
	}
	return kind, fields, nil
}

// decode reads data into an M after checking that the required fields are there.
func decode[M Message](data []byte, fields map[string]json.RawMessage, required ...string) (Message, error) {
	for _, name := range required {
		if raw, ok := fields[name]; !ok || bytes.Equal(raw, []byte("null")) {
			return nil, malformed("%s is missing", name)
		}
	}
	var m M
	if err := json.Unmarshal(data, &m); err != nil {
		return nil, malformed("%s: a field has the wrong type", m.Type())
	}
	if c, ok := any(m).(interface{ check() error }); ok {
		if err := c.check(); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// Encode writes m as one JSON object with v and type first.
func Encode(m Message) ([]byte, error) {
	body, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", m.Type(), err)
	}
	out := fmt.Appendf(nil, `{"v":%d,"type":%q`, Version, m.Type())
	if len(body) > len("{}") {
		out = append(out, ',')
	}
	return append(out, body[1:]...), nil
}
