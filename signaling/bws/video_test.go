package bws

import (
	"errors"
	"math"
	"slices"
	"testing"

	"vivavoce/pipeline"
	"vivavoce/pipeline/quality"
	"vivavoce/pipeline/stills"
)

// seen is a look at faces with these scores; one below 0 cannot be judged.
func seen(scores ...float64) (l stills.Look) {
	for _, v := range scores {
		f := stills.Face{Texture: pipeline.Score{Checked: v >= 0, Value: v}}
		f.Found = true
		if v < 0 {
			f.Hints = []pipeline.Hint{{Code: quality.TurnToCamera}}
		}
		l.Faces = append(l.Faces, f)
	}
	return l
}

func frames(looks ...stills.Look) (all []Frame) {
	for i, l := range looks {
		all = append(all, Frame{Number: 10 * i, Look: l})
	}
	return all
}

func TestVideos(t *testing.T) {
	r := newRig(t, nil)
	for _, tt := range []struct {
		name   string
		frames []Frame
		errors []string
		score  float64
	}{
		{"live", frames(seen(0.9), seen(0.8), seen(0.7)), nil, 0.8},
		{"live, blurred for a while", frames(seen(0.9), seen(), seen(-1), seen(0.8), seen(0.7)), nil, 0.8},
		{"one odd frame", frames(seen(0.9), seen(0.9), seen(0.9), seen(0.1)), nil, 0.7},
		{"a screen", frames(seen(0.2), seen(0.3), seen(0.1)), []string{rejectedPassive}, 0.2},
		{"nobody", frames(seen(), seen(), seen()), []string{faceNotFound}, 0},
		{"from the side", frames(seen(-1), seen(-1), seen(-1)), []string{faceNotFound}, 0},
		{"two people for a moment", frames(seen(0.9), seen(0.9, 0.9), seen(0.9), seen(0.9)), []string{multipleFacesFound}, 0},
		{"two frames", frames(seen(0.9), seen(0.9)), []string{failureToAcquire}, 0},
		{"not readable", nil, []string{failureToAcquire}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r.judge(func(j Job) ([]byte, error) { return JudgeVideo(j, tt.frames) })
			resp := r.post("/api/v1/videolivenessdetection", M{"video": []byte("video")})
			body := read(t, resp)
			if resp.StatusCode != 200 || resp.Header.Get("jobid") == "" {
				t.Fatalf("%s %v", resp.Status, body)
			}
			var codes []string
			for _, e := range body["errors"].([]any) {
				codes = append(codes, e.(M)["errorCode"].(string))
			}
			if !slices.Equal(codes, tt.errors) || body["live"] != (len(codes) == 0) || math.Abs(body["livenessScore"].(float64)-tt.score) > 1e-9 {
				t.Errorf("%q, live %v, score %v; want %q and %v", codes, body["live"], body["livenessScore"], tt.errors, tt.score)
			}
			for i, p := range body["imageProperties"].([]any) {
				if p.(M)["frameNumber"] != float64(10*i) {
					t.Errorf("frame %d is number %v", i, p.(M)["frameNumber"])
				}
			}
		})
	}
}

func TestVideoJobs(t *testing.T) {
	r := newRig(t, nil)
	r.judge(func(Job) ([]byte, error) { return nil, errors.New("the decoder fell over") })
	body := read(t, r.post("/api/v1/videolivenessdetection", M{"video": []byte("x")}))
	if e := body["errors"].([]any); body["live"] != false || len(e) != 1 || e[0].(M)["errorCode"] != failureToAcquire {
		t.Errorf("no worker could: %v", body)
	}
	r.judge(func(Job) ([]byte, error) { return []byte("\xff"), nil })
	refused(t, r.post("/api/v1/videolivenessdetection", M{"video": []byte("x")}), 500, 13)
	for _, j := range r.jobs {
		if j.Kind != VideoJob {
			t.Errorf("job %+v", j)
		}
	}
	if _, err := JudgeVideo(Job{Policy: "unheard of"}, nil); err == nil {
		t.Error("an unknown policy has thresholds")
	}
	for _, p := range pipeline.Policies() {
		th, err := thresholdsOf(p.Name)
		if p.Name != "recording" && (err != nil || !(th.texture > 0) || !(th.depth > 0)) {
			t.Errorf("%s: %+v, %v", p.Name, th, err)
		}
	}
}
