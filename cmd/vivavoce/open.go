package main

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io"
	"time"

	"vivavoce/signaling/auth"
)

// openToAll lets whoever starts a server for development call every API at once: it makes and
// prints what is missing of an API key, a token key and a token. They end with the process.
func (c *serveCmd) openToAll(w io.Writer) error {
	fmt.Fprintln(w, "*** OPEN: anyone who reaches this server makes sessions. For development only. ***")
	c.APIKey = integratorKeys(c.APIKey, w)
	secret := auth.NewSecret()
	c.signs = append(c.signs, secret)
	token, err := auth.NewToken(secret, auth.Default, auth.Audiences(), openLife, time.Now())
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "Where tokens are wanted (BWS, Liveness Plus), too, for this run only:\n"+
		"  client id  %s\n  client key %s\n  a token for %s: %s\n",
		auth.Default, base64.StdEncoding.EncodeToString(secret), openLife, token)
	return err
}

// openLife is how long the printed token is good: a day's work.
const openLife = 24 * time.Hour

// integratorKeys gives keys, or makes one and tells whoever started us.
func integratorKeys(keys []string, w io.Writer) []string {
	if len(keys) > 0 {
		return keys
	}
	made := rand.Text()
	fmt.Fprintf(w, "No --api-key given. For this run, integrators use: %s\n", made)
	return []string{made}
}
