package bws

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/draw"
	"io"
	"math"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"vivavoce/media"
	"vivavoce/pipeline"
	"vivavoce/pipeline/pipelinetest/recorded"
)

const detection = "/api/v1/livenessdetection"

// TestThePagesExample asserts every field, type and header of the public page's call with one image.
func TestThePagesExample(t *testing.T) {
	r := newRig(t, nil)
	before := time.Now().Add(-time.Second)
	resp := r.post(detection, images(photograph(t, pipeline.Pose{})))
	body := read(t, resp)
	if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "application/json" {
		t.Fatalf("%s as %s: %v", resp.Status, resp.Header.Get("Content-Type"), body)
	}
	head := resp.Header
	if !regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`).MatchString(head.Get("jobid")) {
		t.Errorf("jobid %q", head.Get("jobid"))
	}
	if !regexp.MustCompile(`^3\.\d+\.\d+$`).MatchString(head.Get("bws-version")) || head.Get("reference-number") != "ref 4711" {
		t.Errorf("bws-version %q, reference-number %q", head.Get("bws-version"), head.Get("reference-number"))
	}
	if date, err := http.ParseTime(head.Get("date")); err != nil || date.Before(before.Truncate(time.Second)) || time.Since(date) > time.Minute {
		t.Errorf("date %q: %v", head.Get("date"), err)
	}
	face := M{
		"leftEye": M{"x": 0.0, "y": 0.0}, "rightEye": M{"x": 0.0, "y": 0.0},
		"textureLivenessScore": 0.0, "motionLivenessScore": 0.0, "movementDirection": 0.0,
	}
	sameShape(t, "", body, M{
		"status": "", "errors": []any{}, "live": true, "livenessScore": 0.0,
		"imageProperties": []any{M{"rotated": 0.0, "faces": []any{face}, "qualityScore": 0.0, "qualityAssessments": []any{}, "frameNumber": 0.0}},
	})
	f := faceAt(body, 0)
	left, right := f["leftEye"].(M), f["rightEye"].(M)
	if body["status"] != "SUCCEEDED" || body["live"] != true || !(f["textureLivenessScore"].(float64) > 0) || f["motionLivenessScore"] != 0.0 || f["movementDirection"] != 0.0 {
		t.Errorf("%v", body)
	}
	if !(right["x"].(float64) < left["x"].(float64)) || !(left["x"].(float64) < width) || !(left["y"].(float64) > 0) {
		t.Errorf("eyes at %v and %v: the right one is on the image's left side", right, left)
	}
	if resp := r.post(detection, images(photograph(t, pipeline.Pose{}))); resp.Header.Get("jobid") == head.Get("jobid") {
		t.Error("two jobs have the same name")
	}
}

// sameShape compares fields and types. An empty list takes any.
func sameShape(t *testing.T, at string, got, want any) {
	t.Helper()
	if reflect.TypeOf(got) != reflect.TypeOf(want) {
		t.Errorf("%s is %T, want %T", at, got, want)
		return
	}
	switch want := want.(type) {
	case M:
		for name := range want {
			if _, ok := got.(M)[name]; !ok {
				t.Errorf("%s.%s is missing", at, name)
				continue
			}
			sameShape(t, at+"."+name, got.(M)[name], want[name])
		}
		for name := range got.(M) {
			if _, ok := want[name]; !ok {
				t.Errorf("%s.%s is not on the page", at, name)
			}
		}
	case []any:
		for _, v := range got.([]any) {
			if len(want) > 0 {
				sameShape(t, at+"[]", v, want[0])
			}
		}
	}
}

func faceAt(body M, image int) M {
	return body["imageProperties"].([]any)[image].(M)["faces"].([]any)[0].(M)
}

// beside puts pictures side by side.
func beside(ms ...image.Image) image.Image {
	to := image.NewRGBA(image.Rect(0, 0, width*len(ms), height))
	for i, m := range ms {
		draw.Draw(to, image.Rect(i*width, 0, (i+1)*width, height), m, image.Point{}, draw.Src)
	}
	return to
}

// cut is a part of a picture on its own.
func cut(m *image.YCbCr, r image.Rectangle) image.Image { return m.SubImage(r) }

// smaller shows a picture small in a grey room.
func smaller(m image.Image, by int) image.Image {
	to := image.NewRGBA(image.Rect(0, 0, width, height))
	draw.Draw(to, to.Rect, image.NewUniform(color.Gray{120}), image.Point{}, draw.Src)
	for y := range height / by {
		for x := range width / by {
			to.Set(200+x, 200+y, m.At(x*by, y*by))
		}
	}
	return to
}

// quarterTurned turns a picture to the left, so that turning it by 90 degrees clockwise mends it.
func quarterTurned(m image.Image) image.Image {
	b := m.Bounds()
	to := image.NewRGBA(image.Rect(0, 0, b.Dy(), b.Dx()))
	for y := range b.Dy() {
		for x := range b.Dx() {
			to.Set(y, b.Dx()-1-x, m.At(x, y))
		}
	}
	return to
}

// enlarged is m, each pixel four times over both ways.
func enlarged(m image.Image) image.Image {
	to := image.NewRGBA(image.Rect(0, 0, 4*width, 4*height))
	for y := range 4 * height {
		for x := range 4 * width {
			to.Set(x, y, m.At(x/4, y/4))
		}
	}
	return to
}

// TestOutcomes asserts each of the page's errors, and when there is none.
func TestOutcomes(t *testing.T) {
	r := newRig(t, nil)
	front := picture(render(t, pipeline.Pose{}))
	look := func(p pipeline.Pose) []byte { return photograph(t, p) }
	straight := look(pipeline.Pose{})
	tilted := new(media.Pool).Get(width, height)
	recorded.Tilt(tilted, render(t, pipeline.Pose{}), 40, 0)
	sheet := asJPEG(t, picture(tilted))
	room := image.NewRGBA(image.Rect(0, 0, width, height))
	draw.Draw(room, room.Rect, image.NewUniform(color.Gray{120}), image.Point{}, draw.Src)
	left, right := look(pipeline.Pose{Yaw: 16}), look(pipeline.Pose{Yaw: -16})
	up, down := look(pipeline.Pose{Pitch: 12}), look(pipeline.Pose{Pitch: -12})
	both := look(pipeline.Pose{Yaw: 13, Pitch: 11})
	slow := look(pipeline.Pose{Yaw: 4})
	whoElse := asJPEG(t, picture(renderOf(t, another, pipeline.Pose{Yaw: 16})))
	for _, tt := range []struct {
		name      string
		images    [][]byte
		tags      []string
		errors    []string
		direction [2]float64 // of the second image, from and to; zeros: none
		checks    []string   // quality checks that must be there
		rotated   float64
	}{
		{name: "one live", images: [][]byte{straight}},
		{name: "two live", images: [][]byte{straight, left}, direction: [2]float64{250, 290}},
		{name: "two live, the other way", images: [][]byte{left, straight}, direction: [2]float64{70, 110}},
		{name: "left as asked", images: [][]byte{straight, left}, tags: []string{"left"}, direction: [2]float64{250, 290}},
		{name: "right as asked", images: [][]byte{straight, right}, tags: []string{"right"}, direction: [2]float64{70, 110}},
		{name: "up as asked", images: [][]byte{straight, up}, tags: []string{"up"}, direction: [2]float64{340, 380}},
		{name: "down as asked", images: [][]byte{straight, down}, tags: []string{"down"}, direction: [2]float64{160, 200}},
		{name: "in capitals", images: [][]byte{straight, up}, tags: []string{" UP "}, direction: [2]float64{340, 380}},
		{name: "two tags", images: [][]byte{straight, both}, tags: []string{"up", "left"}, direction: [2]float64{290, 345}},
		{name: "no tags", images: [][]byte{straight, left}, tags: []string{}, direction: [2]float64{250, 290}},
		{name: "the wrong way", images: [][]byte{straight, right}, tags: []string{"left"}, errors: []string{rejectedByChallenge}, direction: [2]float64{70, 110}},
		{name: "across", images: [][]byte{straight, up}, tags: []string{"left"}, errors: []string{rejectedByChallenge}, direction: [2]float64{340, 380}},
		{name: "one of two tags", images: [][]byte{straight, up}, tags: []string{"up", "left"}, errors: []string{rejectedByChallenge}, direction: [2]float64{340, 380}},
		{name: "tags that contradict", images: [][]byte{straight, left}, tags: []string{"left", "right"}, errors: []string{rejectedByChallenge}, direction: [2]float64{250, 290}},
		{name: "the same image twice", images: [][]byte{straight, straight}, errors: []string{rejectedActive}},
		{name: "hardly moved", images: [][]byte{straight, slow}, tags: []string{"left"}, errors: []string{rejectedActive, rejectedByChallenge}},
		{name: "somebody else in the second", images: [][]byte{straight, whoElse}, errors: []string{rejectedActive}, direction: [2]float64{250, 290}},
		{name: "a sheet that is tilted", images: [][]byte{straight, sheet}, errors: []string{rejectedPassive, rejectedActive}},
		{name: "nobody", images: [][]byte{asJPEG(t, room)}, errors: []string{faceNotFound}},
		{name: "nobody in the second", images: [][]byte{straight, asJPEG(t, room)}, errors: []string{faceNotFound}},
		{name: "two people", images: [][]byte{asJPEG(t, beside(front, front))}, errors: []string{multipleFacesFound}},
		{name: "two people in the second", images: [][]byte{straight, asJPEG(t, beside(front, front))}, errors: []string{multipleFacesFound}},
		{name: "cut off", images: [][]byte{asJPEG(t, cut(front, image.Rect(250, 100, 640, 480)))}, errors: []string{thumbnailFailed}, checks: []string{"FullyVisibleFace"}},
		{name: "too small", images: [][]byte{asJPEG(t, smaller(front, 4))}, errors: []string{faceNotFound}, checks: []string{"SuitableFace"}},
		{name: "turned by a quarter", images: [][]byte{asJPEG(t, quarterTurned(front))}, rotated: 90},
		{name: "large", images: [][]byte{asJPEG(t, enlarged(front))}, checks: []string{"ImageSize"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := images(tt.images...)
			if tt.tags != nil {
				in["liveImages"].([]M)[1]["tags"] = tt.tags
			}
			resp := r.post(detection, in)
			body := read(t, resp)
			if resp.StatusCode != 200 || body["status"] != "SUCCEEDED" {
				t.Fatalf("%s: %v", resp.Status, body)
			}
			var codes []string
			for _, e := range body["errors"].([]any) {
				codes = append(codes, e.(M)["errorCode"].(string))
				if e.(M)["message"] == "" {
					t.Errorf("no message for %s", codes)
				}
			}
			if !slices.Equal(codes, tt.errors) || body["live"] != (len(codes) == 0) {
				t.Errorf("errors %q and live %v, want %q: %v", codes, body["live"], tt.errors, body)
			}
			all := body["imageProperties"].([]any)
			if len(all) != len(tt.images) {
				t.Fatalf("properties of %d images, want %d", len(all), len(tt.images))
			}
			checkScore(t, body)
			var checks []string
			for _, p := range all {
				for _, q := range p.(M)["qualityAssessments"].([]any) {
					checks = append(checks, q.(M)["check"].(string))
				}
				if p.(M)["frameNumber"] != 0.0 || p.(M)["rotated"] != tt.rotated {
					t.Errorf("frame %v, rotated %v", p.(M)["frameNumber"], p.(M)["rotated"])
				}
			}
			if !slices.Equal(checks, tt.checks) {
				t.Errorf("checks %q, want %q", checks, tt.checks)
			}
			if len(tt.images) == 2 && len(all[1].(M)["faces"].([]any)) == 1 {
				d := faceAt(body, 1)["movementDirection"].(float64)
				if near := d >= tt.direction[0] && d <= tt.direction[1] || d+360 <= tt.direction[1]; !near {
					t.Errorf("direction %v, want %v", d, tt.direction)
				}
				if faceAt(body, 0)["movementDirection"] != 0.0 || faceAt(body, 0)["motionLivenessScore"] != 0.0 {
					t.Errorf("the first image has motion: %v", faceAt(body, 0))
				}
			}
		})
	}
}

// checkScore holds that the score is the mean of all, and 0 where an image could not be judged.
func checkScore(t *testing.T, body M) {
	t.Helper()
	var sum, n float64
	for _, p := range body["imageProperties"].([]any) {
		for _, f := range p.(M)["faces"].([]any) {
			for _, name := range []string{"textureLivenessScore", "motionLivenessScore"} {
				if v := f.(M)[name].(float64); v > 0 {
					sum, n = sum+v, n+1
				}
			}
		}
	}
	want := sum / n
	for _, e := range body["errors"].([]any) {
		if slices.Contains([]string{faceNotFound, multipleFacesFound, thumbnailFailed, failureToAcquire}, e.(M)["errorCode"].(string)) {
			want = 0
		}
	}
	if got := body["livenessScore"].(float64); math.Abs(got-want) > 1e-9 {
		t.Errorf("livenessScore %v, want %v", got, want)
	}
}

// refused asserts the body of a call that failed.
func refused(t *testing.T, resp *http.Response, httpCode int, grpcCode float64) {
	t.Helper()
	body := read(t, resp)
	if resp.StatusCode != httpCode || body["code"] != grpcCode || body["message"] == "" || len(body) != 3 || len(body["details"].([]any)) != 0 || resp.Header.Get("Content-Type") != "application/json" {
		t.Errorf("%s %v, want %d and code %v", resp.Status, body, httpCode, grpcCode)
	}
	busy := httpCode == 429 || httpCode == 503
	if (resp.Header.Get("Retry-After") != "") != busy || (resp.Header.Get("WWW-Authenticate") != "") != (httpCode == 401) {
		t.Errorf("%d with Retry-After %q and WWW-Authenticate %q", httpCode, resp.Header.Get("Retry-After"), resp.Header.Get("WWW-Authenticate"))
	}
}

func pngBomb() []byte {
	head := append([]byte("IHDR"), binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, 30000), 30000)...)
	head = append(head, 8, 2, 0, 0, 0)
	out := append([]byte("\x89PNG\r\n\x1a\n"), binary.BigEndian.AppendUint32(nil, 13)...)
	return binary.BigEndian.AppendUint32(append(out, head...), crc32.ChecksumIEEE(head))
}

func TestBadCalls(t *testing.T) {
	r := newRig(t, nil)
	good := photograph(t, pipeline.Pose{})
	b64 := func(b []byte) string { return string(mustJSON(t, b)) }
	one := `{"liveImages":[{"image":` + b64(good) + `}]}`
	const quality = "/api/ofiq/v1/faceimagequality"
	for _, tt := range []struct {
		name, method, path, kind, body string
		http                           int
		grpc                           float64
	}{
		{"no body", "POST", detection, "application/json", "", 400, 3},
		{"no images", "POST", detection, "application/json", "{}", 400, 3},
		{"an empty list", "POST", detection, "application/json", `{"liveImages":[]}`, 400, 3},
		{"three images", "POST", detection, "application/json", `{"liveImages":[{},{},{}]}`, 400, 3},
		{"an image without data", "POST", detection, "application/json", `{"liveImages":[{"tags":["up"]}]}`, 400, 3},
		{"a null image", "POST", detection, "application/json", `{"liveImages":[null]}`, 400, 3},
		{"an unknown tag", "POST", detection, "application/json", `{"liveImages":[{"image":` + b64(good) + `},{"image":` + b64(good) + `,"tags":["sideways"]}]}`, 400, 3},
		{"an empty tag", "POST", detection, "application/json", `{"liveImages":[{"image":` + b64(good) + `},{"image":` + b64(good) + `,"tags":[""]}]}`, 400, 3},
		{"tags of numbers", "POST", detection, "application/json", `{"liveImages":[{"image":` + b64(good) + `,"tags":[1]}]}`, 400, 3},
		{"an array", "POST", detection, "application/json", "[" + one + "]", 400, 3},
		{"cut JSON", "POST", detection, "application/json", one[:len(one)-3], 400, 3},
		{"more after it", "POST", detection, "application/json", one + "x", 400, 3},
		{"a field twice", "POST", detection, "application/json", `{"liveImages":[{"image":"AA==","image":"AA=="}]}`, 400, 3},
		{"not base64", "POST", detection, "application/json", `{"liveImages":[{"image":"!!!"}]}`, 400, 3},
		{"a data URL", "POST", detection, "application/json", `{"liveImages":[{"image":"data:image/jpeg;base64,` + strings.Trim(b64(good), `"`) + `"}]}`, 400, 3},
		{"text as an image", "POST", detection, "application/json", string(mustJSON(t, images([]byte("hello")))), 400, 3},
		{"an image cut short", "POST", detection, "application/json", string(mustJSON(t, images(good[:len(good)/2]))), 400, 3},
		{"an image of 30000×30000", "POST", detection, "application/json", string(mustJSON(t, images(pngBomb()))), 400, 3},
		{"a zip", "POST", detection, "application/json", string(mustJSON(t, images([]byte("PK\x03\x04aaaaaaaaaaaaaaaaaaaaaaaaaaaa")))), 400, 3},
		{"invalid UTF-8", "POST", detection, "application/json", "{\"liveImages\":[{\"tags\":[\"\xff\"]}]}", 400, 3},
		{"deep", "POST", detection, "application/json", strings.Repeat(`{"x":`, 100000), 400, 3},
		{"as text", "POST", detection, "text/plain", one, 400, 3},
		{"as a form", "POST", detection, "application/x-www-form-urlencoded", one, 400, 3},
		{"as nothing", "POST", detection, "", one, 400, 3},
		{"too large", "POST", detection, "application/json", one + strings.Repeat(" ", 4<<20), 400, 3},
		{"photoverify", "POST", "/api/v1/photoverify", "application/json", `{"liveImages":[{"image":` + b64(good) + `}],"photo":` + b64(good) + `}`, 501, 12},
		{"quality without an image", "POST", quality, "application/json", `{}`, 400, 3},
		{"quality of text", "POST", quality, "application/json", `{"image":"aGVsbG8="}`, 400, 3},
		{"video without one", "POST", "/api/v1/videolivenessdetection", "application/json", `{}`, 400, 3},
		{"GET", "GET", detection, "", "", 405, 12},
		{"PUT", "PUT", detection, "application/json", one, 405, 12},
		{"another call", "POST", "/api/v1/enroll", "application/json", one, 404, 12},
		{"a slash after it", "POST", detection + "/", "application/json", one, 404, 12},
		{"another call of ofiq", "POST", "/api/ofiq/v2/faceimagequality", "application/json", one, 404, 12},
		{"gRPC over HTTP/1.1", "POST", "/bioid.services.v1.BioIDWebService/LivenessDetection", "application/grpc", "", 505, 12},
	} {
		t.Run(tt.name, func(t *testing.T) {
			refused(t, r.send(tt.method, tt.path, strings.NewReader(tt.body), http.Header{
				"Authorization": {"Bearer " + r.token()}, "Content-Type": {tt.kind}, "Expect": {"100-continue"},
			}), tt.http, tt.grpc)
		})
	}
	resp := r.send("POST", detection, strings.NewReader(one+"  "), http.Header{
		"Authorization": {"bearer " + r.token()}, "Content-Type": {"application/json; charset=utf-8"},
	})
	if body := read(t, resp); resp.StatusCode != 200 || body["live"] != true {
		t.Errorf("after all that: %s %v", resp.Status, body)
	}
	if resp.Header.Get("reference-number") != "" {
		t.Error("a reference number that nobody sent")
	}
	resp = r.send("POST", detection, strings.NewReader(`{"liveImages":[{"image":`+b64(good)+`,"tags":["sideways"],"new":1}],"more":{"a":[]}}`), http.Header{
		"Authorization": {"Bearer " + r.token()}, "Content-Type": {"application/json"},
	})
	if body := read(t, resp); resp.StatusCode != 200 || body["live"] != true {
		t.Errorf("unknown fields, and tags of the first image: %s %v", resp.Status, body)
	}
}

// TestLimits fills the studio and the memory, and lets a request not come.
func TestLimits(t *testing.T) {
	r := newRig(t, func(o *Options) {
		o.Upload, o.Looking = time.Second, 2*time.Second
		o.Memory = 16 << 20
	})
	in := images(photograph(t, pipeline.Pose{}))
	visit, err := r.studio.Enter(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	refused(t, r.post(detection, in), 503, 4) // waits for its turn in vain
	visit.Leave()
	resp := r.post(detection, in)
	if read(t, resp); resp.StatusCode != 200 {
		t.Errorf("after that: %s", resp.Status)
	}
	stuck, end := io.Pipe()
	head := http.Header{"Authorization": {"Bearer " + r.token()}, "Content-Type": {"application/json"}}
	go func() { _, _ = end.Write([]byte(`{"liveImages":[`)) }()
	refused(t, r.send("POST", detection, stuck, head), 408, 1)
	stuck.Close()
	done, err := r.server.admit(4 << 20)
	if err != nil {
		t.Fatal(err)
	}
	refused(t, r.post(detection, in), 503, 14)
	done()
	refused(t, r.send("POST", detection, io.LimitReader(zeros{}, 5<<20), head), 400, 3) // of a length that nobody said
	req, err := http.NewRequest("POST", r.url+detection, io.LimitReader(zeros{}, 4<<30))
	if err != nil {
		t.Fatal(err)
	}
	req.Header, req.ContentLength = head.Clone(), 4<<30
	req.Header.Set("Expect", "100-continue")
	if resp, err = r.client.Do(req); err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	refused(t, resp, 400, 3)
	resp = r.post(detection, in)
	if read(t, resp); resp.StatusCode != 200 {
		t.Errorf("after all that: %s", resp.Status)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	copy(p, bytes.Repeat([]byte(" "), len(p)))
	return len(p), nil
}
