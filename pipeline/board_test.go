package pipeline

import (
	"math"
	"slices"
	"testing"
)

func TestBoardTellsWhatChanged(t *testing.T) {
	var b board
	s := Score{Name: "a", Step: 0, Checked: true, Value: 0.5}
	step := func(what string, s Score, want bool) {
		t.Helper()
		if got := b.put(s); got != want {
			t.Errorf("%s: told %v, want %v", what, got, want)
		}
	}
	step("first", s, true)
	step("the same", s, false)
	s.Value = 0.505
	step("a little", s, false)
	s.Value = 0.52
	step("enough", s, true)
	s.Value = math.NaN()
	step("not a number", s, true)
	s.Value, s.Reasons = 0.52, []Reason{"a.b"}
	step("a reason", s, true)
	s.Reasons[0] = "a.c"
	step("a reason in the same memory", s, true)
	s.Settled = true
	step("settled", s, true)
	s.Value = 1
	step("after it was settled", s, false)
	if got := b.scores[0].Value; got != 0.52 {
		t.Errorf("value = %v, want the settled 0.52", got)
	}
}

func TestBoardSorts(t *testing.T) {
	var b board
	for _, s := range []Score{{Name: "b", Step: 1}, {Name: "b", Step: Whole}, {Name: "a", Step: 2}, {Name: "a", Step: 0}, {Name: "a", Step: Whole}} {
		b.put(s)
	}
	var got []string
	for _, s := range b.sorted() {
		got = append(got, s.Name+string(rune('0'+s.Step+1)))
	}
	if want := []string{"a0", "b0", "a1", "a3", "b2"}; !slices.Equal(got, want) {
		t.Errorf("order %v, want %v (name and step+1)", got, want)
	}
}
