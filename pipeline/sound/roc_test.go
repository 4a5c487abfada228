package sound

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"vivavoce/models"
	"vivavoce/pipeline"
	"vivavoce/pipeline/eval"
	"vivavoce/pipeline/pipelinetest/recorded"
)

// tried is what the stage said of one session.
type tried struct {
	speaker string
	checked bool
	value   float64
	reason  pipeline.Reason
	match
}

// TestFigures prints what the stage makes of people of GRID, in sessions joined of clips, by
// weights that never saw the speaker: the thresholds were chosen on s1, the figures are of the
// other five. Sessions of one speaker share clips, so the intervals are rather too narrow.
func TestFigures(t *testing.T) {
	recorded.Measure(t)
	all := map[string][]film{}
	for _, f := range screening(t) {
		all[f.speaker] = append(all[f.speaker], f)
	}
	voice, err := Load(recorded.NewStudio(t).Library(), models.Background)
	if err != nil {
		t.Fatal(err)
	}
	for _, clips := range []int{2, 3, 4} {
		results := map[string][]tried{}
		for _, speaker := range []string{"s1", "s2", "s3", "s5", "s30", "s31"} {
			try(t, all, speaker, clips, voice, results)
		}
		t.Logf("sessions of %d s", 3*clips)
		for _, c := range conditions() {
			t.Logf("  %-14s s1: %s", c.name, line(pick(results[c.name], true), pick(results["true"], true)))
			t.Logf("  %-14s others: %s", "", line(pick(results[c.name], false), pick(results["true"], false)))
		}
		for _, speaker := range []string{"s2", "s3", "s5", "s30", "s31"} {
			own := slices.DeleteFunc(slices.Clone(results["true"]), func(r tried) bool { return r.speaker != speaker })
			t.Logf("  true, %-8s %s", speaker, line(own, own))
		}
	}
}

// condition makes of a session, of one of the same speaker and one of somebody else what is
// tried.
type condition struct {
	name string
	make func(t testing.TB, own, same, other film, voice Voice, r *rand.Rand) film
}

func conditions() (all []condition) {
	add := func(name string, f func(t testing.TB, own, same, other film, voice Voice, r *rand.Rand) film) {
		all = append(all, condition{name, f})
	}
	add("true", func(_ testing.TB, own, _, _ film, _ Voice, _ *rand.Rand) film { return own })
	for _, ms := range []int{-100, 100, -200, 200, -300, 300, -500, 500} {
		add(fmt.Sprintf("%+d ms", ms), func(_ testing.TB, own, _, _ film, _ Voice, _ *rand.Rand) film {
			return own.later(time.Duration(ms) * time.Millisecond)
		})
	}
	add("other clips", func(_ testing.TB, own, same, _ film, _ Voice, _ *rand.Rand) film {
		own.frames = same.frames
		return own
	})
	add("other speaker", func(_ testing.TB, own, _, other film, _ Voice, _ *rand.Rand) film {
		own.frames = other.frames
		return own
	})
	add("frozen", func(_ testing.TB, own, _, _ film, _ Voice, r *rand.Rand) film { return own.frozen(r) })
	for _, db := range []float64{20, 10, 0} {
		add(fmt.Sprintf("noise %.0f dB", db), func(t testing.TB, own, _, _ film, voice Voice, r *rand.Rand) film {
			return own.noisy(t, voice, r, db)
		})
	}
	add("12.5 fps", func(_ testing.TB, own, _, _ film, _ Voice, _ *rand.Rand) film { return own.slow(2) })
	add("8.3 fps", func(_ testing.TB, own, _, _ film, _ Voice, _ *rand.Rand) film { return own.slow(3) })
	return all
}

func try(t testing.TB, all map[string][]film, speaker string, clips int, voice Voice, results map[string][]tried) {
	t.Helper()
	own, rest := all[speaker], []film{}
	for _, name := range []string{"s1", "s2", "s3", "s5", "s30", "s31"} {
		if name != speaker {
			rest = append(rest, all[name]...)
		}
	}
	w := fit(rest)
	r := rand.New(rand.NewPCG(uint64(clips), 7))
	for i := range own {
		var a, b, c []film
		for k := range clips {
			a = append(a, own[(i+3*k)%len(own)])
			b = append(b, own[(i+3*k+len(own)/2)%len(own)])
			c = append(c, rest[r.IntN(len(rest))])
		}
		for _, cond := range conditions() {
			f := cond.make(t, join(a...), join(b...), join(c...), voice, r)
			m := w.assess((&seen{f.mouths}).steps(), f.frames)
			result := tried{speaker: speaker, match: m, checked: m.telling()}
			if result.checked {
				if result.value = m.value(); result.value < explained {
					result.reason = m.reason()
				}
			}
			results[cond.name] = append(results[cond.name], result)
		}
	}
}

func pick(all []tried, first bool) []tried {
	return slices.DeleteFunc(slices.Clone(all), func(r tried) bool { return (r.speaker == "s1") != first })
}

// line sums up what was tried, against true sound.
func line(all, truth []tried) string {
	var lags, correlations, values []float64
	passed, reasons := 0, map[pipeline.Reason]int{}
	for _, r := range all {
		if !r.checked {
			continue
		}
		lags, correlations, values = append(lags, float64(r.lag.Milliseconds())), append(correlations, r.correlation), append(values, r.value)
		if r.value >= 0.5 {
			passed++
		}
		if r.reason != "" {
			reasons[r.reason]++
		}
	}
	var genuine []float64
	for _, r := range truth {
		if r.checked {
			genuine = append(genuine, r.value)
		}
	}
	if len(values) == 0 {
		return fmt.Sprintf("%d sessions, none checked", len(all))
	}
	f := eval.Wilson(passed, len(values))
	marks := eval.Marks{Genuine: genuine, Other: values}
	return fmt.Sprintf("checked %d of %d; 0.5 or more %d = %.1f %% [%.1f, %.1f]; lag %s ms; correlation %s; AUC %.3f %s",
		len(values), len(all), passed, 100*f.Value, 100*f.CI[0], 100*f.CI[1], spread(lags, "%.0f"), spread(correlations, "%.2f"), marks.AUC(),
		strings.Trim(fmt.Sprint(reasons), "map"))
}

// spread gives the 5th, 50th and 95th of a hundred.
func spread(v []float64, format string) string {
	slices.Sort(v)
	at := func(q float64) string { return fmt.Sprintf(format, v[int(q*float64(len(v)-1))]) }
	return at(0.05) + " / " + at(0.5) + " / " + at(0.95)
}
