package motion

import (
	"encoding/gob"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func load(path string) (r []Rec) {
	f, err := os.Open(path)
	if err != nil {
		panic(err)
	}
	defer f.Close()
	if err := gob.NewDecoder(f).Decode(&r); err != nil {
		panic(err)
	}
	return r
}

func TestLook(t *testing.T) {
	if os.Getenv("LOOK") == "" {
		t.Skip()
	}
	paths, _ := filepath.Glob("/tmp/faces/" + os.Getenv("LOOK") + "*.gob")
	for _, p := range paths {
		var b strings.Builder
		found := 0
		rs := load(p)
		step := max(1, len(rs)/40)
		for i, r := range rs {
			if r.Found {
				found++
			}
			if i%step == 0 {
				fmt.Fprintf(&b, "%.0f/%.0f ", r.Pose.Yaw, r.Pose.Pitch)
			}
		}
		t.Logf("%s n=%d found=%d iod=%.0f\n%s", filepath.Base(p), len(rs), found, rs[0].IOD, b.String())
	}
}
