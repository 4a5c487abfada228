package conformance_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"vivavoce/signaling/conformance"
)

// message is what a row looks at of a message.
type message struct {
	Type, Code string
	Fatal      bool
}

// socket is a row of the WebSocket: with a good session, hello said unless bare, what is sent. The word is the code of
// the last error and how the connection is closed, or that it goes on.
func socket(name, want string, send ...any) conformance.Bad {
	return conformance.Bad{API: "WebSocket", Name: name, Want: want, Send: func(s *conformance.Server) string {
		id, token := madeSession(s)
		defer end(s, id)
		return talk(s, id, append([]any{hello(token)}, send...)...)
	}}
}

// bare is the same without a hello of its own.
func bare(name, want string, send ...any) conformance.Bad {
	row := socket(name, want)
	row.Send = func(s *conformance.Server) string {
		id, _ := madeSession(s)
		defer end(s, id)
		return talk(s, id, send...)
	}
	return row
}

func hello(token string) string { return `{"v":1,"type":"hello","token":"` + token + `"}` }

// binary is a message in a frame of bytes.
type binary string

const goesOn = `{"v":1,"type":"dance"}` // is answered unknown_type by a session that goes on

func talk(s *conformance.Server, id string, send ...any) string {
	conn, resp, err := websocket.DefaultDialer.Dial(strings.Replace(s.URL, "http", "ws", 1)+"/v1/sessions/"+id+"/ws", nil)
	if err != nil {
		return fmt.Sprint(resp.StatusCode)
	}
	defer resp.Body.Close()
	defer conn.Close()
	for _, m := range send {
		kind, text := websocket.TextMessage, ""
		switch m := m.(type) {
		case string:
			text = m
		case binary:
			kind, text = websocket.BinaryMessage, string(m)
		}
		if err := conn.WriteMessage(kind, []byte(text)); err != nil {
			break // closed already; what was said before tells why
		}
	}
	return listen(conn)
}

// listen reads until the server closes, or answers the last message of one that goes on.
func listen(conn *websocket.Conn) string {
	var codes []string
	for {
		_ = conn.SetReadDeadline(time.Now().Add(30 * time.Second)) // a late answer is no answer
		_, data, err := conn.ReadMessage()
		var closed *websocket.CloseError
		switch {
		case errors.As(err, &closed):
			return strings.TrimSpace(fmt.Sprintf("%s close %d", strings.Join(codes, " "), closed.Code))
		case err != nil:
			return "cut"
		}
		var m message
		if err := json.Unmarshal(data, &m); err != nil {
			return "no JSON"
		}
		switch {
		case m.Type != "error":
		case m.Code == "unknown_type" && !m.Fatal:
			return strings.Join(append(codes, "goes on"), " ")
		case !slices.Contains(codes, m.Code):
			codes = append(codes, m.Code)
		}
	}
}

func badMessages() []conformance.Bad {
	times := func(n int, m any) (all []any) {
		for range n {
			all = append(all, m)
		}
		return all
	}
	const offer = `{"v":1,"type":"offer","sdp":`
	noVideo, _ := json.Marshal("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n")
	return []conformance.Bad{
		socket("a binary message", "malformed goes on", binary(`{"v":1,"type":"bye"}`), goesOn),
		socket("no JSON", "malformed goes on", "{{{", goesOn),
		socket("an empty message", "malformed goes on", "", goesOn),
		socket("ten times no JSON", "malformed close 4400", times(10, "x")...),
		socket("60 KiB of brackets", "malformed goes on", `{"v":1,"type":"bye","a":`+strings.Repeat("[", 60<<10), goesOn),
		socket("more than 64 KiB", "too_large close 1009", `{"v":1,"type":"bye","a":"`+strings.Repeat("x", 64<<10)+`"}`),
		socket("16 MiB", "too_large close 1009", strings.Repeat("x", 16<<20)),
		socket("another version", "unsupported_version close 4400", `{"v":2,"type":"bye"}`),
		socket("a field of another type", "malformed goes on", `{"v":1,"type":"prompt_shown","index":"0"}`, goesOn),
		socket("an index beyond all numbers", "malformed goes on", `{"v":1,"type":"prompt_shown","index":1e400}`, goesOn),
		socket("a prompt that was not shown", "out_of_order goes on", `{"v":1,"type":"prompt_shown","index":0}`, goesOn),
		socket("a message of the server's", "goes on", `{"v":1,"type":"verdict","outcome":"live","reasons":[]}`),
		socket("a second hello", "out_of_order goes on", hello("x"), goesOn),
		socket("a candidate before an offer", "out_of_order goes on", `{"v":1,"type":"candidate","candidate":""}`, goesOn),
		socket("an empty offer", "malformed goes on", offer+`""}`, goesOn),
		socket("an offer that is no SDP", "bad_sdp close 4400", offer+`"hello"}`),
		socket("an offer without video", "bad_sdp close 4400", offer+string(noVideo)+`}`),
		socket("an offer of a thousand tracks", "bad_sdp close 4400", offer+`"v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n`+strings.Repeat(`m=video 9 UDP/TLS/RTP/SAVPF 96\r\n`, 1000)+`"}`),
		socket("a flood", "too_many close 4429", times(100, `{"v":1,"type":"device"}`)...),
		socket("a device called NUL and right to left", "malformed goes on", `{"v":1,"type":"device","label":"\u0000\u202e\ud83d\ude00","frame_rate":1e300}`, goesOn),
		socket("a device of less than no width", "malformed goes on", `{"v":1,"type":"device","width":-1}`, goesOn),
		slowly(bare("no hello", "timeout close 4408")),
		bare("another session's token", "unauthorized close 4401", hello("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")),
		slowly(bare("an empty token", "malformed timeout close 4408", hello(""))),
		slowly(bare("something else before hello", "out_of_order timeout close 4408", offer+`"x"}`)),
		handshake("a session that there is not", "not_found close 4404", "s_AAAAAAAAAAAAAAAAAAAAAA"),
		handshake("a session that climbs", "not_found close 4404", "..%2f..%2fx"),
		{API: "WebSocket", Name: "a page of another site", Want: "403", Send: func(s *conformance.Server) string {
			id, _ := madeSession(s)
			defer end(s, id)
			_, resp, err := websocket.DefaultDialer.Dial(strings.Replace(s.URL, "http", "ws", 1)+"/v1/sessions/"+id+"/ws", http.Header{"Origin": {"https://evil.example"}})
			if err == nil {
				return "let in"
			}
			return fmt.Sprint(resp.StatusCode)
		}},
		{API: "WebSocket", Name: "no handshake", Want: "400 bad_request", Send: func(s *conformance.Server) string {
			id, _ := madeSession(s)
			defer end(s, id)
			return v1("", "", conformance.Call{Method: "GET", Path: "/v1/sessions/" + id + "/ws"}).Send(s)
		}},
		{API: "WebSocket", Name: "a token a second time", Want: "busy close 4409", Send: func(s *conformance.Server) string {
			id, token := madeSession(s)
			defer end(s, id)
			if first := talk(s, id, hello(token), goesOn); first != "goes on" {
				return "first: " + first
			}
			return talk(s, id, hello(token))
		}},
	}
}

func slowly(row conformance.Bad) conformance.Bad {
	row.Slow = true
	return row
}

// handshake opens the WebSocket of a session of that name.
func handshake(name, want, id string) conformance.Bad {
	return conformance.Bad{API: "WebSocket", Name: name, Want: want, Send: func(s *conformance.Server) string { return talk(s, id) }}
}
