package conformance_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"net"
	"strings"
	"time"

	"vivavoce/signaling/conformance"
)

const ours = "Our own API"

// v1 is a row of our own API: a call with the good key unless its header has another.
func v1(name, want string, c conformance.Call) conformance.Bad {
	return conformance.Bad{API: ours, Name: name, Want: want, Send: func(s *conformance.Server) string {
		c := c
		if !strings.Contains(strings.Join(c.Header, " "), "Authorization") {
			c.Header = append(conformance.Bearer(s.Key), c.Header...)
		}
		a, err := s.Do(c)
		if err != nil {
			return "cut"
		}
		return a.Problem()
	}}
}

// create is POST /v1/sessions with a body.
func create(name, want, body string, header ...string) conformance.Bad {
	return v1(name, want, conformance.Call{Method: "POST", Path: "/v1/sessions", Header: header, Text: body})
}

// bearer is POST /v1/sessions with something that should let nobody in.
func bearer(name string, make func(s *conformance.Server) string) conformance.Bad {
	return conformance.Bad{API: ours, Name: name, Want: "401 unauthorized", Send: func(s *conformance.Server) string {
		a, err := s.Do(conformance.Call{Method: "POST", Path: "/v1/sessions", Header: conformance.Bearer(make(s))})
		if err != nil {
			return "cut"
		}
		return a.Problem()
	}}
}

// claims are a good token's; changes are name and value, nil takes one away.
func claims(s *conformance.Server, changes ...any) map[string]any {
	c := map[string]any{"sub": s.Client, "aud": "vivavoce", "exp": time.Now().Add(time.Minute).Unix()}
	for i := 0; i+1 < len(changes); i += 2 {
		if c[changes[i].(string)] = changes[i+1]; changes[i+1] == nil {
			delete(c, changes[i].(string))
		}
	}
	return c
}

// token signs with HMAC whatever the head says.
func token(head map[string]any, claims map[string]any, with func() hash.Hash, key []byte) string {
	part := func(v any) string {
		data, err := json.Marshal(v)
		if err != nil {
			panic(err) // of maps of text and numbers
		}
		return base64.RawURLEncoding.EncodeToString(data)
	}
	text := part(head) + "." + part(claims)
	if with == nil {
		return text + "."
	}
	m := hmac.New(with, key)
	m.Write([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

func head(changes ...any) map[string]any {
	h := map[string]any{"alg": "HS512", "typ": "JWT"}
	for i := 0; i+1 < len(changes); i += 2 {
		h[changes[i].(string)] = changes[i+1]
	}
	return h
}

func secretOf(s *conformance.Server) []byte {
	key, err := base64.StdEncoding.DecodeString(s.Secret)
	if err != nil {
		panic(err) // printed by the server
	}
	return key
}

// verdictKey is a public key that anybody may fetch.
func verdictKey(s *conformance.Server) []byte {
	var set struct{ Keys []struct{ X string } }
	a := s.Must(conformance.Call{Method: "GET", Path: "/.well-known/jwks.json"})
	if err := json.Unmarshal(a.Body, &set); err != nil || len(set.Keys) == 0 {
		return nil
	}
	key, _ := base64.RawURLEncoding.DecodeString(set.Keys[0].X)
	return key
}

// madeSession makes a session and gives its name and token.
func madeSession(s *conformance.Server) (id, token string) {
	a := s.Must(conformance.Call{Method: "POST", Path: "/v1/sessions", Header: conformance.Bearer(s.Key)})
	var made struct{ ID, Token string }
	_ = json.Unmarshal(a.Body, &made) // an empty one is answered otherwise than the row wants
	return made.ID, made.Token
}

func end(s *conformance.Server, id string) {
	s.Must(conformance.Call{Method: "DELETE", Path: "/v1/sessions/" + id, Header: conformance.Bearer(s.Key)})
}

// signedVerdict is a good signature of ours, over something else than a token.
func signedVerdict(s *conformance.Server) string {
	id, _ := madeSession(s)
	end(s, id)
	var status struct{ Signed string }
	a := s.Must(conformance.Call{Method: "GET", Path: "/v1/sessions/" + id, Header: conformance.Bearer(s.Key)})
	_ = json.Unmarshal(a.Body, &status) // as above
	return status.Signed
}

func badCredentials() []conformance.Bad {
	hs512 := func(changes ...any) func(*conformance.Server) string {
		return func(s *conformance.Server) string {
			return token(head(), claims(s, changes...), sha512.New, secretOf(s))
		}
	}
	headed := func(with func() hash.Hash, key func(*conformance.Server) []byte, changes ...any) func(*conformance.Server) string {
		return func(s *conformance.Server) string { return token(head(changes...), claims(s), with, key(s)) }
	}
	empty := func(*conformance.Server) []byte { return nil }
	rows := []conformance.Bad{
		v1("no key where one is needed", "401 unauthorized", conformance.Call{Method: "GET", Path: "/v1/sessions/s_x", Header: []string{"Authorization", ""}}),
		create("another scheme", "401 unauthorized", "", "Authorization", "Basic dXNlcjpwYXNz"),
		create("a key of 15 KiB", "401 unauthorized", "", "Authorization", "Bearer "+strings.Repeat("k", 15<<10)),
		create("a head of 1 MiB", "431, no problem details", "", "Authorization", "Bearer "+strings.Repeat("k", 1<<20)),
		bearer("a wrong key", func(*conformance.Server) string { return "K3R0N7AAAAAAAAAAAAAAAAAAAA" }),
		bearer("the key and more", func(s *conformance.Server) string { return s.Key + " x" }),
		bearer("the key's hash", func(s *conformance.Server) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(s.Key))) }),
		bearer("a session's token as key", func(s *conformance.Server) string {
			id, token := madeSession(s)
			end(s, id)
			return token
		}),
		bearer("a signed verdict as token", signedVerdict),
		bearer("a token that has expired", hs512("exp", time.Now().Add(-time.Hour).Unix())),
		bearer("a token without an expiry", hs512("exp", nil)),
		bearer("a token of tomorrow", hs512("nbf", time.Now().Add(24*time.Hour).Unix())),
		bearer("a token for another API", hs512("aud", "BWS")),
		bearer("a token of another tenant", hs512("sub", "bank")),
		bearer("a token whose subject is a list", hs512("sub", []string{"default"})),
		bearer("a token with alg none", headed(nil, empty, "alg", "none")),
		bearer("a token with alg nOnE and a signature", headed(sha512.New, secretOf, "alg", "nOnE")),
		bearer("a token with HS256", headed(sha256.New, secretOf, "alg", "HS256")),
		bearer("a token with RS256, signed by HMAC", headed(sha256.New, secretOf, "alg", "RS256")),
		bearer("a token with HS512 by our public key", headed(sha512.New, verdictKey)),
		bearer("a token with EdDSA, by HMAC with our public key", headed(sha512.New, verdictKey, "alg", "EdDSA")),
		bearer("a token whose kid is a file", headed(sha512.New, empty, "kid", "../../../dev/null")),
		bearer("a token with a key of its own (jwk, jku)", headed(sha512.New, empty, "jku", "http://127.0.0.1:1/", "jwk", map[string]string{"kty": "oct", "k": ""})),
		bearer("a token of 10 KiB", hs512("pad", strings.Repeat("x", 10<<10))),
		bearer("dots", func(*conformance.Server) string { return ".." }),
		create("a page of another site", "403 forbidden", "", "Sec-Fetch-Site", "cross-site"),
		create("another origin", "403 forbidden", "", "Origin", "https://evil.example"),
		v1("metrics by another name of this machine", "401 unauthorized", conformance.Call{Method: "GET", Path: "/metrics", Header: []string{"Host", "liveness.example", "Authorization", ""}}),
	}
	return rows
}

