package main

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"
)

func stdInspect(w http.ResponseWriter, r *http.Request) {
	body, ok := stdBody(w, r)
	if !ok {
		return
	}
	header := map[string][]string{"host": {r.Host}}
	for name, values := range r.Header {
		header[strings.ToLower(name)] = values
	}
	stdJSON(w, inspection{
		Method: r.Method, Target: r.RequestURI, Path: r.URL.Path, Query: r.URL.RawQuery,
		Host: r.Host, Proto: r.Proto, Headers: header, Body: body,
	})
}

func stdJSON(w http.ResponseWriter, v any) {
	p, err := json.Marshal(v)
	if err != nil {
		panic(err) // of what this program puts together
	}
	w.Header().Set("Content-Type", "application/json")
	w.Write(append(p, '\n'))
}

// unlisted is files without the lists of its folders.
type unlisted struct{ fs.FS }

func (u unlisted) Open(name string) (fs.File, error) {
	f, err := u.FS.Open(name)
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err != nil || info.IsDir() {
		if _, err := fs.Stat(u.FS, path.Join(name, "index.html")); err != nil {
			f.Close()
			return nil, fs.ErrNotExist
		}
	}
	return f, nil
}

func stdGzip(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Vary", "Accept-Encoding")
	var to io.Writer = w
	if stdAccepts(r.Header.Values("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		defer z.Close()
		to = z
	}
	io.WriteString(to, foxes)
}

// stdAccepts reports whether a client takes a coding (RFC 9110, 12.5.3).
func stdAccepts(fields []string, coding string) bool {
	any := false
	for _, item := range strings.Split(strings.Join(fields, ","), ",") {
		name, params, _ := strings.Cut(item, ";")
		q := 1.0
		if v, ok := strings.CutPrefix(strings.ToLower(strings.TrimSpace(params)), "q="); ok {
			q, _ = strconv.ParseFloat(v, 64)
		}
		switch strings.ToLower(strings.TrimSpace(name)) {
		case coding:
			return q > 0
		case "*":
			any = q > 0
		}
	}
	return any
}

func stdETag(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("ETag", `"v1"`)
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	http.ServeContent(w, r, "", time.Time{}, strings.NewReader("etag body\n"))
}

func stdSetCookies(w http.ResponseWriter, r *http.Request) {
	for _, pair := range queryPairs(r.URL.RawQuery) {
		http.SetCookie(w, &http.Cookie{Name: pair[0], Value: pair[1], Path: "/"})
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	io.WriteString(w, "ok\n")
}

func stdCookies(w http.ResponseWriter, r *http.Request) {
	all := map[string]string{}
	for _, c := range r.Cookies() {
		all[c.Name] = c.Value
	}
	stdJSON(w, all)
}

func stdStatus(w http.ResponseWriter, r *http.Request) {
	code, err := strconv.Atoi(r.PathValue("code"))
	if err != nil || code < 200 || code > 999 {
		http.Error(w, "no such status", http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(code)
	if code != 204 && code != 304 {
		fmt.Fprintf(w, "status %d\n", code)
	}
}

func stdRedirect(w http.ResponseWriter, r *http.Request) {
	to, code := r.URL.Query().Get("to"), stdNumber(r, "code", 302, 399)
	if _, err := url.Parse(to); to == "" || err != nil || code < 300 {
		http.Error(w, "to=URL&code=30x", http.StatusBadRequest)
		return
	}
	w.Header().Set("Location", to)
	w.WriteHeader(code)
}

func stdAuth(w http.ResponseWriter, r *http.Request) {
	if user, pass, ok := r.BasicAuth(); !ok || !secret(user, pass) {
		w.Header().Set("WWW-Authenticate", `Basic realm="zonda"`)
		http.Error(w, "who are you?", http.StatusUnauthorized)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	io.WriteString(w, "welcome\n")
}

func stdForm(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if err := r.ParseMultipartForm(1 << 20); err != nil && err != http.ErrNotMultipart {
		http.Error(w, "not a form", http.StatusBadRequest)
		return
	}
	answer := newForm(r.PostForm)
	if r.MultipartForm != nil {
		defer r.MultipartForm.RemoveAll()
		for name, parts := range r.MultipartForm.File {
			for _, part := range parts {
				f, err := part.Open()
				if err != nil {
					http.Error(w, "a lost file", http.StatusInternalServerError)
					return
				}
				sum := sha256.New()
				n, err := io.Copy(sum, f)
				f.Close()
				if err != nil {
					http.Error(w, "a lost file", http.StatusInternalServerError)
					return
				}
				answer.add(name, upload{part.Filename, n, hex.EncodeToString(sum.Sum(nil))})
			}
		}
	}
	stdJSON(w, answer)
}
