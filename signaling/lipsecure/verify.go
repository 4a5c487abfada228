package lipsecure

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"slices"
	"time"

	"vivavoce/pipeline"
	"vivavoce/pipeline/quality"
	"vivavoce/signaling/auth"
	"vivavoce/signaling/store"
)

// Job is what a worker is told of a video.
type Job struct {
	Phrase string `json:"phrase"`
}

// Seen is what a worker says of a video.
type Seen struct {
	Fault      string                    `json:"fault,omitempty"` // why it could not be watched: unreadable or too_long
	Seconds    float64                   `json:"seconds"`
	Hints      map[pipeline.HintCode]int `json:"hints,omitempty"` // how often each came up
	Reasons    []pipeline.Reason         `json:"reasons,omitempty"`
	Read       bool                      `json:"read"` // the lips were
	Confidence int                       `json:"confidence"`
}

// The faults of a video.
const (
	Unreadable = "unreadable"
	TooLong    = "too_long"
)

// What is wrong with an upload.
var (
	errNoFile   = errors.New("no field \"file\"")
	errTwoFiles = errors.New("more than one field \"file\"")
	errForm     = errors.New("not multipart/form-data, or cut short")
)

// verify judges the video of a transaction.
func (s *Server) verify(w http.ResponseWriter, r *http.Request, t auth.Tenant) reply {
	zero := 0
	refuse := func(e replyError) reply { return reply{Confidence: &zero, Error: e} }
	if r.ContentLength > s.o.MaxBytes+formBytes {
		return refuse(clientError(http.StatusRequestEntityTooLarge, "Bad Request: the video is too large"))
	}
	id := r.PathValue("id")
	tx, refused := s.take(r.Context(), id, t.Name)
	if refused != nil {
		return refuse(*refused)
	}
	answer := reply{TransactionID: id, Phrase: tx.Phrase, Confidence: &zero}
	seen, err := s.watch(w, r, tx.Phrase)
	if err == nil {
		answer.Error = seen.userError(len(tx.Phrase))
	} else {
		answer.Error = s.uploadError(err)
	}
	// A confidence is told only when the transaction is used up for good.
	if err := s.give(context.WithoutCancel(r.Context()), id, tx, answer.Error.Type); err != nil {
		f := s.fault("use the transaction up", err)
		return refuse(f.Error)
	}
	if answer.Error.Type == "" {
		answer.Confidence = &seen.Confidence
	}
	return answer
}

// errLate says that a call took longer than its transaction was its own.
var errLate = errors.New("the transaction is another call's by now")

// give notes how a call ended whose transaction it was.
func (s *Server) give(ctx context.Context, id string, tx transaction, kind string) error {
	late := false
	err := s.transactions.Change(ctx, id, func(t *transaction) {
		if late = !t.Busy.Equal(tx.Busy); late {
			return
		}
		t.Busy = time.Time{}
		switch kind {
		case "":
			t.Used = true
		case "user":
			t.Tries++
		}
	})
	if err == nil && late {
		err = errLate
	}
	return err
}

// take makes the transaction this call's: of two that come together one gets it.
func (s *Server) take(ctx context.Context, id, tenant string) (transaction, *replyError) {
	bad := func(message string) (transaction, *replyError) {
		e := clientError(http.StatusBadRequest, "Bad Request: "+message)
		return transaction{}, &e
	}
	if !isUUID(id) {
		return bad("no such transaction")
	}
	tx, revision, err := s.transactions.Get(ctx, id)
	now := time.Now()
	switch {
	case errors.Is(err, store.ErrNotFound), err == nil && tx.Tenant != tenant:
		return bad("no such transaction")
	case err != nil:
		f := s.fault("find the transaction", err).Error
		return tx, &f
	case now.After(tx.Expires):
		return bad("the transaction has expired")
	case tx.Used:
		return bad("the transaction has been verified")
	case tx.Tries >= maxTries:
		return bad("the transaction had too many tries")
	case now.Before(tx.Busy):
		return bad("a video of the transaction is being verified")
	}
	tx.Busy = now.Add(s.o.Upload + watching)
	switch err := s.transactions.Update(ctx, id, tx, revision); {
	case errors.Is(err, store.ErrChanged):
		return bad("a video of the transaction is being verified")
	case err != nil:
		f := s.fault("take the transaction", err).Error
		return tx, &f
	}
	return tx, nil
}

const (
	formBytes = 64 << 10         // of a form around its video
	watching  = 90 * time.Second // for a video to be judged, waiting included
	answering = 10 * time.Second // for the reply to go, after the longest of both
)

