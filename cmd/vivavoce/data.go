package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"

	"vivavoce/signaling/auth"
	"vivavoce/signaling/store"
)

// dataFlags say where sessions, verdicts and keys are kept.
type dataFlags struct {
	Data       string `help:"Folder for sessions, verdicts and waiting videos, of this server alone." default:"data"`
	DataSize   int64  `help:"Most bytes to keep there." default:"4294967296"`
	NATS       string `name:"nats" help:"Keep them in this NATS server with JetStream instead, which several nodes may share: nats://user:password@host:4222." placeholder:"URL"`
	NATSListen string `name:"nats-listen" help:"Let other nodes reach the data in the folder: host:port, without a password. None: no port is opened." placeholder:"ADDRESS"`
	Tenants    string `help:"File of tenants and keys, read again when it changes. Default: tenants.json in the data folder." placeholder:"FILE"`
}

// tenants is the file of tenants.
func (f dataFlags) tenants() string {
	if f.Tenants != "" {
		return f.Tenants
	}
	return filepath.Join(f.Data, "tenants.json")
}

// data are the open store and those who may use it.
type data struct {
	auth      *auth.Auth
	store     *store.Store
	temporary string // folder that goes with it
}

// credentials are the tenant "default"'s, besides those of the file.
type credentials struct {
	keys    []string // API keys
	secrets [][]byte // token keys
}

// open reads the tenants and opens the store. Without a folder and a
// server the data go when they are closed: the demo and the kiosk keep nothing.
func (f dataFlags) open(ctx context.Context, given credentials, log *slog.Logger) (_ *data, err error) {
	d := &data{}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.Close())
		}
	}()
	if f.Data == "" && f.NATS == "" {
		if d.temporary, err = os.MkdirTemp("", "vivavoce-*"); err != nil {
			return nil, err
		}
		f.Data = d.temporary
	}
	if d.auth, err = auth.New(auth.Options{File: f.tenants(), Keys: given.keys, Sign: given.secrets, Logger: log}); err != nil {
		return nil, err
	}
	d.store, err = store.Open(ctx, store.Options{URL: f.NATS, Dir: f.Data, Listen: f.NATSListen, MaxBytes: f.DataSize, Logger: log})
	return d, err
}

// Close is for after the last session.
func (d *data) Close() error {
	if d.store != nil {
		d.store.Close()
	}
	if d.temporary == "" {
		return nil
	}
	return os.RemoveAll(d.temporary)
}
