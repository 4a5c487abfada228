package filetest

import (
	"os"
	"path/filepath"
	"testing"
)

// Recordings is the folder of real video, which is not part of the project:
// $VIVAVOCE_DATA, or shared/data above the working directory. Without one the test
// is skipped.
func Recordings(t testing.TB) string {
	t.Helper()
	if dir := os.Getenv("VIVAVOCE_DATA"); dir != "" {
		return dir
	}
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		at := filepath.Join(dir, "shared", "data")
		if s, err := os.Stat(at); err == nil && s.IsDir() {
			return at
		}
	}
	t.Skip("no shared/data above the working directory and no $VIVAVOCE_DATA: real video is not part of the project")
	return ""
}
