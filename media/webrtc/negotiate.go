package webrtc

import (
	"context"
	"errors"
	"fmt"
	"strings"

	pion "github.com/pion/webrtc/v4"
)

// Answer answers an offer. A second one renegotiates: after a restart of ICE in
// the browser, the media goes on over the new path. An offer over a limit leaves
// the peer as it was; after any other error, close it.
func (p *Peer) Answer(ctx context.Context, offer string) (string, error) {
	p.answerMu.Lock()
	defer p.answerMu.Unlock()
	answer, err := p.negotiate(ctx, offer)
	if err != nil {
		return "", fmt.Errorf("answer offer: %w", err)
	}
	return answer, nil
}

func (p *Peer) negotiate(ctx context.Context, offer string) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	cleaned, candidates, err := checkOffer(offer, p.engine.options.mayName)
	if err != nil {
		return "", err
	}
	if err := p.admit(candidates); err != nil {
		return "", err
	}
	p.mu.Lock()
	p.answered = false
	p.mu.Unlock()
	if err := p.pc.SetRemoteDescription(pion.SessionDescription{Type: pion.SDPTypeOffer, SDP: cleaned}); err != nil {
		return "", badSDP(err)
	}
	answer, err := p.pc.CreateAnswer(nil)
	if err != nil {
		return "", badSDP(err)
	}
	// Checked before it is set: without a codec there is nothing to connect for.
	start, most := p.engine.options.StartBitrate, p.engine.options.SendBitrate
	if _, err := finishAnswer(answer.SDP, start, most); err != nil {
		return "", err
	}
	gathered := pion.GatheringCompletePromise(p.pc)
	if err := p.pc.SetLocalDescription(answer); err != nil {
		return "", badSDP(err)
	}
	p.addEarly()
	select {
	case <-gathered:
	case <-ctx.Done():
		return "", ctx.Err()
	}
	p.mu.Lock()
	p.answered = true
	p.mu.Unlock()
	return finishAnswer(p.pc.LocalDescription().SDP, start, most)
}

// badSDP: what pion refuses is the offer's fault, but for a peer that is closed.
func badSDP(err error) error {
	if errors.Is(err, pion.ErrConnectionClosed) {
		return ErrClosed
	}
	return fmt.Errorf("%w: %w", ErrBadSDP, err)
}

// admit counts n more candidates.
func (p *Peer) admit(n int) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.closed:
		return ErrClosed
	case p.candidates+n > maxCandidates:
		return fmt.Errorf("%d candidates, at most %d: %w", p.candidates+n, maxCandidates, ErrTooMany)
	}
	p.candidates += n
	return nil
}

// AddCandidate takes one of the browser's candidates. Those that come before the
// offer wait for it.
func (p *Peer) AddCandidate(c Candidate) error {
	if n := len(c.Candidate) + len(c.SDPMid); n > maxCandidate {
		return fmt.Errorf("add candidate of %d bytes, at most %d: %w", n, maxCandidate, ErrTooLarge)
	}
	if err := p.admit(1); err != nil {
		return fmt.Errorf("add candidate: %w", err)
	}
	p.mu.Lock()
	wait := !p.described
	if wait {
		p.early = append(p.early, c) // bounded by admit
	}
	p.mu.Unlock()
	if wait {
		return nil
	}
	return p.add(c)
}

func (p *Peer) add(c Candidate) error {
	if strings.ContainsAny(c.Candidate, "\r\n") {
		return fmt.Errorf("add candidate: line break: %w", ErrBadCandidate)
	}
	if !p.engine.options.mayName(c.Candidate) {
		p.log.Debug("candidate_ignored")
		return nil
	}
	line := uint16(c.SDPMLineIndex)
	init := pion.ICECandidateInit{Candidate: c.Candidate, SDPMid: &c.SDPMid, SDPMLineIndex: &line}
	switch err := p.pc.AddICECandidate(init); {
	case errors.Is(err, pion.ErrConnectionClosed):
		return fmt.Errorf("add candidate: %w", ErrClosed)
	case err != nil:
		return fmt.Errorf("add candidate: %w: %w", ErrBadCandidate, err)
	}
	return nil
}

func (p *Peer) addEarly() {
	p.mu.Lock()
	early := p.early
	p.early, p.described = nil, true
	p.mu.Unlock()
	for _, c := range early {
		if err := p.add(c); err != nil {
			p.log.Debug("early_candidate_refused", "err", err)
		}
	}
}

// gathered is told our own candidates; nil ends them.
func (p *Peer) gathered(c *pion.ICECandidate) {
	p.mu.Lock()
	late := p.answered || c == nil
	p.mu.Unlock()
	if !late || p.options.OnCandidate == nil {
		return
	}
	if c == nil {
		p.options.OnCandidate(Candidate{})
		return
	}
	p.options.OnCandidate(candidateOf(c.ToJSON()))
}

func candidateOf(init pion.ICECandidateInit) Candidate {
	c := Candidate{Candidate: init.Candidate}
	if init.SDPMid != nil {
		c.SDPMid = *init.SDPMid
	}
	if init.SDPMLineIndex != nil {
		c.SDPMLineIndex = int(*init.SDPMLineIndex)
	}
	return c
}
