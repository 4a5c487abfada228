package signaling

import (
	"net"
	"net/http"
	"net/netip"
	"sync"

	"golang.org/x/time/rate"
)

// maxVisitors bounds how many addresses are known at once; when there are more, all
// are forgotten, which at worst gives each a fresh burst.
const maxVisitors = 4096

// visitors limits how many sessions one address makes when anybody may. Behind a
// reverse proxy all share one address: the proxy limits there.
type visitors struct {
	mu        sync.Mutex
	perMinute int
	known     map[netip.Prefix]*rate.Limiter
}

func newVisitors(perMinute int) *visitors {
	return &visitors{perMinute: perMinute, known: map[netip.Prefix]*rate.Limiter{}}
}

func (v *visitors) allow(r *http.Request) bool {
	from := network(r.RemoteAddr)
	v.mu.Lock()
	defer v.mu.Unlock()
	l, ok := v.known[from]
	if !ok {
		if len(v.known) >= maxVisitors {
			clear(v.known)
		}
		l = rate.NewLimiter(rate.Limit(float64(v.perMinute)/60), v.perMinute)
		v.known[from] = l
	}
	return l.Allow()
}

// network is the address, or the /64 that one IPv6 customer has.
func network(remote string) netip.Prefix {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		return netip.Prefix{}
	}
	a, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Prefix{}
	}
	a = a.Unmap().WithZone("")
	bits := 64
	if a.Is4() {
		bits = 32
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}
