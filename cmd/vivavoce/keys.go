package main

import (
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/alecthomas/kong"

	"vivavoce/signaling/auth"
)

// keysCmd edits the file of tenants. A running server reads it again within a second.
type keysCmd struct {
	Create createKeyCmd `cmd:"" help:"Make a key, and its tenant if it is new. It is shown once."`
	List   listKeysCmd  `cmd:"" help:"List tenants and keys; a key itself is not known any more."`
	Rotate rotateKeyCmd `cmd:"" help:"Make a key like another, which stays good for a while."`
	Revoke revokeKeyCmd `cmd:"" help:"End a key now."`
	Token  tokenCmd     `cmd:"" help:"Sign a token with a token key, as an integrator's back end does: for trying things out."`
}

type createKeyCmd struct {
	Tenant string        `arg:"" help:"Whose key it is."`
	JWT    bool          `name:"jwt" help:"A key to sign tokens with (HS512) instead of one to send."`
	Scope  []string      `help:"What it is for: ${enum}." enum:"${scopes}" default:"${integrator_scopes}"`
	Life   time.Duration `help:"How long it is good; 0: until it is revoked." default:"0"`
	dataFlags
}

// Run makes a key.
func (c *createKeyCmd) Run(s streams) error {
	n := auth.NewKey{Tenant: c.Tenant, Kind: auth.APIKey}
	if c.JWT {
		n.Kind = auth.JWTKey
	}
	for _, scope := range c.Scope {
		n.Scopes = append(n.Scopes, auth.Scope(scope))
	}
	if c.Life != 0 {
		at := time.Now().Add(c.Life).UTC().Truncate(time.Second)
		n.Expires = &at
	}
	return c.edit(func(f *auth.File) error {
		k, shown, err := f.Create(n, time.Now())
		if err != nil {
			return err
		}
		return showKey(s, k, shown)
	})
}

type rotateKeyCmd struct {
	ID    string        `arg:"" help:"Id of the key to exchange."`
	Grace time.Duration `help:"How long it stays good." default:"24h"`
	dataFlags
}

// Run makes a key like another.
func (c *rotateKeyCmd) Run(s streams) error {
	return c.edit(func(f *auth.File) error {
		k, shown, err := f.Rotate(c.ID, c.Grace, time.Now())
		if err != nil {
			return err
		}
		return showKey(s, k, shown)
	})
}

type revokeKeyCmd struct {
	ID string `arg:"" help:"Id of the key to end."`
	dataFlags
}

// Run ends a key.
func (c *revokeKeyCmd) Run() error {
	return c.edit(func(f *auth.File) error { return f.Revoke(c.ID, time.Now()) })
}

type listKeysCmd struct{ dataFlags }

// Run prints a line for each key.
func (c *listKeysCmd) Run(s streams) error {
	f, err := auth.ReadFile(c.tenants())
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	_, err = fmt.Fprintln(w, "TENANT\tKEY\tKIND\tSTATE\tCREATED\tEXPIRES\tSCOPES")
	for _, t := range f.Tenants {
		for _, k := range t.Keys {
			expires := "never"
			if k.Expires != nil {
				expires = k.Expires.Format(time.RFC3339)
			}
			_, e := fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", t.Name, k.ID, k.Kind, k.State(time.Now()), k.Created.Format(time.RFC3339), expires, k.Scopes)
			err = errors.Join(err, e)
		}
	}
	return errors.Join(err, w.Flush())
}

type tokenCmd struct {
	ID       string        `arg:"" help:"Id of the token key."`
	Audience []string      `help:"What the token is for." default:"${audiences}"`
	Life     time.Duration `help:"How long it is good." default:"5m"`
	dataFlags
}

// Run prints a token.
func (c *tokenCmd) Run(s streams) error {
	f, err := auth.ReadFile(c.tenants())
	if err != nil {
		return err
	}
	text, err := f.Issue(c.ID, c.Audience, c.Life, time.Now())
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(s.out, text)
	return err
}

// keyVars tell the command line what there is.
func keyVars() kong.Vars {
	var all, integrators []string
	for _, s := range auth.Scopes() {
		if all = append(all, string(s)); s != auth.Operator {
			integrators = append(integrators, string(s))
		}
	}
	return kong.Vars{
		"scopes": strings.Join(all, ","), "integrator_scopes": strings.Join(integrators, ","),
		"audiences": strings.Join(auth.Audiences(), ","),
	}
}

// edit reads the file, changes it and writes it. Of two that do so at once, one waits.
func (f dataFlags) edit(change func(*auth.File) error) error {
	unlock, err := auth.LockFile(f.tenants())
	if err != nil {
		return err
	}
	defer unlock()
	file, err := auth.ReadFile(f.tenants())
	if err != nil {
		return err
	}
	if err := change(&file); err != nil {
		return err
	}
	return file.Write(f.tenants())
}

// showKey prints what the integrator needs, the key itself alone on out.
func showKey(s streams, k auth.Key, shown string) error {
	fmt.Fprintf(s.err, "Key %s, shown only now:\n", k.ID)
	_, err := fmt.Fprintln(s.out, shown)
	return err
}
