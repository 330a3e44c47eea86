package http1

import (
	"crypto/md5"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"hash"
	"strings"

	"github.com/zonda-go/zonda/internal/httpwire"
)

// This file is authentication with the digest scheme (RFC 7616).

// A challenge is one of the field WWW-Authenticate.
type challenge struct {
	scheme string
	params map[string]string // by names in lower case
}

// answerChallenge is the hop with an answer to the server's challenge; nil: there is
// none, or it was answered and that did not help.
func (hop *clientHop) answerChallenge(r *ClientRequest, res *Response) *clientHop {
	if !r.Digest || hop.user+hop.password == "" || hop.hasBody(r) && r.Reader != nil {
		return nil
	}
	var body []byte
	if hop.hasBody(r) {
		body = r.Body
	}
	for _, c := range challenges(res.Header.Values("WWW-Authenticate")) {
		stale := strings.EqualFold(c.params["stale"], "true")
		if !strings.EqualFold(c.scheme, "Digest") || hop.tried > 1 || hop.tried > 0 && !stale {
			continue
		}
		auth := c.answer(hop.user, hop.password, hop.method, hop.target, rand.Text(), body, r.Producer == nil)
		if auth == "" {
			continue
		}
		next := *hop
		next.auth = auth
		next.tried++
		return &next
	}
	return nil
}

// answer is the field Authorization; empty: the challenge asks for what is not known.
// known: body is the request's, and not made while it is sent.
func (c challenge) answer(user, password, method, uri, cnonce string, body []byte, known bool) string {
	algorithm := c.params["algorithm"]
	name, session := strings.CutSuffix(strings.ToUpper(algorithm), "-SESS")
	var sum func() hash.Hash
	switch name {
	case "", "MD5":
		sum = md5.New
	case "SHA-256":
		sum = sha256.New
	case "SHA-512-256":
		sum = sha512.New512_256
	default:
		return ""
	}
	digest := func(parts ...string) string {
		h := sum()
		h.Write([]byte(strings.Join(parts, ":")))
		return hex.EncodeToString(h.Sum(nil))
	}
	realm, nonce := c.params["realm"], c.params["nonce"]
	ha1 := digest(user, realm, password)
	if session {
		ha1 = digest(ha1, nonce, cnonce)
	}
	ha2 := digest(method, uri)
	const count = "00000001" // each challenge is answered once
	response := digest(ha1, nonce, ha2)
	qop, has := c.params["qop"]
	switch {
	case !has:
	case httpwire.HasToken(qop, "auth"):
		qop = "auth"
	case httpwire.HasToken(qop, "auth-int") && known:
		qop = "auth-int"
		ha2 = digest(method, uri, digest(string(body)))
	default:
		return ""
	}
	if has {
		response = digest(ha1, nonce, count, cnonce, qop, ha2)
	}
	var b strings.Builder
	fmt.Fprintf(&b, `Digest username=%s, realm=%s, nonce=%s, uri=%s, response="%s"`,
		quoted(user), quoted(realm), quoted(nonce), quoted(uri), response)
	if algorithm != "" {
		fmt.Fprintf(&b, ", algorithm=%s", algorithm)
	}
	if opaque, ok := c.params["opaque"]; ok {
		fmt.Fprintf(&b, ", opaque=%s", quoted(opaque))
	}
	if has {
		fmt.Fprintf(&b, `, qop=%s, nc=%s, cnonce=%s`, qop, count, quoted(cnonce))
	}
	if !httpwire.ValidFieldValue(b.String()) {
		return ""
	}
	return b.String()
}

func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// challenges takes values of WWW-Authenticate apart (RFC 9110, 11.6.1): schemes, each
// with parameters behind it, all separated by commas.
func challenges(values []string) (all []challenge) {
	for _, v := range values {
		for v = strings.TrimLeft(v, " \t,"); v != ""; v = strings.TrimLeft(v, " \t,") {
			var word string
			word, v = cutToken(v)
			if word == "" {
				break // a token68, or nothing that anybody could read
			}
			rest := strings.TrimLeft(v, " \t")
			if !strings.HasPrefix(rest, "=") {
				all = append(all, challenge{word, map[string]string{}})
				continue
			}
			var value string
			value, v, _ = cutValue(strings.TrimLeft(rest[1:], " \t"))
			if len(all) > 0 {
				all[len(all)-1].params[strings.ToLower(word)] = value
			}
		}
	}
	return all
}

func cutToken(s string) (token, rest string) {
	n := 0
	for n < len(s) && httpwire.ValidFieldName(s[n:n+1]) {
		n++
	}
	return s[:n], s[n:]
}

// cutValue takes a token or a quoted string; whole: that is not empty, or has its end.
func cutValue(s string) (value, rest string, whole bool) {
	if !strings.HasPrefix(s, `"`) {
		value, rest = cutToken(s)
		return value, rest, value != ""
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return b.String(), s[i+1:], true
		case s[i] == '\\' && i+1 < len(s):
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String(), "", false
}
