package signaling

import (
	"net/http"
)

// Code is a stable error code of protocol.md §6.
type Code string

// The error codes.
const (
	CodeBadRequest         Code = "bad_request"
	CodeUnauthorized       Code = "unauthorized"
	CodeForbidden          Code = "forbidden"
	CodeNotFound           Code = "not_found"
	CodeMethodNotAllowed   Code = "method_not_allowed"
	CodeTooLarge           Code = "too_large"
	CodeBusy               Code = "busy"
	CodeFull               Code = "full"
	CodeDraining           Code = "draining"
	CodeUnknownType        Code = "unknown_type"
	CodeUnsupportedVersion Code = "unsupported_version"
	CodeMalformed          Code = "malformed"
	CodeOutOfOrder         Code = "out_of_order"
	CodeTooMany            Code = "too_many"
	CodeTooSlow            Code = "too_slow"
	CodeBadSDP             Code = "bad_sdp"
	CodeTimeout            Code = "timeout"
	CodeMediaFailed        Code = "media_failed"
	CodeCameraAbsent       Code = "camera_absent"
	CodeCameraBusy         Code = "camera_busy"
	CodeCameraUnplugged    Code = "camera_unplugged"
	CodeConflict           Code = "conflict"
	CodeLockedOut          Code = "locked_out"
	CodeUnavailable        Code = "unavailable"
	CodeInternal           Code = "internal"
)

// status is the HTTP status of the code; 500 for codes that only exist on the
// WebSocket.
func (c Code) status() int {
	switch c {
	case CodeBadRequest:
		return http.StatusBadRequest
	case CodeUnauthorized:
		return http.StatusUnauthorized
	case CodeForbidden:
		return http.StatusForbidden
	case CodeNotFound:
		return http.StatusNotFound
	case CodeMethodNotAllowed:
		return http.StatusMethodNotAllowed
	case CodeBusy, CodeConflict:
		return http.StatusConflict
	case CodeTooLarge:
		return http.StatusRequestEntityTooLarge
	case CodeTooMany, CodeLockedOut:
		return http.StatusTooManyRequests
	case CodeFull, CodeDraining, CodeUnavailable:
		return http.StatusServiceUnavailable
	default:
		return http.StatusInternalServerError
	}
}

// closeCode is the WebSocket close code (RFC 6455 §7.4) when the code ends a
// connection; 4000–4999 are for applications.
func (c Code) closeCode() int {
	switch c {
	case "":
		return 1000
	case CodeDraining:
		return 1001
	case CodeTooLarge:
		return 1009
	case CodeFull:
		return 1013
	case CodeUnauthorized:
		return 4401
	case CodeNotFound:
		return 4404
	case CodeTimeout:
		return 4408
	case CodeBusy:
		return 4409
	case CodeMediaFailed, CodeCameraUnplugged:
		return 4410
	case CodeTooSlow:
		return 4411
	case CodeTooMany:
		return 4429
	case CodeUnsupportedVersion, CodeMalformed, CodeBadSDP:
		return 4400
	default:
		return 1011
	}
}

// fatal says whether the code ends the connection it is told on. malformed does so
// only after [maxMalformed].
func (c Code) fatal() bool {
	switch c {
	case CodeUnknownType, CodeOutOfOrder, CodeMalformed, CodeCameraAbsent, CodeCameraBusy:
		return false
	default:
		return true
	}
}

// ProtocolError says why a message was refused, with the code that answers it.
type ProtocolError struct {
	Code   Code
	Detail string // English, for logs; never the message's own values
}

// Error implements error.
func (e *ProtocolError) Error() string { return string(e.Code) + ": " + e.Detail }
