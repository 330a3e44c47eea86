package http1

import (
	"encoding/base64"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/zonda-go/zonda/internal/httpwire"
)

// A clientHop is where a request goes, and what of it: at first as its ClientRequest
// has it, then as each redirect has it. It is not changed once it is made.
type clientHop struct {
	url       *url.URL // without user and fragment
	key       clientKey
	proxy     *url.URL // nil: none
	method    string
	target    string
	host      string // for the field Host
	auth      string // the field Authorization, unless Header has it
	proxyAuth string
	user      string
	password  string
	tried     int  // responses to the server's challenge
	foreign   bool // another origin than the request's: it does not get what is secret
	noBody    bool // a redirect has made it a GET
	keep      bool // the connection may be used again
}

// maxHops bounds the hops that are remembered, maxHopURL the length of their URLs.
const maxHops, maxHopURL = 256, 1024

// A hopName says which requests go the same way.
type hopName struct{ method, url string }

// knownHop is firstHop, but remembers the plain ones: programs ask for the same few URLs
// again and again, and a hop is never changed.
func (p *clientPool) knownHop(r *ClientRequest) (*clientHop, error) {
	if p.c.Proxy != nil || r.Proxy != "" || r.Unix != "" || r.TLS != nil || r.User+r.Password != "" || r.Digest || len(r.URL) > maxHopURL || closesConnection(&r.Header) {
		return p.firstHop(r)
	}
	name := hopName{r.Method, r.URL}
	if hop := p.hops[name]; hop != nil {
		return hop, checkRequest(r)
	}
	hop, err := p.firstHop(r)
	if err != nil {
		return nil, err
	}
	if p.hops == nil || len(p.hops) >= maxHops {
		p.hops = make(map[hopName]*clientHop)
	}
	p.hops[name] = hop
	return hop, nil
}

// firstHop looks at a request and says where it goes.
func (p *clientPool) firstHop(r *ClientRequest) (*clientHop, error) {
	if err := checkRequest(r); err != nil {
		return nil, err
	}
	u, err := parseURL(r.URL)
	if err != nil {
		return nil, badRequest("%w", err)
	}
	hop := &clientHop{method: methodOf(r), user: r.User, password: r.Password}
	if u.User != nil && r.User == "" && r.Password == "" {
		hop.user = u.User.Username()
		hop.password, _ = u.User.Password()
	}
	if strings.Contains(hop.user, ":") && !r.Digest {
		return nil, badRequest("a user's name with a colon") // RFC 7617, 2
	}
	if hop.user+hop.password != "" && !r.Digest {
		hop.auth = basicAuth(hop.user, hop.password)
	}
	return hop, hop.aim(p, r, u)
}

// aim sets where the hop goes.
func (hop *clientHop) aim(p *clientPool, r *ClientRequest, to *url.URL) error {
	u := *to
	u.User, u.Fragment, u.RawFragment = nil, "", ""
	u.Scheme = strings.ToLower(u.Scheme)
	u.RawQuery = escapeQuery(u.RawQuery)
	hop.url = &u
	if u.Scheme != "http" && u.Scheme != "https" {
		return badRequest("a URL with the scheme %q", u.Scheme)
	}
	if err := p.c.plainHost(&u); err != nil {
		return err
	}
	addr, err := addressOf(&u)
	if err != nil {
		return err
	}
	hop.key = clientKey{secure: u.Scheme == "https", addr: addr, unix: r.Unix, tls: r.TLS}
	if hop.key.unix == "" {
		hop.key.unix = p.c.Unix
	}
	if hop.key.tls == nil {
		hop.key.tls = p.c.TLS
	}
	if !hop.key.secure {
		hop.key.tls = nil
	}
	hop.host = hostOf(&u)
	hop.keep = p.maxIdle >= 0 && !closesConnection(&r.Header)
	if err := hop.choosesProxy(p, r); err != nil {
		return err
	}
	hop.target = requestTarget(&u, hop.forwarded())
	if !httpwire.ValidTarget(hop.target) {
		return badRequest("a URL with a byte that must be escaped")
	}
	return nil
}

// escapeQuery escapes what package url leaves in a query and a request line cannot
// hold: blanks, and what is not ASCII.
func escapeQuery(q string) string {
	bad := func(c byte) bool { return c <= ' ' || c >= 0x7f }
	for i := range len(q) {
		if !bad(q[i]) {
			continue
		}
		b := []byte(q[:i])
		for ; i < len(q); i++ {
			if bad(q[i]) {
				b = fmt.Appendf(b, "%%%02X", q[i])
			} else {
				b = append(b, q[i])
			}
		}
		return string(b)
	}
	return q
}

// addressOf is the host and port to connect to.
func addressOf(u *url.URL) (string, error) {
	host, port := u.Hostname(), u.Port()
	if port == "" {
		port = defaultPort(u.Scheme)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return "", badRequest("a URL with the port %q", port)
	}
	if host == "" {
		return "", badRequest("a URL without a host")
	}
	for i := range len(host) {
		if c := host[i]; c <= ' ' || c >= 0x7f || c == '/' {
			return "", badRequest("the host %q", host)
		}
	}
	host, zone, zoned := strings.Cut(host, "%")
	if host = strings.ToLower(host); zoned {
		host += "%" + zone // the name of an interface
	}
	return net.JoinHostPort(host, port), nil
}

// hostOf is the field Host for a URL: without the port that is usual, and without the
// zone of an address, which means something on this machine only (RFC 6874, 4).
func hostOf(u *url.URL) string {
	host := strings.TrimSuffix(strings.TrimSuffix(u.Host, ":"+defaultPort(u.Scheme)), ":")
	if name, _, zoned := strings.Cut(u.Hostname(), "%"); zoned {
		host = "[" + name + "]" + host[strings.LastIndexByte(host, ']')+1:]
	}
	return host
}

func defaultPort(scheme string) string {
	switch scheme {
	case "https":
		return "443"
	case "socks5", "socks5h":
		return "1080"
	}
	return "80"
}

func closesConnection(h *Header) bool { return h.lists("Connection", "close") }

func basicAuth(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}
