package http1

import "strings"

// decodes reports whether the request has its body decoded.
func (call *clientCall) decodes() bool {
	h := &call.req.Header
	return !call.req.Raw && !h.Has("Accept-Encoding") && !h.Has("Range")
}

// encoding is what res is to be decoded from: "gzip", "deflate", or "" for nothing.
func (call *clientCall) encoding(res *Response) string {
	if !call.decodes() {
		return ""
	}
	switch kind := strings.ToLower(res.Header.Get("Content-Encoding")); {
	case kind == "":
	case len(res.Header.Values("Content-Encoding")) > 1: // one around another
	case kind == "gzip" || kind == "x-gzip":
		return "gzip"
	case kind == "deflate":
		return kind
	}
	return ""
}
