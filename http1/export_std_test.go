package http1

import "net/url"

// ParseTarget is parseTarget.
func ParseTarget(target string) (u url.URL, err error) {
	err = parseTarget(&u, &Request{Method: "GET", Target: target})
	return u, err
}
