package conformance_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vivavoce/media"
	"vivavoce/media/file/filetest"
	"vivavoce/models"
	"vivavoce/pipeline"
	"vivavoce/pipeline/face"
	"vivavoce/signaling/conformance"
	"vivavoce/signaling/puppet"
)

// The public page's own lines. Its typographic quotes around the file are straight here: a shell knows no
// others.
const (
	pageHost      = "https://api.lipsecure.com"
	pageKey       = "38332b622aea11e8b103a860b60304d5"
	pageID        = "ef5a0ae2-884e-4106-b247-b332a0f9dd88"
	pageVideo     = "<video_file>"
	challengeLine = `curl -X POST "https://api.lipsecure.com/LiopaAPI/api/challenge" -H  "X-API-Key: 38332b622aea11e8b103a860b60304d5"`
	verifierLine  = `curl -X POST "https://api.lipsecure.com/LiopaAPI/api/verifier/ef5a0ae2-884e-4106-b247-b332a0f9dd88" \
    -H  "X-API-Key: 38332b622aea11e8b103a860b60304d5" \
    -F 'file=@<video_file>'`
)

// lipSecure are the heads of every answer.
var lipSecure = map[string]string{"Content-Type": `^application/json$`, "Cache-Control": `^no-store$`, "Date": `GMT$`}

func lipSecureError(kind, message string, code float64) conformance.Shape {
	return conformance.Object(map[string]conformance.Shape{
		"type": conformance.Is(kind), "code": conformance.Is(code), "message": conformance.Text(message),
	})
}

const (
	uuid = `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`
	six  = `^[0-9]{6}$`
)

type transaction struct{ TransactionID, Phrase string }

func challenge(t *testing.T, s *conformance.Server) (tx transaction) {
	t.Helper()
	a := conformance.Curl(t, challengeLine, pageHost, s.URL, pageKey, s.Key)
	if err := a.Holds(200, lipSecure, conformance.Object(map[string]conformance.Shape{
		"transactionId": conformance.Text(uuid), "phrase": conformance.Text(six), "error": lipSecureError("", "^OK$", 0),
	})); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(a.Body, &tx); err != nil {
		t.Fatal(err)
	}
	return tx
}

func verify(t *testing.T, s *conformance.Server, id, video string) conformance.Answer {
	t.Helper()
	return conformance.Curl(t, verifierLine, pageHost, s.URL, pageKey, s.Key, pageID, id, pageVideo, video)
}

// answered is the body of every answer of verifier.
func answered(id, phrase string, confidence conformance.Shape, e conformance.Shape) conformance.Shape {
	return conformance.Object(map[string]conformance.Shape{
		"transactionId": conformance.Is(id), "phrase": conformance.Is(phrase), "confidence": confidence, "error": e,
	})
}

