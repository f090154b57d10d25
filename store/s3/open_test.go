package s3_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pawl-dev/pawl/store/s3"
)

func TestURLs(t *testing.T) {
	for url, want := range map[string]string{
		"":                                     "blobs are at s3://",
		"pawl/p":                               "blobs are at s3://",
		"https://pawl/p":                       "blobs are at s3://",
		"s3://":                                "blobs are at s3://",
		"s3://key:word@pawl/p":                 "keys do not belong into the URL",
		"s3://pawl/p?endpoint=localhost:9000":  "the endpoint of a bucket is https://",
		"s3://pawl/p?endpoint=http://k:w@h":    "the endpoint of a bucket is https://",
		"s3://pawl/p?endpoint=http://h/folder": "the endpoint of a bucket is https://",
		"s3://pawl/p?bucket_in=name":           "bucket_in is path or host",
		"s3://pawl/p?secret_key=word":          `no setting "secret_key"`,
	} {
		_, err := s3.Open(url, s3.Credentials("k", "s", "")).OpenBlobs(t.Context())
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "word") {
			t.Errorf("%s: %v", url, err)
		}
	}
}

func TestWithoutKeys(t *testing.T) {
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY", "AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_WEB_IDENTITY_TOKEN_FILE"} {
		t.Setenv(name, "")
	}
	none := httptest.NewServer(http.NotFoundHandler()) // in place of the machine's own
	defer none.Close()
	t.Setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", none.URL)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", t.TempDir()+"/none")
	_, err := s3.Open("s3://pawl/p?endpoint=" + none.URL).OpenBlobs(t.Context())
	if err == nil || !strings.Contains(err.Error(), "there are no keys: say AWS_ACCESS_KEY_ID") {
		t.Fatal(err)
	}
}

// TestKeysOfTheEnvironment: they sign, and are not sent.
func TestKeysOfTheEnvironment(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "key-of-the-environment")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "very-secret")
	var signed atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		all := r.Header.Get("Authorization")
		signed.Store(strings.Contains(all, "key-of-the-environment/") && strings.Contains(all, "/eu-central-1/s3/") && !strings.Contains(all, "very-secret"))
		w.WriteHeader(http.StatusForbidden)
	}))
	defer server.Close()
	_, err := s3.Open("s3://pawl/p?region=eu-central-1&endpoint=" + server.URL).OpenBlobs(t.Context())
	if err == nil || !strings.Contains(err.Error(), "the keys do not allow it") || !signed.Load() {
		t.Fatal(signed.Load(), err)
	}
}

// TestTriesAreBounded: what may pass is tried four times, what will not once. The server is a double that refuses all.
func TestTriesAreBounded(t *testing.T) {
	for status, want := range map[int]int64{http.StatusServiceUnavailable: 4, http.StatusInternalServerError: 4, http.StatusTooManyRequests: 4, http.StatusForbidden: 1, http.StatusBadRequest: 1} {
		var requests atomic.Int64
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			requests.Add(1)
			w.WriteHeader(status)
		}))
		_, err := s3.Open("s3://pawl/p?region=r&endpoint="+server.URL, s3.Credentials("k", "s", "")).OpenBlobs(t.Context())
		server.Close()
		if err == nil || requests.Load() != want {
			t.Errorf("status %d: %d requests, want %d: %v", status, requests.Load(), want, err)
		}
	}
}

// TestRefusals: what servers say when they refuse keys, in words for whoever set them, and nothing of what was sent.
func TestRefusals(t *testing.T) {
	for code, want := range map[string]string{
		"InvalidAccessKeyId": "the keys are not accepted (InvalidAccessKeyId)", "ExpiredToken": "the keys are not accepted (ExpiredToken)",
		"AccessDenied": "the keys do not allow it (AccessDenied)", "NoSuchBucket": "there is no such bucket",
		"EntityTooLarge": "status 403, EntityTooLarge: because of the-key-id",
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprintf(w, `<?xml version="1.0"?><Error><Code>%s</Code><Message>because of the-key-id</Message></Error>`, code)
		}))
		_, err := s3.Open("s3://pawl/p?region=r&endpoint="+server.URL, s3.Credentials("k", "the-secret", "the-token")).OpenBlobs(t.Context())
		server.Close()
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "the-secret") || strings.Contains(err.Error(), "the-token") {
			t.Errorf("%s: %v", code, err)
		}
	}
}
