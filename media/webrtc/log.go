package webrtc

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/pion/logging"
)

// pionLog gives pion's warnings and errors to slog, as debug lines: a client can
// cause any of them, as often as it likes. What is below a warning holds
// addresses and is said per packet; it is dropped unformatted.
type pionLog struct{ log *slog.Logger }

// NewLogger implements logging.LoggerFactory.
func (l pionLog) NewLogger(scope string) logging.LeveledLogger {
	return leveled{l.log.With("pion", scope)}
}

type leveled struct{ log *slog.Logger }

func (l leveled) Trace(string)          {}
func (l leveled) Tracef(string, ...any) {}
func (l leveled) Debug(string)          {}
func (l leveled) Debugf(string, ...any) {}
func (l leveled) Info(string)           {}
func (l leveled) Infof(string, ...any)  {}

func (l leveled) Warn(msg string)           { l.say("pion warned", "%s", msg) }
func (l leveled) Warnf(f string, a ...any)  { l.say("pion warned", f, a...) }
func (l leveled) Error(msg string)          { l.say("pion erred", "%s", msg) }
func (l leveled) Errorf(f string, a ...any) { l.say("pion erred", f, a...) }

func (l leveled) say(what, format string, args ...any) {
	if l.log.Enabled(context.Background(), slog.LevelDebug) {
		l.log.Debug(what, "message", fmt.Sprintf(format, args...))
	}
}
