package webrtc

import (
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/pion/ice/v4"
	"github.com/pion/logging"
)

// udpReadBuffer is the socket buffer asked for, in bytes: a second of fifty
// sessions at 1 Mbit/s. The kernel may give less (net.core.rmem_max).
const udpReadBuffer = 4 << 20

// ports are the process's media sockets.
type ports struct {
	udp     ice.UDPMux // nil when off
	tcp     ice.TCPMux // nil when off
	udpPort int
	tcpPort int
}

func (p *ports) close() error {
	var errs []error
	if p.udp != nil {
		errs = append(errs, p.udp.Close())
	}
	if p.tcp != nil {
		errs = append(errs, p.tcp.Close())
	}
	return errors.Join(errs...)
}

// openPorts listens on every address. A negative port leaves that kind out.
func openPorts(o Options, addrs []netip.Addr, log logging.LeveledLogger) (*ports, error) {
	p := &ports{}
	if o.UDPPort >= 0 {
		conns, port, err := listenUDP(addrs, o.UDPPort)
		if err != nil {
			return nil, fmt.Errorf("open UDP port: %w", err)
		}
		p.udp, p.udpPort = muxUDP(conns, log), port
	}
	if o.TCPPort >= 0 {
		// pion makes a candidate of each address for a wildcard listener, and
		// muddles several listeners: one, then, on all addresses or on the only one.
		any := &net.TCPAddr{Port: o.TCPPort}
		if len(o.Addresses) == 1 {
			any.IP = o.Addresses[0].AsSlice()
		}
		l, err := net.ListenTCP("tcp", any)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("open TCP port: %w", err), p.close())
		}
		p.tcp, p.tcpPort = muxTCP(l, log), l.Addr().(*net.TCPAddr).Port
	}
	return p, nil
}

func muxUDP(conns []*net.UDPConn, log logging.LeveledLogger) ice.UDPMux {
	muxes := make([]ice.UDPMux, len(conns))
	for i, c := range conns {
		// Best effort: the kernel's own limit is not an error of ours.
		_ = c.SetReadBuffer(udpReadBuffer)
		muxes[i] = ice.NewUDPMuxDefault(ice.UDPMuxParams{UDPConn: c, Logger: log})
	}
	return ice.NewMultiUDPMuxDefault(muxes...)
}

func muxTCP(l *net.TCPListener, log logging.LeveledLogger) ice.TCPMux {
	return ice.NewTCPMuxDefault(ice.TCPMuxParams{
		Listener: l, Logger: log,
		ReadBufferSize:  64,      // packets: half a second at 1 Mbit/s
		WriteBufferSize: 1 << 16, // bytes: RTCP and ICE only, so a stuck reader is cut early
	})
}

// listenUDP opens one socket on each address, all on one port. Port 0 picks a
// free one; since it must be free on every address, that may take a few tries.
func listenUDP(addrs []netip.Addr, port int) (conns []*net.UDPConn, got int, err error) {
	tries := 1
	if port == 0 {
		tries = 20
	}
	for range tries {
		if conns, got, err = listenEach(addrs, port); err == nil {
			return conns, got, nil
		}
	}
	return nil, 0, err
}

func listenEach(addrs []netip.Addr, port int) ([]*net.UDPConn, int, error) {
	var conns []*net.UDPConn
	for _, a := range addrs {
		at := netip.AddrPortFrom(a, uint16(port))
		c, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(at))
		if err != nil {
			for _, c := range conns {
				_ = c.Close() // the error to tell is the one that made us give up
			}
			return nil, 0, fmt.Errorf("listen on %s: %w", at, err)
		}
		conns, port = append(conns, c), c.LocalAddr().(*net.UDPAddr).Port
	}
	return conns, port, nil
}

// localAddrs lists the addresses that a browser could reach: all of every
// interface that is up, without link-local ones (they need a zone), multicast,
// and, unless asked for, loopback.
func localAddrs(loopback bool) ([]netip.Addr, error) {
	ifaces, err := net.Interfaces()
	if err != nil {
		return nil, fmt.Errorf("list network interfaces: %w", err)
	}
	var all []netip.Addr
	for _, i := range ifaces {
		if i.Flags&net.FlagUp == 0 {
			continue
		}
		addrs, err := i.Addrs()
		if err != nil {
			return nil, fmt.Errorf("list addresses of %s: %w", i.Name, err)
		}
		for _, a := range addrs {
			p, err := netip.ParsePrefix(a.String())
			if err != nil {
				continue // point-to-point links print otherwise; nothing to bind to
			}
			ip := p.Addr().Unmap()
			if ip.IsLinkLocalUnicast() || ip.IsMulticast() || (ip.IsLoopback() && !loopback) {
				continue
			}
			all = append(all, ip)
		}
	}
	if len(all) == 0 {
		return nil, errors.New("no network address to listen on")
	}
	return all, nil
}
