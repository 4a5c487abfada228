package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"vivavoce/media/recapture"
	"vivavoce/signaling/puppet"
)

func TestCasts(t *testing.T) {
	names := func(c evalLiveCmd) (out []string) {
		all, err := c.casts()
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range all {
			out = append(out, a.name)
		}
		return out
	}
	if n, want := len(names(evalLiveCmd{})), len(puppet.Kinds())+len(recapture.All())+1; n != want {
		t.Errorf("%d casts, want %d: every kind, and every species but a replay, a mouth on who speaks, and a handover", n, want)
	}
	if got := strings.Join(names(evalLiveCmd{Of: []string{"screen", "person"}, Clips: []string{"a.mp4"}}), ";"); got != "person;screen;file, once;file, loop;file, to-and-fro" {
		t.Errorf("casts %s", got)
	}
	if _, err := (&evalLiveCmd{Of: []string{"golem"}}).casts(); err == nil {
		t.Error("there is a golem")
	}
}

// TestEvalLive: a print before the camera, through the whole server.
func TestEvalLive(t *testing.T) {
	args := []string{"eval", "live", "--of", "print", "--sessions", "1", "--json", "--models", modelFiles(t), "--node-modules", "../../models/node_modules"}
	var out, log bytes.Buffer
	if exit := run(t.Context(), args, &out, &log); exit != 0 {
		t.Fatalf("exit %d: %s", exit, log.String())
	}
	var r liveReport
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatalf("%v in %s", err, out.String())
	}
	if len(r.Sessions) != 1 || r.Sessions[0].Of != "print" || r.Sessions[0].Outcome != "undecided" && r.Sessions[0].Outcome != "spoof" || len(r.Sessions[0].Reasons) == 0 {
		t.Errorf("sessions %+v, want one that is not live, with a reason", r.Sessions)
	}
}
