package puppet

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"vivavoce/media"
	"vivavoce/media/codec"
	"vivavoce/media/webrtc"
	"vivavoce/pipeline"
	"vivavoce/signaling"
)

// call is one session from the puppet's side.
type call struct {
	o         Options
	conn      *websocket.Conn
	writing   sync.Mutex // one writer at a time, as gorilla asks
	publisher *webrtc.Publisher
	encoder   *codec.Encoder
	pool      media.Pool
	began     time.Time
	hearing   sync.Mutex // guards o.Scene
	keyAsked  atomic.Bool
	sent      time.Duration // of the newest picture, since began
	shown     chan shown    // prompts to acknowledge
}

// shown is that a prompt came.
type shown struct {
	index int
	at    time.Time
}

func newCall(ctx context.Context, o Options, conn *websocket.Conn) (*call, error) {
	if o.FPS == 0 {
		o.FPS = 30
	}
	if o.Codec == "" {
		o.Codec = "VP8"
	}
	if o.Kbps == 0 {
		o.Kbps = 1000
	}
	c := &call{o: o, conn: conn, began: time.Now(), shown: make(chan shown, 8)}
	var err error
	width, height := o.Scene.Size()
	c.encoder, err = codec.NewEncoder(codec.EncoderOptions{
		Codec: o.Codec, Width: width, Height: height, FPS: float64(o.FPS), BitrateKbps: o.Kbps,
	})
	if err != nil {
		return nil, err
	}
	_, voiced := o.Scene.(Voiced)
	c.publisher, err = webrtc.NewPublisher(webrtc.PublisherOptions{
		Audio: voiced,
		Codec: o.Codec, Loopback: true, Loss: o.Loss, Swap: o.Swap,
		OnCandidate: func(k webrtc.Candidate) {
			_ = c.send(signaling.Candidate{Candidate: k.Candidate, SDPMid: &k.SDPMid, SDPMLineIndex: &k.SDPMLineIndex})
		},
		OnKeyRequest: func() { c.keyAsked.Store(true) },
	})
	if err != nil {
		c.encoder.Close()
		return nil, err
	}
	return c, nil
}

func (c *call) close() {
	_ = c.publisher.Close()
	c.encoder.Close()
}

func (c *call) send(m signaling.Message) error {
	data, err := signaling.Encode(m)
	if err != nil {
		return err
	}
	c.writing.Lock()
	defer c.writing.Unlock()
	if err := c.conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return fmt.Errorf("send %s: %w", m.Type(), err)
	}
	if err := c.conn.WriteMessage(websocket.TextMessage, data); err != nil {
		return fmt.Errorf("send %s: %w", m.Type(), err)
	}
	return nil
}

// read handles the server's messages until it closes.
func (c *call) read(ctx context.Context, verdict **signaling.Verdict) error {
	for {
		_, data, err := c.conn.ReadMessage()
		if websocket.IsCloseError(err, websocket.CloseNormalClosure) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read from server: %w", err)
		}
		m, err := signaling.DecodeServer(data)
		if err != nil {
			return err
		}
		if c.o.Listen != nil {
			c.o.Listen(m)
		}
		if v, ok := m.(signaling.Verdict); ok {
			*verdict = &v
		}
		if err := c.handle(ctx, m); err != nil {
			return err
		}
	}
}

func (c *call) handle(ctx context.Context, m signaling.Message) error {
	switch m := m.(type) {
	case signaling.Welcome:
		offer, err := c.publisher.Offer(ctx, false)
		if err != nil {
			return err
		}
		return c.send(signaling.Offer{SDP: offer})
	case signaling.Answer:
		return c.publisher.Accept(m.SDP)
	case signaling.Candidate:
		k := webrtc.Candidate{Candidate: m.Candidate}
		if m.SDPMid != nil {
			k.SDPMid = *m.SDPMid
		}
		if m.SDPMLineIndex != nil {
			k.SDPMLineIndex = *m.SDPMLineIndex
		}
		return c.publisher.AddCandidate(k)
	case signaling.Prompt:
		return c.hear(ctx, m)
	case signaling.Error:
		if m.Fatal {
			return fmt.Errorf("server: %s: %s", m.Code, m.Text)
		}
	}
	return nil
}

// hear tells the scene of the prompt and has it acknowledged.
func (c *call) hear(ctx context.Context, p signaling.Prompt) error {
	step := pipeline.Step{Kind: p.Kind, Turn: p.Direction}
	if p.Digit != "" {
		digit, err := strconv.Atoi(p.Digit)
		if err != nil {
			return fmt.Errorf("prompt %d: digit: %w", p.Index, err)
		}
		step.Digit = digit
	}
	c.hearing.Lock()
	c.o.Scene.Hear(step, time.Since(c.began))
	c.hearing.Unlock()
	if c.o.NoAck {
		return nil
	}
	select {
	case c.shown <- shown{p.Index, time.Now()}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// refresh is how often the puppet's screen takes a new picture.
const refresh = time.Second / 60

// painted is when a page says that what came at a moment is on the screen: with the second picture after it (page/session.js).
func painted(at time.Time) time.Time { return at.Truncate(refresh).Add(2 * refresh) }

// acknowledge says that prompts were shown, late as the options have it, until ctx ends.
func (c *call) acknowledge(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case s := <-c.shown:
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(time.Until(painted(s.at).Add(c.o.AckLag))):
			}
			_ = c.send(signaling.PromptShown{Index: s.index}) // who reads is told of a call that is over
		}
	}
}

// film paints, encodes and sends pictures at the frame rate until ctx ends.
func (c *call) film(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-c.publisher.Connected():
	}
	period := time.Second / time.Duration(c.o.FPS)
	tick := time.NewTicker(period)
	defer tick.Stop()
	for {
		switch err := c.frame(); {
		case errors.Is(err, ErrDark):
			<-ctx.Done()
			return ctx.Err()
		case err != nil:
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// frame sends the picture of now, stamped with now, as a camera does: a machine that
// is late sends fewer pictures, not slower ones.
func (c *call) frame() error {
	f := c.pool.Get(c.o.Scene.Size())
	defer f.Release()
	f.PTS = time.Since(c.began).Truncate(time.Millisecond) // as browsers stamp
	c.publisher.Skip(f.PTS - c.sent)
	c.sent = f.PTS
	c.hearing.Lock()
	err := c.o.Scene.Paint(f, f.PTS)
	c.hearing.Unlock()
	if err != nil {
		return err
	}
	return c.encoder.Encode(f, c.keyAsked.Swap(false), func(p codec.Packet) error {
		if err := c.publisher.Write(p.Data, 0); err != nil && !errors.Is(err, webrtc.ErrClosed) {
			return fmt.Errorf("send frame: %w", err)
		}
		return nil
	})
}
