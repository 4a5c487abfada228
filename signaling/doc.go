// Package signaling runs sessions: it makes them over HTTP, talks to the page over
// one WebSocket, hands the picture to an [Attempt] and tells the page and the
// integrator what comes of it. protocol.md is the contract; testdata holds one
// golden file for every message, read by the Go and the JavaScript tests.
//
// A [Server] serves many sessions whose media come over WebRTC; a [Kiosk] serves
// one at a time from a camera of its own. Both speak the same messages. What sees
// faces and decides is handed in by cmd through [Options].
package signaling
