package http1

import (
	"net/http"
	"time"
)

// Preconditions says to the client which version of the resource this is, and
// evaluates what it has asked for on condition (RFC 9110, 13.2.2). If it returns true,
// the answer is decided: 304 (Not Modified) or 412 (Precondition Failed), without a
// body, and the handler has nothing to add. Otherwise it goes on as if there had been
// no condition. A handler that changes something asks before it does. It is for a
// resource that exists.
//
// etag is the entity tag with its quotes, `"v1"` or `W/"v1"`; "" if there is none.
// modified is when the resource has changed last, the zero time if nobody knows. They
// become the fields ETag and Last-Modified; a modification that is yet to come is sent
// as of now (RFC 9110, 8.8.2.1). It panics if etag is not one.
//
// If-Match, If-Unmodified-Since, If-None-Match and If-Modified-Since are looked at, in
// this order; If-Range is looked at by who serves ranges. A date that is none counts as
// absent, and so does every condition when the status that was set is no success, and
// with CONNECT, OPTIONS and TRACE (13.2.1).
func (w *ResponseWriter) Preconditions(r *Request, etag string, modified time.Time) (done bool) {
	if etag != "" {
		if !validETag(etag) {
			panic("http1: Preconditions with an entity tag that is none: " + etag)
		}
		w.Header().Set("ETag", etag)
	}
	if known(modified) {
		sent := modified
		if now := w.ex.c.sv.l.Now(); sent.After(now) {
			sent = now
		}
		w.Header().Set("Last-Modified", httpDate(sent))
	}
	if s := w.Status(); s >= 300 || r.Method == "CONNECT" || r.Method == "OPTIONS" || r.Method == "TRACE" {
		return false
	}
	switch status := precondition(r, etag, modified); status {
	case 0:
		return false
	case 304:
		w.notModified()
	default:
		w.bare(status)
	}
	return true
}

// precondition is the status that the conditions lead to; 0: they hold.
func precondition(r *Request, etag string, modified time.Time) int {
	reads := r.Method == "GET" || r.Method == "HEAD"
	if tags := r.Header.Values("If-Match"); tags != nil {
		if !listsETag(tags, etag, strongMatch) {
			return 412
		}
	} else if t, ok := conditionDate(r, "If-Unmodified-Since"); ok && known(modified) && changedSince(modified, t) {
		return 412
	}
	if tags := r.Header.Values("If-None-Match"); tags != nil {
		switch matches := listsETag(tags, etag, weakMatch); {
		case matches && reads:
			return 304
		case matches:
			return 412
		}
	} else if t, ok := conditionDate(r, "If-Modified-Since"); ok && reads && known(modified) && !changedSince(modified, t) {
		return 304
	}
	return 0
}

// rangeHolds evaluates If-Range: whether the range that is asked for is one of the
// version that this is (RFC 9110, 13.1.5). Only a strong validator can tell; a date is
// one if the client has it exactly.
func rangeHolds(r *Request, etag string, modified time.Time) bool {
	v := r.Header.Get("If-Range")
	if v == "" {
		return true
	}
	if tag, _ := cutETag(v); tag != "" {
		return strongMatch(v, etag)
	}
	t, err := http.ParseTime(v)
	return err == nil && known(modified) && modified.Unix() == t.Unix()
}

// conditionDate is the date in a field. Two of them, or something else, are ignored
// (RFC 9110, 13.1.3 and 13.1.4).
func conditionDate(r *Request, name string) (time.Time, bool) {
	if v := r.Header.Values(name); len(v) == 1 {
		t, err := http.ParseTime(v[0])
		return t, err == nil
	}
	return time.Time{}, false
}

// changedSince compares in seconds: dates on the wire have no more.
func changedSince(modified, t time.Time) bool { return modified.Unix() > t.Unix() }

// known reports whether a time of modification is one. File systems that keep none
// give the beginning of one of two eras.
func known(t time.Time) bool { return !t.IsZero() && t.Unix() != 0 }

// notModified makes the response a 304: without what only a body has use for, and
// with no date beside a tag (RFC 9110, 15.4.5).
func (w *ResponseWriter) notModified() {
	w.bare(304)
	if h := w.Header(); h.Has("ETag") {
		h.Del("Last-Modified")
	}
}

// bare makes the response one without a body.
func (w *ResponseWriter) bare(status int) {
	h := w.Header()
	for _, name := range []string{"Content-Type", "Content-Length", "Content-Encoding", "Accept-Ranges"} {
		h.Del(name)
	}
	w.SetStatus(status)
}
