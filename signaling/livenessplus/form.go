package livenessplus

import (
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"

	"vivavoce/signaling/packet"
)

// Bounds of a form.
const (
	maxSelfie = 2 << 20 // bytes, as the public page has it
	maxText   = 1024
	maxForm   = packet.MaxBytes + maxSelfie + 64<<10
)

// errForm is what is wrong with a form; its text is for the caller.
type errForm struct {
	status int
	detail string
}

func (e errForm) Error() string { return e.detail }

func badForm(format string, args ...any) errForm {
	return errForm{http.StatusBadRequest, fmt.Sprintf(format, args...)}
}

// form is what was posted. Fields that are not known are skipped.
type form map[string][]byte

// limits are those of the known fields, in bytes.
func limits() map[string]int64 {
	return map[string]int64{
		"encrypted_file": packet.MaxBytes, "selfie": maxSelfie,
		"details": maxText, "return_id": maxText, "citizen_id": maxText, "device": maxText,
	}
}

// readForm reads the known fields, each once.
func readForm(parts *multipart.Reader) (form, error) {
	f := form{}
	known := limits()
	for {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return f, nil
		}
		if err != nil {
			return nil, formError(err)
		}
		name := part.FormName()
		most, ok := known[name]
		if !ok {
			continue
		}
		if _, twice := f[name]; twice {
			return nil, badForm("%s is there twice", name)
		}
		data, err := io.ReadAll(io.LimitReader(part, most+1))
		if err != nil {
			return nil, formError(err)
		}
		if int64(len(data)) > most {
			return nil, errForm{http.StatusRequestEntityTooLarge, name + " is too large"}
		}
		f[name] = data
	}
}

func formError(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return errForm{http.StatusRequestEntityTooLarge, "the form is too large"}
	}
	return badForm("not multipart/form-data, or cut short")
}

// is reads a boolean, as JavaScript and Python write it. One that is not there is false.
func (f form) is(name string) (bool, error) {
	switch strings.ToLower(strings.TrimSpace(string(f[name]))) {
	case "true", "1":
		return true, nil
	case "", "false", "0":
		return false, nil
	}
	return false, badForm("%s is true or false", name)
}

// text reads a short text.
func (f form) text(name string) string { return strings.TrimSpace(string(f[name])) }

// asked is what a form wants.
type asked struct {
	packet  []byte
	details bool
	id      bool
}

func (f form) asked() (a asked, err error) {
	var ok bool
	if a.packet, ok = f["encrypted_file"]; !ok {
		return a, badForm("encrypted_file is missing")
	}
	if a.details, err = f.is("details"); err != nil {
		return a, err
	}
	a.id, err = f.is("return_id")
	return a, err
}
