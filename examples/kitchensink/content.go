package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
)

func sendJSON(w *http1.ResponseWriter, v any) error {
	p, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	_, err = w.Write(append(p, '\n'))
	return err
}

func inspect(_ *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	path, err := url.PathUnescape(r.Path())
	if err != nil {
		return &http1.HTTPError{Status: 400, Err: err}
	}
	headers := map[string][]string{}
	for name, value := range r.Header.All() {
		name = strings.ToLower(name)
		headers[name] = append(headers[name], value)
	}
	proto := "HTTP/1.1"
	if r.Minor == 0 {
		proto = "HTTP/1.0"
	}
	return sendJSON(w, inspection{r.Method, r.Target, path, r.Query(), r.Host, proto, headers, body})
}

// zipped is /gzip: the handler writes, and the wrapper compresses.
var zipped = http1.Compress(http1.HandlerFunc(func(_ *loop.Co, w *http1.ResponseWriter, _ *http1.Request) error {
	return plain(w, foxes)
}), nil).Serve

func tagged(_ *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
	if w.Preconditions(r, `"v1"`, time.Time{}) {
		return nil // 304, or 412
	}
	return plain(w, "etag body\n")
}

func setCookies(_ *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
	for _, pair := range queryPairs(r.Query()) {
		if err := w.SetCookie(&http.Cookie{Name: pair[0], Value: pair[1], Path: "/"}); err != nil {
			return w.Error(400, err.Error())
		}
	}
	return plain(w, "ok\n")
}

func cookies(_ *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
	all := map[string]string{}
	for _, c := range r.Cookies() {
		all[c.Name] = c.Value
	}
	return sendJSON(w, all)
}

func redirect(_ *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
	values, err := url.ParseQuery(r.Query())
	to, code := values.Get("to"), query(r, "code", 302, 399)
	if _, bad := url.Parse(to); to == "" || err != nil || bad != nil || code < 300 {
		return w.Error(400, "to=URL&code=30x")
	}
	return w.Redirect(r, to, code)
}
