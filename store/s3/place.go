package s3

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// place is where blobs are.
type place struct {
	bucket, prefix string // the prefix is empty or ends with a slash
	endpoint       string // host and port
	secure         bool
	region         string
	lookup         minio.BucketLookupType
}

// String is the place without its settings.
func (p place) String() string { return "s3://" + p.bucket + "/" + strings.TrimSuffix(p.prefix, "/") }

// parse reads a URL. Keys have no place in one: others see it, among the programs that run or in a shell's history.
func parse(text string) (p place, err error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "s3" || u.Host == "" {
		return p, errors.New("blobs are at s3://BUCKET/PREFIX?endpoint=URL&region=REGION")
	}
	if u.User != nil {
		return p, errors.New("keys do not belong into the URL of a bucket; say AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
	}
	p = place{bucket: u.Host, endpoint: "s3.amazonaws.com", secure: true}
	if prefix := strings.Trim(u.Path, "/"); prefix != "" {
		p.prefix = prefix + "/"
	}
	settings, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return p, errors.New("the settings of the bucket's URL cannot be read")
	}
	for name, values := range settings { // sorted: each by itself
		value := values[len(values)-1]
		switch name {
		case "endpoint":
			err = p.at(value)
		case "region":
			p.region = value
		case "bucket_in":
			err = p.bucketIn(value)
		default:
			err = fmt.Errorf("the URL of a bucket has no setting %q; there are endpoint, region and bucket_in", name)
		}
		if err != nil {
			return p, err
		}
	}
	return p, nil
}

func (p *place) at(endpoint string) error {
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || strings.Trim(u.Path, "/") != "" {
		return errors.New("the endpoint of a bucket is https://HOST:PORT or http://HOST:PORT")
	}
	p.endpoint, p.secure = u.Host, u.Scheme == "https"
	return nil
}

func (p *place) bucketIn(what string) error {
	switch what {
	case "path":
		p.lookup = minio.BucketLookupPath
	case "host":
		p.lookup = minio.BucketLookupDNS
	default:
		return errors.New("bucket_in is path or host")
	}
	return nil
}

// connect makes a client; nothing is sent yet.
func connect(p place, c config) (*Blobs, error) {
	if c.transport == nil {
		t, err := minio.DefaultTransport(p.secure)
		if err != nil {
			return nil, err
		}
		t.ResponseHeaderTimeout = c.timeout
		c.transport = t
	}
	o := &minio.Options{
		Creds: keys(c), Secure: p.secure, Region: p.region, BucketLookup: p.lookup, Transport: c.transport,
		MaxRetries: 1, // tries are counted here
	}
	client, err := minio.NewCore(p.endpoint, o)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p, err)
	}
	v, err := client.GetCreds()
	if err != nil || v.SignerType.IsAnonymous() {
		return nil, fmt.Errorf("%s: there are no keys: say AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY", p)
	}
	idle := func() {}
	if t, ok := c.transport.(interface{ CloseIdleConnections() }); ok {
		idle = t.CloseIdleConnections
	}
	return &Blobs{place: p, client: *client, timeout: c.timeout, unchecked: c.unchecked, takeOver: c.takeOver, idle: idle}, nil
}

func keys(c config) *credentials.Credentials {
	if c.key != "" {
		return credentials.NewStaticV4(c.key, c.secret, c.token)
	}
	return credentials.NewChainCredentials([]credentials.Provider{
		&credentials.EnvAWS{}, &credentials.FileAWSCredentials{}, &credentials.IAM{Client: &http.Client{Timeout: 5 * time.Second}},
	})
}
