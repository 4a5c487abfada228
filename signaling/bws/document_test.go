package bws

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"vivavoce/pipeline"
	"vivavoce/signaling/openapitest"
)

// TestCallsAreDocumented holds the routes and replies of every kind against openapi.yaml.
func TestCallsAreDocumented(t *testing.T) {
	r := newRig(t, nil)
	document := openapitest.Read(t, "../openapi.yaml")
	documented := document.Calls()
	for pattern := range r.server.Routes() {
		if strings.Contains(pattern, " ") && !documented[pattern] {
			t.Errorf("%s is not documented", pattern)
		}
	}
	r.judge(func(j Job) ([]byte, error) { return JudgeVideo(j, frames(seen(0.9), seen(), seen(-1, 0.2))) })
	front, left := photograph(t, pipeline.Pose{}), photograph(t, pipeline.Pose{Yaw: 16})
	small := asJPEG(t, smaller(picture(render(t, pipeline.Pose{})), 4))
	for _, tt := range []struct {
		path, schema string
		in           M
	}{
		{detection, "BWSLivenessDetection", images(front, left)},
		{detection, "BWSLivenessDetection", images(front, front)},
		{detection, "BWSLivenessDetection", images(small)},
		{"/api/v1/videolivenessdetection", "BWSLivenessDetection", M{"video": []byte("x")}},
		{"/api/ofiq/v1/faceimagequality", "BWSFaceImageQuality", M{"image": front}},
		{"/api/ofiq/v1/faceimagequality", "BWSFaceImageQuality", M{"image": small}},
		{"/api/v1/photoverify", "BWSError", M{}},
		{detection, "BWSError", M{}},
	} {
		data, err := io.ReadAll(r.post(tt.path, tt.in).Body)
		if err != nil {
			t.Fatal(err)
		}
		document.Check(tt.schema, data)
	}
}

// TestQualityMeasures holds names and scales.
func TestQualityMeasures(t *testing.T) {
	r := newRig(t, nil)
	body := read(t, r.post("/api/ofiq/v1/faceimagequality", M{"image": photograph(t, pipeline.Pose{Yaw: 15})}))
	got := map[string]M{}
	for _, m := range body["qualityMeasurements"].([]any) {
		m := m.(M)
		got[m["measure"].(string)] = m
		if v := m["scalarScore"].(float64); v < 0 || v > 100 || v != float64(int(v)) || len(m) != 3 {
			t.Errorf("%v", m)
		}
	}
	if yaw := got["HeadPoseYaw"]["rawValue"].(float64); yaw < 10 || yaw > 25 {
		t.Errorf("yaw of a head that is turned by 15 degrees: %v", yaw)
	}
	for name, at := range map[string]float64{"SingleFacePresent": 100, "HeadPoseRoll": 99, "HeadSize": 100, "UnderExposurePrevention": 90, "OverExposurePrevention": 90} {
		if got[name] == nil || !(got[name]["scalarScore"].(float64) >= at) {
			t.Errorf("%s is %v, want %v or more", name, got[name], at)
		}
	}
	if body["status"] != "SUCCEEDED" || len(body["errors"].([]any)) != 0 {
		t.Errorf("%v", body)
	}
	nobody := read(t, r.post("/api/ofiq/v1/faceimagequality", M{"image": asJPEG(t, smaller(picture(render(t, pipeline.Pose{})), 40))}))
	if e := nobody["errors"].([]any); len(e) != 1 || e[0].(M)["errorCode"] != faceNotFound || len(nobody["qualityMeasurements"].([]any)) != 0 {
		t.Errorf("nobody: %v", nobody)
	}
	names := map[string]bool{}
	for _, m := range measures() {
		if names[m.name] {
			t.Errorf("%s is there twice", m.name)
		}
		names[m.name] = true
	}
}

// FuzzRequest sends bodies to the call that has most in them: whatever comes, the reply is one of the documented.
func FuzzRequest(f *testing.F) {
	for _, text := range []string{
		`{}`, `{"liveImages":[]}`, `{"liveImages":[{"image":"AAAA","tags":["up"]},{"image":"/9j/4AAQ","tags":["left","DOWN"]}]}`,
		`{"liveImages":[{"image":"iVBORw0KGgo="}]}`, `{"liveImages":[{"image":"UklGRgQAAABXRUJQ"}]}`, `{"live_images":[{}]}`, `[`, `null`, `{"liveImages":null}`, "\xff", `{"liveImages":{"image":""}}`,
	} {
		f.Add([]byte(text))
	}
	r := newRig(f, nil)
	h := rest(r.server, r.server.liveness)
	f.Fuzz(func(t *testing.T, body []byte) {
		req := httptest.NewRequest("POST", detection, bytes.NewReader(body))
		req.Header.Set("Authorization", "Bearer "+r.apiKey)
		req.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, req)
		var m M
		if err := json.Unmarshal(w.Body.Bytes(), &m); err != nil {
			t.Fatalf("%d with %.200s: %v", w.Code, w.Body, err)
		}
		if !slices.Contains([]int{http.StatusOK, http.StatusBadRequest}, w.Code) || (w.Code == http.StatusOK) != (m["status"] == "SUCCEEDED") {
			t.Errorf("%d %v", w.Code, m)
		}
	})
}