func badBodies() []conformance.Bad {
	zip := func(n int) string {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = io.CopyN(z, zeros{}, int64(n)) // into memory
		_ = z.Close()
		return b.String()
	}
	return []conformance.Bad{
		create("no JSON", "400 bad_request", "{{{"),
		create("null", "400 bad_request", "null"),
		create("a list", "400 bad_request", "[]"),
		create("two objects", "400 bad_request", "{}{}"),
		create("JSON that is cut", "400 bad_request", `{"policy":`),
		create("4 KiB of brackets", "400 bad_request", strings.Repeat("[", 4096)),
		create("5 KiB", "413 too_large", `{"subject":"`+strings.Repeat("x", 5<<10)+`"}`),
		create("bytes that are not UTF-8", "400 bad_request", "{\"metadata\":{\"a\":\"\xff\xfe\"}}"),
		create("NUL and other planes in metadata", "201", `{"metadata":{"a\u0000b":"\ud83d\ude00\u202e"}}`),
		create("a field twice: the last counts", "400 bad_request", `{"policy":"strict","policy":"nonsense"}`),
		create("JSON called text/plain", "201", `{}`, "Content-Type", "text/plain"),
		create("a gzip bomb", "400 bad_request", zip(2<<20), "Content-Encoding", "gzip"),
		create("a policy that there is not", "400 bad_request", `{"policy":"../default"}`),
		create("the policy of recordings", "400 bad_request", `{"policy":"recording"}`),
		create("a challenge without an end", "400 bad_request", `{"challenge":{"digits":1000000000,"turns":2}}`),
		create("less than nothing asked", "400 bad_request", `{"challenge":{"digits":-1,"turns":2}}`),
		create("half a digit", "400 bad_request", `{"challenge":{"digits":0.5,"turns":2}}`),
		create("a number beyond all numbers", "400 bad_request", `{"expires_in_s":1e400}`),
		create("an expiry that overflows", "400 bad_request", `{"expires_in_s":9223372036854775807}`),
		create("seventeen pairs of metadata", "400 bad_request", `{"metadata":{`+strings.TrimSuffix(numbered(17, `"%d":"",`), ",")+`}}`),
		create("an Idempotency-Key of 256 bytes", "400 bad_request", "", "Idempotency-Key", strings.Repeat("k", 256)),
		{API: ours, Name: "an Idempotency-Key with another body", Want: "409 conflict", Send: func(s *conformance.Server) string {
			for range 2 { // the first session may be of an earlier run
				s.Must(conformance.Call{Method: "POST", Path: "/v1/sessions", Header: append(conformance.Bearer(s.Key), "Idempotency-Key", "one")})
			}
			return create("", "", `{"metadata":{"a":"b"}}`, "Idempotency-Key", "one").Send(s)
		}},
		{API: ours, Name: "4 GB declared, nothing sent", Want: "HTTP/1.1 413 Request Entity Too Large", Send: func(s *conformance.Server) string {
			return raw(s, "POST /v1/sessions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "+s.Key+"\r\nContent-Length: 4294967296\r\n\r\n")
		}},
		{API: ours, Name: "a body that drips", Want: "HTTP/1.1 400 Bad Request", Slow: true, Send: func(s *conformance.Server) string {
			return raw(s, "POST /v1/sessions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "+s.Key+"\r\nContent-Length: 100\r\n\r\n{")
		}},
		{API: ours, Name: "a head that does not end", Want: "closed", Slow: true, Send: func(s *conformance.Server) string {
			return raw(s, "POST /v1/sessions HTTP/1.1\r\nHost: x\r\nX-A: b")
		}},
		{API: ours, Name: "a body in chunks that are none", Want: "HTTP/1.1 400 Bad Request", Send: func(s *conformance.Server) string {
			return raw(s, "POST /v1/sessions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "+s.Key+"\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
		}},
		{API: ours, Name: "no HTTP at all", Want: "HTTP/1.1 400 Bad Request", Send: func(s *conformance.Server) string {
			return raw(s, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n")
		}},
		{API: ours, Name: "a call that is cancelled", Want: "cut", Send: func(s *conformance.Server) string {
			ctx, cancel := context.WithCancel(context.Background())
			body, w := io.Pipe()
			go func() {
				_, _ = w.Write([]byte(`{"policy"`)) // into a call that ends meanwhile
				cancel()
				_ = w.CloseWithError(context.Canceled) // never fails
			}()
			_, err := s.Do(conformance.Call{Method: "POST", Path: "/v1/sessions", Header: conformance.Bearer(s.Key), Body: body, Context: ctx})
			if err == nil {
				return "answered"
			}
			return "cut"
		}},
	}
}

func badPaths() []conformance.Bad {
	get := func(name, path, want string) conformance.Bad {
		return v1(name, want, conformance.Call{Method: "GET", Path: path})
	}
	return []conformance.Bad{
		get("a session that there is not", "/v1/sessions/s_AAAAAAAAAAAAAAAAAAAAAA", "404 not_found"),
		get("a session called *", "/v1/sessions/*", "404 not_found"),
		get("a session called >", "/v1/sessions/%3E", "404 not_found"),
		get("a session called a.b", "/v1/sessions/a.b", "404 not_found"),
		get("a session that climbs", "/v1/sessions/..%2f..%2fetc%2fpasswd", "404 not_found"),
		get("a session with NUL", "/v1/sessions/s_%00", "404 not_found"),
		get("a session of 8 KiB", "/v1/sessions/"+strings.Repeat("a", 8<<10), "404 not_found"),
		get("a page that climbs", "/..%2f..%2fetc%2fpasswd", "404 not_found"),
		get("another version", "/v2/sessions", "404 not_found"),
		v1("another method", "405 method_not_allowed", conformance.Call{Method: "PATCH", Path: "/v1/sessions"}),
		v1("a verdict key that there is not", "404 not_found", conformance.Call{Method: "DELETE", Path: "/v1/verdict-keys/..%2f1"}),
		{API: ours, Name: "a Last-Event-ID that is no number", Want: "400 bad_request", Send: follow("one")},
		{API: ours, Name: "a negative Last-Event-ID", Want: "400 bad_request", Send: follow("-1")},
		{API: ours, Name: "a Last-Event-ID beyond all events", Want: "204", Send: follow("9223372036854775807")},
	}
}

// follow asks for the events of a session that is over.
func follow(last string) func(s *conformance.Server) string {
	return func(s *conformance.Server) string {
		id, _ := madeSession(s)
		end(s, id)
		a, err := s.Do(conformance.Call{Method: "GET", Path: "/v1/sessions/" + id + "/events", Header: append(conformance.Bearer(s.Key), "Last-Event-ID", last)})
		if err != nil {
			return "cut"
		}
		return a.Problem()
	}
}

// raw sends bytes and gives the first line that comes back, or how the connection ended.
func raw(s *conformance.Server, text string) string {
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
	if err != nil {
		return "refused"
	}
	defer conn.Close()
	if _, err := conn.Write([]byte(text)); err != nil {
		return "closed"
	}
	_ = conn.SetReadDeadline(time.Now().Add(time.Minute)) // a late answer is no answer
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return "closed"
	}
	return strings.TrimSpace(line)
}

// zeros has no end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func numbered(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}
