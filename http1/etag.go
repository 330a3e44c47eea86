package http1

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
)

// ContentETag is a strong entity tag of content: a hash of it, in quotes. Two contents
// have the same tag only if they are equal (RFC 9110, 8.8.3). It takes about a
// millisecond for each megabyte, so for what is large and seldom changes, keep the tag,
// or make one of a version's number.
func ContentETag(content []byte) string {
	sum := sha256.Sum256(content)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:18]) + `"`
}

// validETag reports whether tag is an entity tag, "x" or W/"x", and nothing else.
func validETag(tag string) bool {
	whole, rest := cutETag(tag)
	return whole != "" && rest == ""
}

// cutETag takes an entity tag off the beginning of s (RFC 9110, 8.8.3); tag is "" if
// there is none.
func cutETag(s string) (tag, rest string) {
	start := 0
	if strings.HasPrefix(s, "W/") {
		start = 2
	}
	if len(s) <= start || s[start] != '"' {
		return "", s
	}
	for i := start + 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			return s[:i+1], s[i+1:]
		case c <= ' ' || c == 0x7f:
			return "", s
		}
	}
	return "", s
}

// strongMatch and weakMatch are the two comparisons of RFC 9110, 8.8.3.2: the strong
// one holds only between tags neither of which is weak.
func strongMatch(a, b string) bool { return a == b && a != "" && a[0] == '"' }

func weakMatch(a, b string) bool {
	return a != "" && strings.TrimPrefix(a, "W/") == strings.TrimPrefix(b, "W/")
}

// listsETag reports whether one of the values, each a list of entity tags or "*", has
// a tag that matches. "*" stands for any that exists. What follows behind something
// that is no tag is not looked at: it could be read in more than one way.
func listsETag(values []string, tag string, match func(a, b string) bool) bool {
	for _, list := range values {
		if strings.Trim(list, " \t") == "*" {
			return true
		}
		for {
			list = strings.TrimLeft(list, " \t,")
			var one string
			if one, list = cutETag(list); one == "" {
				break
			}
			if match(one, tag) {
				return true
			}
			if list = strings.TrimLeft(list, " \t"); list != "" && list[0] != ',' {
				break
			}
		}
	}
	return false
}
