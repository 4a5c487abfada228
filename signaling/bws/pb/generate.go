// Package pb holds the messages and services of bws.proto, generated.
package pb

// No build needs the generators: what they write is committed. buf compiles the .proto without a
// protoc; the two plugins are of the versions of google.golang.org/protobuf and grpc in go.mod.
//
//go:generate go run github.com/bufbuild/buf/cmd/buf@v1.75.0 generate
