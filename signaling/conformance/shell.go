package conformance

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"testing"
)

// Curl runs a line of curl of a public page in a shell, with each pair of replace replaced in it and nothing else.
// Without curl the test is skipped.
func Curl(t testing.TB, line string, replace ...string) Answer {
	t.Helper()
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("no curl")
	}
	for i := 0; i+1 < len(replace); i += 2 {
		if !strings.Contains(line, replace[i]) {
			t.Fatalf("the line has no %q", replace[i])
		}
	}
	line = strings.NewReplacer(replace...).Replace(line)
	// Options for us alone: the head of the answer, too, no progress, and no "100 Continue" in between.
	line = strings.Replace(line, "curl ", "curl --silent --show-error --include --header Expect: ", 1)
	out, err := exec.Command("bash", "-c", line).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v: %s", line, err, out)
	}
	a, err := parse(out)
	if err != nil {
		t.Fatalf("%s: %v: %s", line, err, out)
	}
	return a
}

func parse(answer []byte) (Answer, error) {
	resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(answer)), nil)
	if err != nil {
		return Answer{}, fmt.Errorf("read the answer: %w", err)
	}
	body, err := io.ReadAll(resp.Body)
	return Answer{resp.StatusCode, resp.Header, body}, err
}
