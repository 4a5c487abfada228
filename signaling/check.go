package signaling

// The bounds of what a page may say. Each check returns a *ProtocolError or nil.

func (m Hello) check() error {
	if m.Token == "" || len(m.Token) > maxToken {
		return malformed("hello: token is empty or too long")
	}
	if m.Client != nil && len(m.Client.Name)+len(m.Client.Version) > maxLabel {
		return malformed("hello: client is too long")
	}
	return nil
}

func (m Offer) check() error   { return checkSDP("offer", m.SDP) }
func (m Restart) check() error { return checkSDP("restart", m.SDP) }

func checkSDP(kind, sdp string) error {
	if sdp == "" || len(sdp) > maxSDP {
		return malformed("%s: sdp is empty or too long", kind)
	}
	return nil
}

func (m Candidate) check() error {
	if len(m.Candidate) > maxCandidate {
		return malformed("candidate: too long")
	}
	if m.SDPMid != nil && len(*m.SDPMid) > maxLabel {
		return malformed("candidate: sdp_mid is too long")
	}
	if i := m.SDPMLineIndex; i != nil && (*i < 0 || *i > maxIndex) {
		return malformed("candidate: sdp_mline_index is out of range")
	}
	return nil
}

func (m PromptShown) check() error {
	if m.Index < 0 || m.Index > maxIndex {
		return malformed("prompt_shown: index is out of range")
	}
	return nil
}

func (m LightShown) check() error {
	if m.Index < 0 || m.Index > maxIndex {
		return malformed("light_shown: index is out of range")
	}
	return nil
}

func (m Device) check() error {
	if len(m.Label) > maxLabel || len(m.FacingMode) > maxLabel {
		return malformed("device: label or facing_mode is too long")
	}
	if m.Width < 0 || m.Width > maxPixels || m.Height < 0 || m.Height > maxPixels {
		return malformed("device: width or height is out of range")
	}
	if !(m.FrameRate >= 0 && m.FrameRate <= maxIndex) {
		return malformed("device: frame_rate is out of range")
	}
	return nil
}

func (m Bye) check() error {
	switch m.Reason {
	case "", "cancelled", "camera_lost", "navigated":
		return nil
	}
	return malformed("bye: unknown reason")
}
