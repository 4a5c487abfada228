package livenessplus

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"vivavoce/signaling/auth"
	"vivavoce/signaling/packet"
)

// looking is how long a packet may be judged, waiting included.
const looking = 10 * time.Second

// liveness is POST /api/v3/biometrics/liveness/.
func (s *Server) liveness(w http.ResponseWriter, r *http.Request, c auth.Caller) {
	s.answer(w, r, c, "liveness", func(form, *record) (selfie []byte, err error) { return nil, nil })
}

// nationals is POST /api/v3/biometrics/nationals/: the same check, of a packet whose photo is the selfie.
func (s *Server) nationals(w http.ResponseWriter, r *http.Request, c auth.Caller) {
	s.answer(w, r, c, "nationals", func(f form, about *record) ([]byte, error) {
		citizen := f.text("citizen_id")
		about.Device = f.text("device")
		selfie, ok := f["selfie"]
		switch {
		case !ok:
			return nil, badForm("selfie is missing")
		case citizen == "" || len(citizen) > 64:
			return nil, badForm("citizen_id has 1 to 64 bytes")
		}
		switch about.Device {
		case "", "DESKTOP", "IOS", "ANDROID":
		default:
			return nil, badForm("device is DESKTOP, IOS or ANDROID")
		}
		about.Citizen = s.records.pseudonym(about.Tenant, citizen)
		return selfie, nil
	})
}

// foreigners is POST /api/v3/biometrics/foreigners/, which compares a face with a document.
func (s *Server) foreigners(w http.ResponseWriter, _ *http.Request, _ auth.Caller) {
	fail(w, http.StatusNotImplemented, "this server reads no documents and compares no faces: POST liveness/ for the liveness check alone")
}

// answer reads a form, judges its packet and answers. own reads what only one of the calls has.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, c auth.Caller, call string, own func(form, *record) ([]byte, error)) {
	if !s.rates.Allow(c.Tenant.Name, c.Tenant.PerMinute) {
		busy(w, http.StatusTooManyRequests, "more calls in a minute than the tenant may make")
		return
	}
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	default:
		busy(w, http.StatusServiceUnavailable, "too many forms at once")
		return
	}
	about := record{Tenant: c.Tenant.Name, Call: call, At: time.Now().UTC()}
	f, err := s.read(w, r)
	var a asked
	var selfie []byte
	if err == nil {
		a, err = f.asked()
	}
	if err == nil {
		selfie, err = own(f, &about)
	}
	if err != nil {
		s.refuse(w, err)
		return
	}
	ctx, stop := context.WithTimeout(r.Context(), looking)
	defer stop()
	v, err := s.judge(ctx, a.packet, selfie)
	if err != nil {
		s.refuse(w, err)
		return
	}
	about.Code, about.Why, about.Face, about.Capture = v.code, v.why, decimal(v.face.Value), decimal(v.capture.Value)
	id, err := s.records.keep(ctx, about)
	if err != nil {
		s.fault(w, "keep a packet", err)
		return
	}
	s.o.Judged(outcome(v.code), v.why)
	reply := v.reply(a)
	if a.id {
		reply.ID = id
	}
	if call == "nationals" {
		reply.Registry = "none"
	}
	write(w, http.StatusOK, reply)
}

func outcome(c code) string {
	if c == 0 {
		return "valid"
	}
	return strconv.Itoa(int(c))
}

// read reads the form within its time and size.
func (s *Server) read(w http.ResponseWriter, r *http.Request) (form, error) {
	if r.ContentLength > maxForm {
		return nil, errForm{http.StatusRequestEntityTooLarge, "the form is too large"}
	}
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(s.o.Upload)) // net/http's has deadlines, a test's recorder not
	_ = control.SetWriteDeadline(time.Now().Add(s.o.Upload + 2*looking))
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, badForm("not multipart/form-data")
	}
	return readForm(parts)
}

// judge opens the packet and looks into it. What is wrong with the packet or its pictures is a verdict.
func (s *Server) judge(ctx context.Context, data, selfie []byte) (verdict, error) {
	p, opened := s.opener.Open(ctx, data, time.Now())
	for _, unread := range []error{packet.ErrMalformed, packet.ErrKey, packet.ErrAltered, packet.ErrStale} {
		if errors.Is(opened, unread) {
			return verdict{code: unreadable, why: unread.Error()}, nil
		}
	}
	if opened != nil && !errors.Is(opened, packet.ErrReplayed) && !errors.Is(opened, packet.ErrNonce) {
		return verdict{}, opened
	}
	seen, err := s.o.Look(ctx, p, selfie)
	switch {
	case errors.Is(err, ErrPicture):
		return verdict{code: unreadable, why: "picture"}, nil
	case errors.Is(err, context.DeadlineExceeded):
		return verdict{code: processing, why: "late"}, nil
	case err != nil:
		return verdict{}, err
	}
	return judge(seen, opened), nil
}

// refuse answers a call that came to no verdict.
func (s *Server) refuse(w http.ResponseWriter, err error) {
	var bad errForm
	switch {
	case errors.As(err, &bad):
		fail(w, bad.status, bad.detail)
	case errors.Is(err, ErrBusy):
		busy(w, http.StatusServiceUnavailable, "too many pictures wait to be looked at")
	case errors.Is(err, context.Canceled): // nobody reads it
		fail(w, http.StatusBadRequest, "cancelled")
	default:
		s.fault(w, "judge a packet", err)
	}
}
