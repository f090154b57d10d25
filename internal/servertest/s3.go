package servertest

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// S3 is a server of its own that speaks the protocol of Amazon S3, with its objects as files in a temporary folder.
type S3 struct {
	Addr        string
	Key, Secret string
	t           testing.TB
	dir         string
	cmd         *exec.Cmd
	done        chan struct{}
}

// s3Program is the server: versitygw, which tools/s3 builds, in the path or where PAWL_TEST_S3 says.
func s3Program() (string, error) {
	if path := os.Getenv("PAWL_TEST_S3"); path != "" {
		return path, nil
	}
	return exec.LookPath("versitygw")
}

// StartS3 starts a server on a free port, with a bucket "pawl". It ends with the test.
func StartS3(t testing.TB) *S3 {
	t.Helper()
	program, err := s3Program()
	if err != nil {
		Absent(t, "s3", err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &S3{Addr: l.Addr().String(), Key: "a-key", Secret: "a-secret-of-the-test", t: t, dir: t.TempDir()}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{"objects", "sidecar"} {
		if err := os.Mkdir(filepath.Join(s.dir, folder), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(s.Kill)
	s.start(program)
	s.MakeBucket("pawl")
	return s
}

// Start starts the server again, on the files it left, and waits until it answers.
func (s *S3) Start() {
	s.t.Helper()
	program, err := s3Program()
	if err != nil {
		s.t.Fatal(err)
	}
	s.start(program)
}

func (s *S3) start(program string) {
	s.t.Helper()
	log, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		s.t.Fatal(err)
	}
	defer log.Close()
	// With a sidecar: not every file system has attributes for what is said about objects.
	s.cmd = exec.Command(program, "--port", s.Addr, "--quiet", "posix", "--sidecar", filepath.Join(s.dir, "sidecar"), filepath.Join(s.dir, "objects"))
	s.cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY="+s.Key, "ROOT_SECRET_KEY="+s.Secret)
	s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr = s.dir, log, log
	if err := s.cmd.Start(); err != nil {
		Absent(s.t, "s3", err)
	}
	s.done = make(chan struct{})
	go func(cmd *exec.Cmd, done chan struct{}) {
		_ = cmd.Wait() // killed, as intended
		close(done)
	}(s.cmd, s.done)
	if err := s.ready(); err != nil {
		text, _ := os.ReadFile(filepath.Join(s.dir, "log"))
		s.t.Fatalf("%v\n%s", err, bytes.TrimSpace(text))
	}
}

// ready waits until the server answers, if only that it wants keys.
func (s *S3) ready() (err error) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for range 1500 {
		var answer *http.Response
		if answer, err = http.Get("http://" + s.Addr + "/"); err == nil {
			return answer.Body.Close()
		}
		select {
		case <-tick.C:
		case <-s.done:
			return fmt.Errorf("the server ended: %w", err)
		}
	}
	return err
}

// Kill ends the server at once, as kill -9 does, and waits until it is gone.
func (s *S3) Kill() {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Kill() // it may have ended
	<-s.done
	s.cmd = nil
}

// Client speaks to the server with all rights.
func (s *S3) Client() *minio.Client {
	s.t.Helper()
	c, err := minio.New(s.Addr, &minio.Options{Creds: credentials.NewStaticV4(s.Key, s.Secret, ""), Region: "us-east-1"})
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

// MakeBucket makes a bucket.
func (s *S3) MakeBucket(name string) {
	s.t.Helper()
	if err := s.Client().MakeBucket(context.Background(), name, minio.MakeBucketOptions{}); err != nil {
		s.t.Fatal(err)
	}
}

// URL is where the blobs of a store are in the bucket, which may speak to the server through a [Proxy] at that address.
func (s *S3) URL(prefix string, through ...net.Addr) string {
	at := s.Addr
	for _, a := range through {
		at = a.String()
	}
	return "s3://pawl/" + prefix + "?endpoint=http://" + at + "&region=us-east-1"
}
