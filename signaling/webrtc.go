package signaling

import (
	"context"
	"errors"
	"log/slog"

	"vivavoce/media/webrtc"
)

// WebRTC makes sessions' peers on engine.
func WebRTC(engine *webrtc.Engine, log *slog.Logger) func(PeerOptions) (Peer, error) {
	return func(o PeerOptions) (Peer, error) {
		made, err := engine.NewPeer(webrtc.PeerOptions{
			Logger: log.With("session", o.Session),
			OnCandidate: func(c webrtc.Candidate) {
				o.OnCandidate(Candidate{Candidate: c.Candidate, SDPMid: &c.SDPMid, SDPMLineIndex: &c.SDPMLineIndex})
			},
		})
		if err != nil {
			return nil, err
		}
		return &peer{made}, nil
	}
}

// peer speaks signaling's words for a webrtc.Peer.
type peer struct{ *webrtc.Peer }

// Answer implements Peer.
func (p *peer) Answer(ctx context.Context, offer string) (string, error) {
	answer, err := p.Peer.Answer(ctx, offer)
	return answer, coded(err)
}

// AddCandidate implements Peer.
func (p *peer) AddCandidate(c Candidate) error {
	k := webrtc.Candidate{Candidate: c.Candidate}
	if c.SDPMid != nil {
		k.SDPMid = *c.SDPMid
	}
	if c.SDPMLineIndex != nil {
		k.SDPMLineIndex = *c.SDPMLineIndex
	}
	return coded(p.Peer.AddCandidate(k))
}

// Run implements Media.
func (p *peer) Run(ctx context.Context) error { return coded(p.Peer.Run(ctx)) }

// Drops counts what was dropped on the way, by reason.
func (p *peer) Drops() map[string]uint64 { return p.Stats().Drops.ByReason() }

// coded gives an error of the peer the code that the page is told.
func coded(err error) error {
	for _, c := range []struct {
		is   error
		code Code
	}{
		{webrtc.ErrBadSDP, CodeBadSDP},
		{webrtc.ErrNoVideo, CodeBadSDP},
		{webrtc.ErrTooManyTracks, CodeBadSDP},
		{webrtc.ErrNoCodec, CodeBadSDP},
		{webrtc.ErrTooLarge, CodeTooLarge},
		{webrtc.ErrTooMany, CodeTooMany},
		{webrtc.ErrBadCandidate, CodeMalformed},
		{webrtc.ErrNoMedia, CodeMediaFailed},
		{webrtc.ErrFailed, CodeMediaFailed},
		{webrtc.ErrHungUp, CodeMediaFailed},
		{webrtc.ErrOverRate, CodeMediaFailed},
		{webrtc.ErrResolution, CodeMediaFailed},
	} {
		if errors.Is(err, c.is) {
			return &MediaError{Code: c.code, Err: err}
		}
	}
	return err
}
