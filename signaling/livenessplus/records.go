package livenessplus

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"time"

	"vivavoce/signaling/store"
)

// remember is how long it is known what became of a packet.
const remember = 30 * 24 * time.Hour

// record is what is kept of a packet: no picture, and of a citizen a name that only this store's secret leads to. Numbers
// of citizens are few: who has the secret can try them all, so it is a pseudonym and not anonymous.
type record struct {
	Tenant  string    `json:"tenant"`
	Call    string    `json:"call"`
	At      time.Time `json:"at"`
	Code    code      `json:"code"` // 0: valid
	Why     string    `json:"why,omitempty"`
	Face    decimal   `json:"face"`
	Capture decimal   `json:"capture"`
	Citizen string    `json:"citizen,omitempty"`
	Device  string    `json:"device,omitempty"`
}

// counter numbers what was judged, over all nodes.
type counter struct {
	Last   int64  `json:"last"`
	Secret []byte `json:"secret"` // of citizens' pseudonyms
}

type records struct {
	counter *store.Bucket[counter]
	kept    *store.Bucket[record]
	secret  []byte
}

const counterName = "1"

func openRecords(ctx context.Context, s *store.Store) (*records, error) {
	var r records
	var err error
	if r.counter, err = store.OpenBucket[counter](ctx, s, "livenessplus_ids", store.BucketOptions{MaxBytes: 1 << 20}); err != nil {
		return nil, err
	}
	if r.kept, err = store.OpenBucket[record](ctx, s, "livenessplus", store.BucketOptions{Life: remember, MaxBytes: 256 << 20}); err != nil {
		return nil, err
	}
	secret := make([]byte, 32)
	rand.Read(secret) // never fails: crypto/rand ends the process instead
	if err := r.counter.Create(ctx, counterName, counter{Secret: secret}); err != nil && !errors.Is(err, store.ErrExists) {
		return nil, err
	}
	c, _, err := r.counter.Get(ctx, counterName)
	if err != nil {
		return nil, err
	}
	r.secret = c.Secret
	return &r, nil
}

// keep numbers what was judged and keeps it.
func (r *records) keep(ctx context.Context, what record) (int64, error) {
	var id int64
	if err := r.counter.Change(ctx, counterName, func(c *counter) {
		c.Last++
		id = c.Last
	}); err != nil {
		return 0, fmt.Errorf("number a packet: %w", err)
	}
	if err := r.kept.Create(ctx, strconv.FormatInt(id, 10), what); err != nil {
		return 0, fmt.Errorf("keep packet %d: %w", id, err)
	}
	return id, nil
}

// pseudonym is of a citizen at a tenant: two tenants cannot compare theirs.
func (r *records) pseudonym(tenant, citizen string) string {
	if citizen == "" {
		return ""
	}
	m := hmac.New(sha256.New, r.secret)
	m.Write([]byte(tenant + "\x00" + citizen))
	return hex.EncodeToString(m.Sum(nil)[:16])
}
