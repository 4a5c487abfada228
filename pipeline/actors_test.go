package pipeline_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"

	"vivavoce/pipeline"
	"vivavoce/pipeline/lips"
	"vivavoce/pipeline/motion"
	"vivavoce/pipeline/pipelinetest"
)

// seeded makes challenges that are the same in every run.
type seeded struct{ rng *rand.Rand }

func (s seeded) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(s.rng.Uint32())
	}
	return len(p), nil
}

// perform lets an actor try a challenge before the real stages and the default policy.
func perform(t *testing.T, s pipelinetest.Script, seed uint64, paced bool) pipeline.Verdict {
	t.Helper()
	actor := pipelinetest.NewActor(s, seed)
	actor.Paced = paced
	judge, err := pipeline.NewJudge(pipeline.JudgeOptions{
		NewFinder: actor.Finder, Policy: pipeline.DefaultPolicy(),
		Stages: []pipeline.Kind{motion.New(motion.Options{}), lips.New(lips.Options{})},
	})
	if err != nil {
		t.Fatal(err)
	}
	c, err := pipeline.NewChallenge(seeded{rand.New(rand.NewPCG(seed, 2))}, pipeline.DefaultPlan())
	if err != nil {
		t.Fatal(err)
	}
	attempt, err := judge.NewAttempt(c)
	if err != nil {
		t.Fatal(err)
	}
	actor.Ack = attempt.Shown
	v, err := attempt.Run(t.Context(), actor, actor.Hear)
	if err != nil {
		t.Fatalf("seed %d: %v", seed, err)
	}
	return v
}

// TestGoodActorsPass is a smoke test of the bona fide rate: made-up people, 10–30 frames
// a second, who react after 180–680 ms. It says nothing of real ones.
func TestGoodActorsPass(t *testing.T) {
	t.Parallel()
	for seed := range tries(t) {
		if v := perform(t, pipelinetest.Script{}, seed, false); v.Outcome != pipeline.Live {
			t.Errorf("seed %d: %v %v", seed, v.Outcome, v.Reasons)
		}
	}
}

// tries is how often each actor tries.
func tries(t *testing.T) uint64 {
	if testing.Short() {
		return 50
	}
	return 1000
}

func TestAttackersDoNotPass(t *testing.T) {
	// What each must be told, and whether that is an attack.
	want := map[string]struct {
		outcome pipeline.Outcome
		reason  pipeline.Reason
	}{
		"wrong way":     {pipeline.Undecided, pipeline.MotionWrongWay},
		"too early":     {pipeline.Undecided, pipeline.MotionTooEarly},
		"too late":      {pipeline.Undecided, pipeline.MotionTooLate},
		"teleport":      {pipeline.Spoof, pipeline.MotionNotSmooth},
		"too small":     {pipeline.Undecided, pipeline.MotionTooSmall},
		"no return":     {pipeline.Undecided, pipeline.MotionNoReturn},
		"idle":          {pipeline.Undecided, pipeline.MotionNoTurn},
		"flat, tilted":  {pipeline.Spoof, pipeline.DepthFlat},
		"frozen":        {pipeline.Undecided, pipeline.MotionNoTurn},
		"silent":        {pipeline.Undecided, pipeline.MouthStill},
		"chewing":       {pipeline.Undecided, pipeline.MouthRestless},
		"two faces":     {pipeline.Undecided, pipeline.FaceSeveral},
		"leaves midway": {pipeline.Undecided, pipeline.FaceLost},
	}
	for name, s := range pipelinetest.Attackers() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, ok := want[name]
			if !ok {
				t.Fatal("nothing is known of this attacker")
			}
			for seed := range tries(t) {
				v := perform(t, s, seed, false)
				if v.Outcome != w.outcome || !slices.Contains(v.Reasons, w.reason) {
					t.Errorf("seed %d: %v %v, want %v with %s", seed, v.Outcome, v.Reasons, w.outcome, w.reason)
				}
			}
		})
	}
}

// TestActorsAtTheirPace plays some attempts in real time (of a synctest bubble), with
// arrival times and acknowledgements, where watchdogs run.
func TestActorsAtTheirPace(t *testing.T) {
	for name, c := range map[string]struct {
		script pipelinetest.Script
		want   pipeline.Outcome
	}{
		"good":        {pipelinetest.Script{}, pipeline.Live},
		"wrong way":   {pipelinetest.Script{WrongWay: true}, pipeline.Undecided},
		"leaves":      {pipelinetest.Script{Leaves: 4e9}, pipeline.Undecided},
		"teleporting": {pipelinetest.Script{Teleport: true}, pipeline.Spoof},
	} {
		for seed := range uint64(5) {
			t.Run(fmt.Sprintf("%s %d", name, seed), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					if v := perform(t, c.script, seed, true); v.Outcome != c.want {
						t.Errorf("%v %v, want %v", v.Outcome, v.Reasons, c.want)
					}
				})
			})
		}
	}
}
