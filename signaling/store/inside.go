package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// startTime is how long the server inside may take to read its data: some 100 MB a second.
const startTime = 30 * time.Second

// syncEvery is how much a power cut may lose. A crash of this process loses nothing: what
// was acknowledged is the kernel's by then.
const syncEvery = 5 * time.Second

// inside is the server in this process.
type inside struct {
	server *server.Server
	lock   *os.File // held against a second process
}

func startInside(ctx context.Context, o Options) (_ *inside, err error) {
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	if err := enoughDisk(o.Dir, o.MinFree); err != nil {
		return nil, err
	}
	in := &inside{}
	defer func() {
		if err != nil {
			in.stop()
		}
	}()
	if in.lock, err = lockFolder(o.Dir); err != nil {
		return nil, err
	}
	opts, err := insideOptions(o)
	if err != nil {
		return nil, err
	}
	if in.server, err = server.NewServer(opts); err != nil {
		return nil, err
	}
	log := &serverLog{log: o.Logger}
	in.server.SetLogger(log, false, false)
	started := make(chan bool, 1)
	go func() {
		in.server.Start()
		started <- in.server.ReadyForConnections(startTime)
	}()
	select {
	case ok := <-started:
		return in, log.begun(ok && in.server.JetStreamEnabled())
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func insideOptions(o Options) (*server.Options, error) {
	opts := &server.Options{
		ServerName: o.Name, DontListen: o.Listen == "", NoSigs: true,
		JetStream: true, StoreDir: o.Dir, JetStreamMaxStore: o.MaxBytes, JetStreamMaxMemory: 64 << 20,
		SyncInterval: syncEvery,
	}
	if o.Listen == "" {
		return opts, nil
	}
	host, port, err := net.SplitHostPort(o.Listen)
	if err != nil {
		return nil, fmt.Errorf("address of the store: %w", err)
	}
	if opts.Port, err = strconv.Atoi(port); err != nil {
		return nil, fmt.Errorf("address of the store: port %q", port)
	}
	if opts.Host = host; opts.Port == 0 {
		opts.Port = server.RANDOM_PORT
	}
	return opts, nil
}

// stop ends the server and writes out what it holds.
func (in *inside) stop() {
	if in.server != nil {
		in.server.Shutdown()
		in.server.WaitForShutdown()
	}
	if in.lock != nil {
		_ = in.lock.Close() // gives the lock back
	}
}

// lockFolder keeps a second process out of the folder: JetStream itself does not, and two
// servers would write over each other.
func lockFolder(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the data folder: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close() // nothing was written
		return nil, errors.Join(ErrInUse, err)
	}
	return f, nil
}

// enoughDisk fails with [ErrFull] when less than least bytes are left: JetStream turns
// itself off for good when a write fails for want of room.
func enoughDisk(dir string, least int64) error {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return fmt.Errorf("ask for free disk: %w", err)
	}
	if free := int64(fs.Bavail) * fs.Bsize; free < least {
		return fmt.Errorf("%d MiB free on the disk of %s, want %d: %w", free>>20, dir, least>>20, ErrFull)
	}
	return nil
}

// serverLog passes on what the server says. JetStream skips a stream whose files it cannot
// read and only warns; we would then begin with an empty one, and forget which transactions
// are used up. So what it warns of before it has begun is an error.
type serverLog struct {
	log *slog.Logger

	mu      sync.Mutex
	running bool
	damage  []string
}

// begun says what was wrong while the server read its data.
func (l *serverLog) begun(ready bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.running = true
	switch {
	case len(l.damage) > 0:
		return fmt.Errorf("%w (move it away to begin with an empty one): %s", ErrDamaged, strings.Join(l.damage, "; "))
	case !ready:
		return errors.New("the server inside does not start")
	}
	return nil
}

func (l *serverLog) warn(format string, v ...any) {
	text := strings.TrimSpace(fmt.Sprintf(format, v...))
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.running {
		for _, sign := range []string{"metafile", "metadata", "checksum", "recover", "orrupt", "restor"} {
			if strings.Contains(text, sign) {
				l.damage = append(l.damage, text)
				return
			}
		}
	}
	l.log.Warn("store", "said", text)
}

// Noticef implements server.Logger.
func (l *serverLog) Noticef(string, ...any) {}

// Warnf implements server.Logger.
func (l *serverLog) Warnf(format string, v ...any) { l.warn(format, v...) }

// Errorf implements server.Logger.
func (l *serverLog) Errorf(format string, v ...any) { l.warn(format, v...) }

// Fatalf implements server.Logger.
func (l *serverLog) Fatalf(format string, v ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.damage = append(l.damage, strings.TrimSpace(fmt.Sprintf(format, v...)))
}

// Debugf implements server.Logger.
func (l *serverLog) Debugf(string, ...any) {}

// Tracef implements server.Logger.
func (l *serverLog) Tracef(string, ...any) {}

// Address is where other nodes reach the data, or "".
func (s *Store) Address() string {
	if s.inside == nil || s.o.Listen == "" {
		return s.o.URL
	}
	return s.inside.server.ClientURL()
}