// TestLipSecure runs the two lines of the public page, with host, key, transaction and file put in, for a rendered head
// that says the phrase, one that says another, and all that can go wrong.
func TestLipSecure(t *testing.T) {
	s := conformance.Start(t)
	none := conformance.Is(0.0)
	t.Run("who says the phrase", func(t *testing.T) {
		tx := challenge(t, s)
		said := verify(t, s, tx.TransactionID, speaker(t, tx.Phrase))
		if err := said.Holds(200, lipSecure, answered(tx.TransactionID, tx.Phrase, conformance.Integer(0, 100), lipSecureError("", "^OK$", 0))); err != nil {
			t.Error(err)
		}
		again := verify(t, s, tx.TransactionID, speaker(t, tx.Phrase))
		if err := again.Holds(400, lipSecure, answered("", "", none, lipSecureError("client", "has been verified$", 400))); err != nil {
			t.Errorf("the transaction a second time: %v", err)
		}
		tx = challenge(t, s)
		other := verify(t, s, tx.TransactionID, speaker(t, different(tx.Phrase)))
		if err := other.Holds(200, lipSecure, answered(tx.TransactionID, tx.Phrase, conformance.Integer(0, 100), lipSecureError("", "^OK$", 0))); err != nil {
			t.Errorf("who says something else: %v", err)
		}
		if a, b := confidence(t, said), confidence(t, other); a < 50 || b >= 50 {
			t.Errorf("confidence %d for the phrase, %d for another; want 50 in between", a, b)
		}
	})
	user := map[string]struct {
		clip    filetest.Clip
		message string
		code    float64
	}{
		"short.mp4":  {filetest.Clip{Frames: 25}, "^Video too short$", 601},
		"long.mkv":   {filetest.Clip{Frames: 70, FPS: 2}, "^Video too long$", 602},
		"dark.webm":  {filetest.Clip{Frames: 75, Draw: black}, "^Poor illumination$", 603},
		"nobody.avi": {filetest.Clip{Frames: 75}, "^Face not presented to the camera correctly$", 604},
	}
	for name, tt := range user {
		t.Run(name, func(t *testing.T) {
			tx, path := challenge(t, s), filepath.Join(t.TempDir(), name)
			if err := filetest.Write(path, tt.clip); err != nil {
				t.Fatal(err)
			}
			want := answered(tx.TransactionID, tx.Phrase, none, lipSecureError("user", tt.message, tt.code))
			for range 2 { // the transaction is kept
				if err := verify(t, s, tx.TransactionID, path).Holds(200, lipSecure, want); err != nil {
					t.Error(err)
				}
			}
		})
	}
	t.Run("errors of the page", func(t *testing.T) {
		tx, path := challenge(t, s), filepath.Join(t.TempDir(), "clip.mp4")
		if err := filetest.Write(path, filetest.Clip{Frames: 5}); err != nil {
			t.Fatal(err)
		}
		unauthorized := lipSecureError("client", "^Unauthorized", 401)
		bad := lipSecureError("client", "^Bad Request", 400)
		for name, tt := range map[string]struct {
			a      conformance.Answer
			status int
			want   conformance.Shape
		}{
			"wrong key for a challenge": {conformance.Curl(t, challengeLine, pageHost, s.URL), 401, conformance.Object(map[string]conformance.Shape{
				"transactionId": conformance.Is(""), "phrase": conformance.Is(""), "error": unauthorized,
			})},
			"wrong key to verify":        {conformance.Curl(t, verifierLine, pageHost, s.URL, pageID, tx.TransactionID, pageVideo, path), 401, nil},
			"the page's own transaction": {conformance.Curl(t, verifierLine, pageHost, s.URL, pageKey, s.Key, pageVideo, path), 400, answered("", "", none, bad)},
			"wrong field name": {conformance.Curl(t, strings.Replace(verifierLine, "'file=", "'video=", 1), pageHost, s.URL, pageKey, s.Key, pageID, tx.TransactionID, pageVideo, path), 400,
				answered(tx.TransactionID, tx.Phrase, none, bad)},
		} {
			if tt.want == nil {
				tt.want = conformance.Object(map[string]conformance.Shape{"transactionId": conformance.Is(""), "phrase": conformance.Is(""), "error": unauthorized})
			}
			if err := tt.a.Holds(tt.status, lipSecure, tt.want); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func confidence(t *testing.T, a conformance.Answer) int {
	t.Helper()
	var said struct{ Confidence int }
	if err := json.Unmarshal(a.Body, &said); err != nil {
		t.Fatal(err)
	}
	return said.Confidence
}

// different is a phrase of as many digits, each another one.
func different(phrase string) string {
	return strings.Map(func(d rune) rune { return '0' + (d-'0'+3)%10 }, phrase)
}

func black(f *media.Frame, _ int) {
	clear(f.Y)
	for i := range f.Cb {
		f.Cb[i], f.Cr[i] = 128, 128
	}
}

// speaker films a rendered head that says the digits at the pace that a person is asked them.
func speaker(t *testing.T, phrase string) (path string) {
	t.Helper()
	root := conformance.Root(t)
	library, err := models.Open(models.Options{Dir: filepath.Join(root, "models", "files")})
	if err != nil {
		t.Fatal(err)
	}
	defer library.Close()
	newFinder, err := face.New(library, face.Options{})
	if err != nil {
		t.Fatal(err)
	}
	finder, err := newFinder()
	if err != nil {
		t.Fatal(err)
	}
	head, err := puppet.LoadHead(t.Context(), library, finder, filepath.Join(root, "models", "node_modules"), 0)
	if err != nil {
		t.Fatal(err)
	}
	scene, err := puppet.NewScene(puppet.Person, head, puppet.Camera{Width: 640, Height: 480, Noise: 2}, 3)
	if err != nil {
		t.Fatal(err)
	}
	const pace = 900 * time.Millisecond
	for i, d := range phrase {
		scene.Hear(pipeline.Step{Kind: pipeline.StepDigit, Digit: int(d - '0')}, time.Second+time.Duration(i)*pace)
	}
	path = filepath.Join(t.TempDir(), "speaker.mp4")
	err = filetest.Write(path, filetest.Clip{
		Width: 640, Height: 480, FPS: 25, BitrateKbps: 1500, Frames: 25 * (2 + len(phrase)*9/10),
		Draw: func(f *media.Frame, _ int) {
			if err := scene.Paint(f, f.PTS); err != nil {
				t.Error(err)
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return path
}