// watch sends the video of the form to a worker.
func (s *Server) watch(w http.ResponseWriter, r *http.Request, phrase string) (seen Seen, err error) {
	c := http.NewResponseController(w)
	_ = c.SetReadDeadline(time.Now().Add(s.o.Upload)) // net/http's has deadlines, a test's recorder not
	_ = c.SetWriteDeadline(time.Now().Add(s.o.Upload + watching + answering))
	r.Body = http.MaxBytesReader(w, r.Body, s.o.MaxBytes+formBytes)
	form, err := r.MultipartReader()
	if err != nil {
		return seen, errForm
	}
	video, err := openVideo(form)
	if err != nil {
		return seen, err
	}
	job, err := json.Marshal(Job{phrase})
	if err != nil {
		return seen, err
	}
	ctx, stop := context.WithTimeout(r.Context(), s.o.Upload+watching)
	defer stop()
	answer, err := s.o.Videos.Judge(ctx, job, video)
	if err != nil {
		return seen, err
	}
	if err := json.Unmarshal(answer, &seen); err != nil {
		return seen, fmt.Errorf("read what was seen: %w", err)
	}
	return seen, nil
}

// formVideo is the file of a form, and sees to it that it is the only one.
type formVideo struct {
	form *multipart.Reader
	part *multipart.Part
}

// openVideo skips to the field "file". Other fields are ignored.
func openVideo(form *multipart.Reader) (*formVideo, error) {
	part, err := nextFile(form)
	if errors.Is(err, io.EOF) {
		return nil, errNoFile
	}
	return &formVideo{form, part}, err
}

func nextFile(form *multipart.Reader) (*multipart.Part, error) {
	for {
		part, err := form.NextRawPart()
		var tooLarge *http.MaxBytesError
		switch {
		case errors.Is(err, io.EOF), errors.As(err, &tooLarge):
			return nil, err
		case err != nil:
			return nil, errForm
		case part.FormName() == "file":
			return part, nil
		}
	}
}

// Read implements io.Reader.
func (v *formVideo) Read(p []byte) (int, error) {
	n, err := v.part.Read(p)
	var tooLarge *http.MaxBytesError
	switch {
	case err == nil, errors.As(err, &tooLarge):
		return n, err
	case !errors.Is(err, io.EOF):
		return n, errForm
	}
	if _, err := nextFile(v.form); !errors.Is(err, io.EOF) {
		if err == nil {
			err = errTwoFiles
		}
		return n, err
	}
	return n, io.EOF
}

// uploadError is for videos that no worker has watched.
func (s *Server) uploadError(err error) replyError {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return clientError(http.StatusRequestEntityTooLarge, "Bad Request: the video is too large")
	case errors.Is(err, errNoFile), errors.Is(err, errTwoFiles), errors.Is(err, errForm):
		return clientError(http.StatusBadRequest, "Bad Request: "+err.Error())
	case errors.Is(err, store.ErrPoison):
		return clientError(http.StatusBadRequest, "Bad Request: the video cannot be read")
	case errors.Is(err, context.Canceled): // nobody reads it
		return clientError(http.StatusBadRequest, "Bad Request: cancelled")
	case errors.Is(err, context.DeadlineExceeded):
		return serverError(http.StatusServiceUnavailable, "Service Unavailable: too many videos wait")
	}
	return s.fault("watch the video", err).Error
}

// fastest is how long a digit takes who hurries: four a second.
const fastest = 0.25 // s

// userError says what the user should do better, or that there is a confidence.
func (v Seen) userError(digits int) replyError {
	hinted := func(codes ...pipeline.HintCode) bool {
		return slices.ContainsFunc(codes, func(c pipeline.HintCode) bool { return v.Hints[c] > 0 })
	}
	switch {
	case v.Fault == TooLong:
		return tooLong()
	case v.Fault != "":
		return clientError(http.StatusBadRequest, "Bad Request: the video cannot be read")
	case v.Seconds < fastest*float64(digits):
		return tooShort()
	case hinted(quality.SeveralFaces):
		return severalFaces()
	case v.Read && !slices.Contains(v.Reasons, pipeline.LipsUnreadable):
		return fine()
	case hinted(quality.TooDark, quality.TooBright, quality.BackLit):
		return tooDark()
	case !v.Read || hinted(quality.NoFace, quality.MouthHidden, quality.TurnToCamera):
		return notPresented()
	}
	return noSpeech()
}
