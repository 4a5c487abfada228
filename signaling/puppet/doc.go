// Package puppet is a client that stands in for a person: a rendered head that hears
// the server's prompts over the real protocol and answers them over real WebRTC,
// without a camera or a browser. Its variants are attacks. Tests, the demo and load
// runs use it.
package puppet
