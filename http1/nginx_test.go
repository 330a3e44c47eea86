//go:build unix

package http1_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/internal/nginxtest"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// An nginxSite is an nginx with much configured, and a server of ours behind it. Clients
// and that server live on the same loop.
type nginxSite struct {
	l    *loop.Loop
	url  string // of nginx
	docs string // of nginx configured as docs/http.md has it
	tls  string // nginx with TLS
	cert string // nginx that wants a certificate of the client
	sock string // nginx on a Unix socket
	big  []byte // its file /big
	// mine is a certificate that nginx knows, as a client and as a server.
	mine    *stream.TLSOptions
	trusted *stream.TLSOptions // without a certificate of the client's
	told    string             // nginx that says by the PROXY protocol who asks; "": it cannot
	app     *nginxApp
	lacks   map[string]string // why a part cannot run
}

// TestNginx has the client ask nginx, and nginx ask the server: one process for all.
func TestNginx(t *testing.T) {
	s := startNginx(t)
	for _, part := range []struct {
		name string
		run  func(t *testing.T, s *nginxSite, co *loop.Co) error
	}{
		{"answers", nginxAnswers},
		{"connections", nginxConnections},
		{"connection closed while idle", nginxClosedIdle},
		{"ranges", nginxRanges},
		{"download", nginxDownload},
		{"slow body", nginxSlow},
		{"refused upload", nginxRefusedUpload},
		{"TLS", nginxTLS},
		{"behind: as documented", behindDocs},
		{"behind: addresses", behindAddresses},
		{"behind: connections", behindConnections},
		{"behind: bodies", behindBodies},
		{"behind: refused upload", behindRefusedUpload},
		{"behind: events", behindEvents},
		{"behind: the client leaves", behindLeaving},
		{"behind: files", behindFiles},
		{"behind: PROXY protocol", behindProxyProtocol},
	} {
		t.Run(part.name, func(t *testing.T) {
			if why := s.lacks[part.name]; why != "" {
				t.Skip(why)
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			_, err := loop.Do(ctx, s.l, func(co *loop.Co) (none struct{}, err error) {
				return none, part.run(t, s, co)
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("http.Client", func(t *testing.T) { nginxStdClient(t, s) })
	t.Run("behind: Std", func(t *testing.T) { behindStd(t, s) })
	if log := s.app.log.take(); log != "" {
		t.Errorf("the server behind nginx has logged\n%s", log)
	}
}

// startNginx runs it all, and ends it with the test.
func startNginx(t *testing.T) *nginxSite {
	n := nginxtest.New(t)
	s := &nginxSite{l: onLoop(t), big: make([]byte, 3<<20+5)}
	_, _ = rand.NewChaCha8([32]byte{}).Read(s.big)
	s.app = startApp(t, s.l)
	for name, content := range map[string][]byte{
		"html/hello.txt": []byte("hello\n"),
		"html/text.txt":  bytes.Repeat([]byte("some text\n"), 1000),
		"html/ssi.shtml": []byte(`<!--#set var="a" value="included" -->it is <!--#echo var="a" -->`),
		"html/gone.html": []byte("a page of its own"),
		"html/big":       s.big,
		"users":          []byte("aladdin:{PLAIN}open sesame\n"),
	} {
		n.File(name, content)
	}
	cert, trusting := selfSigned(t, "site.test")
	certFile, keyFile := writePEM(t, cert)
	s.trusted = trusting
	with := trusting.Config.Clone()
	with.Certificates = append(with.Certificates, cert)
	s.mine = &stream.TLSOptions{Config: with}

	plain, documented, secure, wants := n.Listen(), n.Listen(), n.Listen(), n.Listen()
	s.url, s.docs, s.tls, s.cert, s.sock = "http://"+plain, "http://"+documented, secure, wants, n.Path("s")
	s.lacks = map[string]string{}
	if runtime.GOOS != "linux" {
		s.lacks["behind: addresses"] = "only Linux has 127.0.0.2"
		s.lacks["behind: PROXY protocol"] = "only Linux has 127.0.0.2"
	}
	if module := n.Module("ngx_stream_module"); module == "" {
		s.lacks["behind: PROXY protocol"] = "nginx has no module stream; Debian's package is libnginx-mod-stream"
	} else {
		s.told = n.Listen()
		n.Main = fmt.Sprintf("load_module %s; stream { server { listen %s; proxy_pass %s; proxy_protocol on; } }", module, s.told, s.app.told)
	}
	n.Start(strings.NewReplacer(
		"PLAIN", plain, "SECURE", secure, "WANTS", wants, "SOCK", s.sock, "CERT", certFile, "KEY", keyFile,
		"APP", s.app.addr.String(),
	).Replace(nginxConf) + nginxtest.Documented(t, "../docs/http.md", documented, s.app.addr.String()))
	return s
}

// nginxConf is what nginx serves by itself, and further ways to the server behind it.
const nginxConf = `
types { text/plain txt; text/html html shtml; }
default_type application/octet-stream;
root html;
add_header X-Connection $connection always;
ssl_certificate CERT;
ssl_certificate_key KEY;
upstream kept { server APP; keepalive 4; }

server {
	listen PLAIN;
	listen unix:SOCK;
	client_body_buffer_size 8k;
	location = /empty { return 204; }
	location = /moved { return 302 /hello.txt; }
	location = /moved/307 { return 307 /app/echo; }
	location = /moved/away { return 301 http://$http_host/app/echo; }
	location = /loop { return 302 /loop; }
	location = /few { keepalive_requests 3; return 200 few; }
	location = /brief { keepalive_timeout 50ms; return 200 brief; }
	location = /gzip { gzip on; gzip_min_length 1; gzip_types text/plain; alias html/text.txt; default_type text/plain; }
	location = /ssi.shtml { ssi on; add_trailer X-End done; }
	location = /close.shtml { ssi on; chunked_transfer_encoding off; alias html/ssi.shtml; }
	location = /secret { auth_basic "a cave"; auth_basic_user_file users; alias html/hello.txt; }
	location = /nothing { return 444; }
	location = /broken { error_page 404 /gone.html; }
	location = /pretends { error_page 404 =200 /gone.html; }
	location = /slow { limit_rate 4k; alias html/big; }
	client_max_body_size 4m;
	location = /small { client_max_body_size 1k; proxy_pass http://APP/app/sum; }
	location = /ignores { client_max_body_size 0; return 200 ignored; }
	location = /waiting { return 200 $connections_waiting; }

	location /app/ { proxy_pass http://kept; proxy_http_version 1.1; proxy_set_header Connection ""; }
	location /old/ { proxy_pass http://APP/app/; }
	location /direct/ {
		proxy_pass http://kept/app/; proxy_http_version 1.1; proxy_set_header Connection "";
		proxy_request_buffering off; proxy_buffering off; client_max_body_size 0;
	}
	location /impatient/ { proxy_pass http://APP/app/; proxy_read_timeout 50ms; }
	location /appended/ {
		proxy_pass http://kept/app/; proxy_http_version 1.1; proxy_set_header Connection "";
		proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
		proxy_set_header X-Forwarded-Proto https;
	}
}
server { listen SECURE ssl; ssl_protocols TLSv1.2; location / { return 200 "$ssl_protocol $ssl_server_name"; } }
server {
	listen WANTS ssl;
	ssl_protocols TLSv1.3;
	ssl_verify_client on;
	ssl_client_certificate CERT;
	location / { return 200 "$ssl_client_verify $ssl_protocol"; }
}
`

// asks is a client of one subtest. Afterwards nothing is left of it.
func asks(t *testing.T, c *http1.Client, body func() error) error {
	err := body()
	c.Close()
	if s := c.Stats(); s != (http1.ClientStats{}) {
		t.Errorf("after Close the client has %+v", s)
	}
	return err
}

// statusError is the response of a status that is no success.
func statusError(err error) (*http1.Response, error) {
	var se *http1.StatusError
	if errors.As(err, &se) {
		return se.Response, nil
	}
	return nil, fmt.Errorf("not a StatusError: %w", err)
}
