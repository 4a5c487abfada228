package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	grpctls "google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	"vivavoce/media"
	"vivavoce/media/file/filetest"
	"vivavoce/models"
	"vivavoce/pipeline/face"
	"vivavoce/signaling/bws/pb"
	"vivavoce/signaling/puppet"
)

// certificate writes one for 127.0.0.1 and its key.
func certificate(t *testing.T) (cert, key string, roots *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	about := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, about, about, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	if err := os.WriteFile(cert, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600); err != nil {
		t.Fatal(err)
	}
	roots = x509.NewCertPool()
	roots.AppendCertsFromPEM(text)
	return cert, key, roots
}

// headVideo films a rendered head that holds still.
func headVideo(t *testing.T, modelDir string) []byte {
	t.Helper()
	l, err := models.Open(models.Options{Dir: modelDir})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	newFinder, err := face.New(l, face.Options{})
	if err != nil {
		t.Fatal(err)
	}
	finder, err := newFinder()
	if err != nil {
		t.Fatal(err)
	}
	head, err := puppet.LoadHead(t.Context(), l, finder, filepath.Join(modelDir, "../node_modules"), 0)
	if err != nil {
		t.Skipf("no head: %v", err)
	}
	r := puppet.NewRenderer(head, puppet.Camera{Width: 640, Height: 480}, 1)
	path := filepath.Join(t.TempDir(), "head.mp4")
	if err := filetest.Write(path, filetest.Clip{
		Width: 640, Height: 480, Frames: 40, BitrateKbps: 3000,
		Draw: func(f *media.Frame, _ int) { r.Render(f, puppet.Look{}) },
	}); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestBWSOnAFreshServer judges a video by JSON and by gRPC on one port of a whole server, with TLS and without.
func TestBWSOnAFreshServer(t *testing.T) {
	video := headVideo(t, modelFiles(t))
	cert, key, roots := certificate(t)
	for name, secure := range map[string]bool{"plain": false, "TLS": true} {
		t.Run(name, func(t *testing.T) {
			trust := &tls.Config{RootCAs: roots}
			creds := insecure.NewCredentials()
			running := serveForTest(t, func(c *serveCmd) {
				if secure {
					c.TLSCert, c.TLSKey = cert, key
					creds = grpctls.NewTLS(trust)
				}
			})
			for _, two := range []bool{false, secure} {
				body, err := json.Marshal(map[string]any{"video": video})
				if err != nil {
					t.Fatal(err)
				}
				req, err := http.NewRequest("POST", running.url()+"/api/v1/videolivenessdetection", bytes.NewReader(body))
				if err != nil {
					t.Fatal(err)
				}
				req.Header.Set("Authorization", "Bearer "+testKey)
				req.Header.Set("Content-Type", "application/json")
				client := &http.Client{Transport: &http.Transport{TLSClientConfig: trust, ForceAttemptHTTP2: two, DisableKeepAlives: !two}}
				resp, err := client.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				var out struct {
					Errors          []struct{ ErrorCode string }
					ImageProperties []struct{ FrameNumber int }
					Live            bool
				}
				err = json.NewDecoder(resp.Body).Decode(&out)
				resp.Body.Close()
				client.CloseIdleConnections()
				if err != nil || resp.StatusCode != 200 || (resp.ProtoMajor == 2) != two {
					t.Fatalf("%s %s: %v", resp.Proto, resp.Status, err)
				}
				// Whether a rendered head is taken for a live one is texture's affair; it is seen in all frames.
				if len(out.ImageProperties) != 8 || out.ImageProperties[0].FrameNumber != 2 || out.ImageProperties[7].FrameNumber != 37 || out.Live != (len(out.Errors) == 0) {
					t.Errorf("%+v", out)
				}
				for _, e := range out.Errors {
					if e.ErrorCode != "RejectedByPassiveLiveDetection" {
						t.Errorf("%s", e.ErrorCode)
					}
				}
			}
			_, host, _ := strings.Cut(running.url(), "://")
			conn, err := grpc.NewClient(host, grpc.WithTransportCredentials(creds))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			call := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+testKey)
			out, err := pb.NewBioIDWebServiceClient(conn).VideoLivenessDetection(call, &pb.VideoLivenessDetectionRequest{Video: video})
			if err != nil || len(out.ImageProperties) != 8 {
				t.Errorf("gRPC: %v, %v", out, err)
			}
			out, err = pb.NewBioIDWebServiceClient(conn).VideoLivenessDetection(call, &pb.VideoLivenessDetectionRequest{Video: []byte("text")})
			if err != nil || out.Live || len(out.Errors) != 1 || out.Errors[0].ErrorCode != "FailureToAcquire" {
				t.Errorf("text as a video: %v, %v", out, err)
			}
		})
	}
}
