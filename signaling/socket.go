package signaling

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/time/rate"
)

// maxMalformed is how many malformed messages a page may send: some for a page
// with a fault, not enough for a search.
const maxMalformed = 10

// socket is a page's WebSocket. One goroutine receives, one writes; send and finish
// are for any.
type socket struct {
	conn    *websocket.Conn
	out     *outbox
	rate    *rate.Limiter
	timing  Timing
	metrics *Metrics

	malformed int // received so far

	mu        sync.Mutex
	until     time.Time // no read deadline is later; zero: none
	finishing bool      // the read deadline is set for good
}

func newSocket(conn *websocket.Conn, o *Options) *socket {
	k := &socket{
		conn:    conn,
		out:     newOutbox(o.Limits.QueuedToPage),
		rate:    messageRate(o.Limits.Messages),
		timing:  o.Timing,
		metrics: o.Metrics,
	}
	k.conn.SetPongHandler(func(string) error { k.heard(k.timing.Silence); return nil })
	return k
}

// messageRate allows so many messages a second, and three seconds' worth at once:
// an offer and its candidates come together.
func messageRate(perSecond int) *rate.Limiter {
	return rate.NewLimiter(rate.Limit(perSecond), 3*perSecond)
}

// send queues m for the page.
func (k *socket) send(m Message) error {
	data, err := Encode(m)
	if err != nil {
		return err
	}
	return k.out.put(data)
}

// finish sends the last messages, closes with the code's close code, and gives the
// page a moment to answer.
func (k *socket) finish(c Code, last ...Message) {
	var all [][]byte
	for _, m := range last {
		if data, err := Encode(m); err == nil { // all ours, and golden
			all = append(all, data)
		}
	}
	k.out.close(c, all...)
}

// write sends what is queued and pings until finish. It returns an error when the
// page is gone.
func (k *socket) write() error {
	ping := time.NewTicker(k.timing.Ping)
	defer ping.Stop()
	for {
		data, closed, why := k.out.take()
		switch {
		case closed:
			return k.close(why)
		case data != nil:
			if err := k.writeOne(data); err != nil {
				return err
			}
			continue
		}
		select {
		case <-k.out.wake:
		case <-ping.C:
			if err := k.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(k.timing.Write)); err != nil {
				return fmt.Errorf("ping the page: %w", err)
			}
		}
	}
}

func (k *socket) writeOne(data []byte) error {
	if err := k.conn.SetWriteDeadline(time.Now().Add(k.timing.Write)); err != nil {
		return fmt.Errorf("write to the page: %w", err)
	}
	if err := k.conn.WriteMessage(websocket.TextMessage, data); err != nil {
		return fmt.Errorf("write to the page: %w", err)
	}
	return nil
}

// close says goodbye; the reader then sees the page's answer, or the deadline.
func (k *socket) close(why Code) error {
	k.lastDeadline(k.timing.Linger)
	frame := websocket.FormatCloseMessage(why.closeCode(), string(why))
	if err := k.conn.WriteControl(websocket.CloseMessage, frame, time.Now().Add(k.timing.Write)); err != nil {
		return fmt.Errorf("close to the page: %w", err)
	}
	return nil
}

// receive gives each good message to handle until the page is gone, misbehaves for
// good, or handle returns an error that is not a [ProtocolError]. Errors that do
// not end the connection are answered.
func (k *socket) receive(handle func(Message) error) error {
	for {
		m, err := k.next()
		if err == nil {
			err = handle(m)
		}
		var p *ProtocolError
		switch {
		case err == nil:
			continue
		case !errors.As(err, &p):
			return err
		}
		if p.Code == CodeMalformed {
			k.malformed++
		}
		if p.Code.fatal() || k.malformed >= maxMalformed {
			return p
		}
		k.metrics.failed(p.Code)
		if err := k.send(Error{Code: p.Code, Text: p.Detail}); err != nil {
			return err
		}
	}
}

// next reads one message.
func (k *socket) next() (Message, error) {
	kind, r, err := k.conn.NextReader()
	if err != nil {
		return nil, fmt.Errorf("read from the page: %w", err)
	}
	// Counted before it is read and decoded: a flood costs us as little as can be.
	if !k.rate.Allow() {
		return nil, &ProtocolError{CodeTooMany, "more messages than a page may send"}
	}
	if kind != websocket.TextMessage {
		return nil, malformed("not a text message")
	}
	data, err := io.ReadAll(io.LimitReader(r, MaxMessage+1))
	if err != nil {
		return nil, fmt.Errorf("read from the page: %w", err)
	}
	k.heard(k.timing.Silence)
	return DecodePage(data)
}

// drain reads and forgets until the page closes or the deadline passes: closing on
// unread bytes would reset the connection, and the page lose its verdict.
func (k *socket) drain() {
	for {
		if _, _, err := k.conn.NextReader(); err != nil {
			return
		}
	}
}

// heard moves the read deadline, unless the connection is finishing.
func (k *socket) heard(d time.Duration) { k.deadline(d, false) }

// lastDeadline sets the read deadline for the last time.
func (k *socket) lastDeadline(d time.Duration) { k.deadline(d, true) }

func (k *socket) deadline(d time.Duration, last bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.finishing {
		return
	}
	k.finishing = last
	at := time.Now().Add(d)
	if !k.until.IsZero() && k.until.Before(at) {
		at = k.until
	}
	// An error means that the connection is closed, which the reader sees.
	_ = k.conn.NetConn().SetReadDeadline(at)
}

// bound lets no read deadline be later than at; the zero time takes that back.
func (k *socket) bound(at time.Time) {
	k.mu.Lock()
	k.until = at
	k.mu.Unlock()
	k.heard(k.timing.Silence)
}

// run writes until the end and calls talk, which reads. The connection is closed
// when both are done. talk's ctx ends when the page does not take what it is sent.
func (k *socket) run(ctx context.Context, talk func(context.Context)) {
	ctx, cancel := context.WithCancelCause(ctx)
	var writer sync.WaitGroup
	writer.Go(func() {
		if err := k.write(); err != nil {
			cancel(&ending{State: StateFailed, Reason: reasonDisconnected, Err: err})
			k.lastDeadline(0)
		}
	})
	talk(ctx)
	k.finish("") // for a talk that did not
	writer.Wait()
	k.drain()
	cancel(nil)
	// The page may have closed first; nothing is left to say.
	_ = k.conn.Close()
}
