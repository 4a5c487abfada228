// Package conformance holds a whole server, started as `make run` starts it, against what its APIs promise:
// the calls of the public pages with only host and credentials changed, and what strangers send by mistake or on
// purpose. It is for tests alone, of this package and of those that answer an API; only they know its words.
package conformance
