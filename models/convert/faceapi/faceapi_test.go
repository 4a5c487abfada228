package faceapi

import (
	"errors"
	"os"
	"testing"
)

// TestRefuses: what is not the network's gives an error.
func TestRefuses(t *testing.T) {
	for name, c := range map[string]struct{ weights, list string }{
		"no list":         {"", "no"},
		"nothing":         {"", "[]"},
		"too few bytes":   {"abc", `[{"weights":[{"name":"fc","shape":[2]}]}]`},
		"bytes left over": {"abcdefghi", `[{"weights":[{"name":"fc","shape":[2]}]}]`},
		"no dimension":    {"abcd", `[{"weights":[{"name":"fc","shape":[0]}]}]`},
		"a vast one":      {"abcd", `[{"weights":[{"name":"fc","shape":[2,9223372036854775807]}]}]`},
		"another type":    {"abcd", `[{"weights":[{"name":"fc","shape":[4],"quantization":{"dtype":"uint4"}}]}]`},
		"other layers":    {"abcd", `[{"weights":[{"name":"fc","shape":[4],"quantization":{"dtype":"uint8","scale":1}}]}]`},
		"of other shapes": {"abcd", `[{"weights":[{"name":"conv32_down/conv/filters","shape":[1,1,1,4],"quantization":{"dtype":"uint8","scale":1}}]}]`},
	} {
		if b, err := Recognition([]byte(c.weights), []byte(c.list)); !errors.Is(err, ErrWeights) || b != nil {
			t.Errorf("%s: %d bytes, %v, want %v", name, len(b), err, ErrWeights)
		}
	}
}

// TestDeterministic: the same weights give the same bytes.
func TestDeterministic(t *testing.T) {
	const dir = "../../node_modules/@vladmandic/face-api/model/face_recognition_model"
	weights, err := os.ReadFile(dir + ".bin")
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("npm packages are not installed: make models")
	}
	list, listErr := os.ReadFile(dir + "-weights_manifest.json")
	if err := errors.Join(err, listErr); err != nil {
		t.Fatal(err)
	}
	a, err := Recognition(weights, list)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Recognition(weights, list)
	if err != nil || string(a) != string(b) {
		t.Errorf("%v; two runs give %d and %d bytes that differ", err, len(a), len(b))
	}
}
