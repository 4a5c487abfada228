package pipeline

import "time"

// again asks for more where that may still tell, or waits a moment for the word on the last step. It reports whether the
// challenge goes on.
func (r *run) again() bool { return r.turnAgain() || r.phraseAgain() }

// turnAgain asks a spare turn for one that could not be seen.
func (r *run) turnAgain() bool {
	if len(r.spareTurns) == 0 {
		return false
	}
	for i, s := range r.steps {
		score, ok := r.board.of(ScoreMotion, i)
		switch {
		case s.Kind != StepTurn || !ok || r.mended[i]:
		case !score.Settled:
			if r.course.time < r.course.due {
				return true
			}
		case !score.Checked:
			r.mended[i] = true
			r.add(r.spareTurns[:1])
			r.spareTurns = r.spareTurns[1:]
			return true
		}
	}
	return false
}

// doubtful is the least of [ScoreLips] for which another phrase is worth somebody's time: of random other digits
// 11 % reach it.
//
// Then all digits count together, at the same threshold. Of 2,500 true phrases of 20 strangers (folds 1–4 of models/train, five of them also on video; six digits, then
// four, prompts' windows, from 0.18 on; 2026-11-22) 1.9 % are refused without and 0.5 % with it, 17 and 7 % of the worst speaker's; of
// random others 1.2 and 1.3 % pass, of those with one digit changed in each phrase 88 and 93 %.
const doubtful = 0.04

// DigitsUnseen is how many digits it takes for one of them to go unseen: a stumbling network hides the
// mouth for a third of a second, and the others still tell.
//
// Where too many were not seen for that, another phrase is asked if with it there are enough: two of ten, after two of six. By the figures of the
// 2,500 phrases above, with the two at what a hidden digit counts (pipeline/lips), 1.4 % of true ones would then be refused and 0.1 % of random
// ones pass. Whose mouth was seen for less is told what to do when they start again.
const DigitsUnseen = 5

// lastWord is how much longer than a pause the digits' score is waited for: stages listen on for what is said late.
const lastWord = 200 * time.Millisecond

// phraseAgain asks the spare phrase where the policy would not believe the digits, while they may have been said, or where too few
// were seen.
func (r *run) phraseAgain() bool {
	check, ok := r.o.Policy.Check(ScoreLips)
	if len(r.sparePhrase) == 0 || !ok || !check.Required {
		return false
	}
	last := len(r.steps) - 1
	if r.steps[last].Kind == StepDigit && !r.board.settled(ScoreLips, last) && r.course.time < r.course.due+lastWord {
		return true
	}
	score, ok := r.board.of(ScoreLips, Whole)
	switch {
	case !ok, score.Checked && (score.Value < doubtful || score.Value >= check.Threshold):
		return false
	case !score.Checked:
		if unseen, n := r.unread(); unseen*DigitsUnseen > n+len(r.sparePhrase) {
			return false
		}
	}
	r.add(r.sparePhrase)
	r.sparePhrase = nil
	return true
}

// unread is for how many of the n digits that were asked the mouth was not seen.
func (r *run) unread() (unseen, n int) {
	for i, s := range r.steps {
		if s.Kind != StepDigit {
			continue
		}
		n++
		if score, ok := r.board.of(ScoreLips, i); !ok || !score.Checked {
			unseen++
		}
	}
	return unseen, n
}

// add appends spare steps to the challenge.
func (r *run) add(some []Step) {
	r.steps = append(r.steps, some...)
	r.seen = append(r.seen, make([]int, len(some))...)
	c := &r.course
	c.steps, c.due = r.steps, c.time+c.timing.Pause
}
