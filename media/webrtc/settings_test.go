package webrtc

import (
	"net"
	"net/netip"
	"strings"
	"testing"
)

// TestMayName: which addresses a page may have us send ICE's checks to, by offer or trickled.
func TestMayName(t *testing.T) {
	local, public := Options{Loopback: true}, Options{PublicIPs: []netip.Addr{netip.MustParseAddr("203.0.113.7")}}
	both := Options{Loopback: true, PublicIPs: public.PublicIPs}
	bound := Options{Addresses: []netip.Addr{netip.MustParseAddr("192.168.1.2")}}
	for _, test := range []struct {
		ip                               string
		plain, local, public, both, bind bool
	}{
		{"198.51.100.4", true, true, true, true, true},
		{"2001:db8::1", true, true, true, true, true},
		{"10.1.2.3", true, true, false, false, true},
		{"172.16.0.1", true, true, false, false, true},
		{"192.168.1.9", true, true, false, false, true},
		{"100.64.0.1", true, true, false, false, true},
		{"fd00::1", true, true, false, false, true},
		{"::ffff:192.168.1.9", true, true, false, false, true},
		{"127.0.0.1", false, true, false, false, false},
		{"127.8.8.8", false, true, false, false, false},
		{"::1", false, true, false, false, false},
		{"::ffff:127.0.0.1", false, true, false, false, false},
		{"169.254.169.254", false, false, false, false, false},
		{"fe80::1", false, false, false, false, false},
		{"0.0.0.0", false, false, false, false, false},
		{"::", false, false, false, false, false},
		{"224.0.0.1", false, false, false, false, false},
		{"ff02::1", false, false, false, false, false},
		{"somewhere.local", false, false, false, false, false},
		{"255.255.255.255", false, false, false, false, false},
	} {
		t.Run(test.ip, func(t *testing.T) {
			line := "candidate:1 1 udp 2113937151 " + test.ip + " 9 typ host"
			offer := sessionSection + section(0) + "a=" + line + "\r\n"
			for _, o := range []struct {
				name string
				o    Options
				want bool
			}{{"plain", Options{}, test.plain}, {"loopback", local, test.local}, {"public", public, test.public}, {"both", both, test.both}, {"bound", bound, test.bind}} {
				if got := o.o.mayName(line); got != o.want {
					t.Errorf("%s: %v, want %v", o.name, got, o.want)
				}
				cleaned, n, err := checkOffer(offer, o.o.mayName)
				if got := strings.Contains(cleaned, line); got != o.want || n != 1 || err != nil {
					t.Errorf("%s: kept in the offer %v, want %v; %d candidates, err %v", o.name, got, o.want, n, err)
				}
			}
		})
	}
	if local.mayCheck(nil) || !both.mayCheck(net.IPv4(192, 168, 1, 9)) {
		t.Error("checks to nowhere, or none back to a browser that came by itself")
	}
}
