package websocket

import (
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// tunnel connects through an HTTP proxy (RFC 9110, 9.3.6).
func (d *dial) tunnel(co *loop.Co, dialer stream.Dialer, proxy *url.URL) (*stream.Stream, error) {
	own := *dialer.TLS // the server's, behind the proxy
	switch proxy.Scheme {
	case "http":
		dialer.TLS = nil
	case "https":
		if own.Config != nil && own.Config.ServerName != "" { // which is the server's name
			config := own.Config.Clone()
			config.ServerName = ""
			dialer.TLS = &stream.TLSOptions{Config: config, Timeout: own.Timeout, Offload: own.Offload}
		}
	default:
		return nil, fmt.Errorf("websocket: a proxy of the scheme %q: %w", proxy.Scheme, errors.ErrUnsupported)
	}
	s, err := dialer.Dial(co, "tcp", hostPort(proxy))
	if err != nil {
		return nil, err
	}
	if err = d.through(co, s, proxy); err == nil && d.secure() {
		if own.Config == nil || own.Config.ServerName == "" {
			config := &tls.Config{}
			if own.Config != nil {
				config = own.Config.Clone()
			}
			config.ServerName = d.u.Hostname()
			own.Config = config
		}
		_, err = loop.Await(co, s.StartTLS(own))
	}
	if err != nil {
		s.Abort()
		return nil, err
	}
	return s, nil
}

// through has the proxy connect to the server.
func (d *dial) through(co *loop.Co, s *stream.Stream, proxy *url.URL) error {
	to := hostPort(d.u)
	ask := "CONNECT " + to + " HTTP/1.1\r\nHost: " + to + "\r\n"
	if user := proxy.User; user != nil {
		password, _ := user.Password()
		ask += "Proxy-Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(user.Username()+":"+password)) + "\r\n"
	}
	s.Write([]byte(ask + "\r\n"))
	head, err := answerTo(co, s)
	if err == nil && head.Status/100 != 2 {
		err = &HandshakeError{Status: head.Status, Reason: "the proxy does not let us through"}
	}
	return err
}

// redirect is the next handshake, if the error is a redirect that can be followed; nil: it is
// not.
func (d *dial) redirect(err error) *dial {
	he, ok := errors.AsType[*HandshakeError](err)
	if !ok || he.Response == nil {
		return nil
	}
	switch he.Status {
	case 301, 302, 303, 307, 308:
	default:
		return nil
	}
	u, err := d.u.Parse(he.Response.Header.Get("Location"))
	if err != nil || he.Response.Header.Get("Location") == "" {
		return nil
	}
	u.Scheme = strings.Replace(u.Scheme, "http", "ws", 1)
	u.Fragment = ""
	if u, err = parseURL(u.String()); err != nil || d.secure() && u.Scheme != "wss" {
		return nil
	}
	next := *d
	next.u = u
	if hostPort(u) != hostPort(d.u) {
		next.header = &http1.Header{}
		for name, value := range d.header.All() {
			if !credential(name) {
				next.header.Add(name, value)
			}
		}
	}
	return &next
}

// credential reports whether a field is for one host only.
func credential(name string) bool {
	for _, one := range []string{"Authorization", "Proxy-Authorization", "Cookie", "Host"} {
		if strings.EqualFold(name, one) {
			return true
		}
	}
	return false
}
