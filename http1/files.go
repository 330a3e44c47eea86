package http1

import (
	"io/fs"
	"net/url"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/zonda-go/zonda/loop"
)

// Files is a Handler that serves the files of one folder: whole or in ranges, and 304
// if the client has them already. Set its fields before it serves; then any loop may
// use it. Goroutines of loop.Offload use the files, the loop never waits for the disk,
// except as SendFile says.
//
// Nothing outside of the folder can be reached. Of a path that is anything but plain
// names between slashes (".", "..", nothing between two slashes, an escaped slash, a
// backslash, NUL) the answer is 404, and so it is of what is neither a regular file nor
// a folder: devices, sockets and FIFOs are not opened. A file's name is valid UTF-8.
//
// The entity tag is made of the file's size and its time of modification. Whoever
// changes files in place should replace them instead (write another and rename it):
// what is sent from a file that is being changed is neither the old nor the new, and a
// file that gets shorter breaks the response off.
type Files struct {
	// Dir is the folder. It is found anew with each request, so it may be replaced,
	// and may itself be a symbolic link.
	Dir string
	// FS is where the files are instead, if it is not nil. Files that are no
	// io.ReaderAt and no io.Seeker are sent whole only. Without times of modification,
	// as in package embed, there is neither Last-Modified nor ETag.
	FS fs.FS
	// Prefix is the path of the folder, "/static/"; other paths are answered 404.
	// Default: "/".
	Prefix string
	// Index is the file that is served for a folder. Default: "index.html"; "-": none.
	Index string
	// List has folders without an index answered with a list of their files, of
	// 10,000 at most. Default: 404.
	List bool
	// Hidden also serves names that begin with a dot. Default: 404, but for
	// /.well-known (RFC 8615).
	Hidden bool
	// FollowLinks lets symbolic links in Dir lead anywhere, by an absolute path too:
	// whoever may make links there decides what is served. By default only relative
	// ones that stay inside are followed, and the others answered 404.
	FollowLinks bool
	// Precompressed names content codings: "gzip", "br", "zstd". If the client accepts
	// one, and there is a file with .gz, .br or .zst behind its name, that is sent;
	// among equals in this order. Another coding's suffix is its name. Whoever makes
	// them keeps them up to date. Default: none.
	Precompressed []string
	// CacheControl is the field Cache-Control of files, such as "max-age=3600".
	// Default: none, and clients guess.
	CacheControl string
}

var _ Handler = (*Files)(nil)

// Serve answers GET and HEAD for the file that the request's path names, and others
// with 405.
func (f *Files) Serve(_ *loop.Co, w *ResponseWriter, r *Request) error {
	if r.Method != "GET" && r.Method != "HEAD" {
		w.Header().Set("Allow", "GET, HEAD")
		return w.Error(405, "")
	}
	prefix := strings.TrimSuffix(f.Prefix, "/") + "/"
	rest, below := strings.CutPrefix(r.Path(), prefix)
	if !below {
		return &HTTPError{Status: 404}
	}
	name, ok := f.plainName(rest)
	if !ok {
		return &HTTPError{Status: 404}
	}
	got, err := f.look(w, r, name, rest == "" || strings.HasSuffix(rest, "/"))
	switch {
	case err != nil:
		return err
	case got.moved:
		// Relative, for proxies that change the path; with "./", or a name could be
		// taken for a scheme or a host.
		to := "./" + path.Base(r.Path()) + "/"
		if q := r.Query(); q != "" {
			to += "?" + q
		}
		w.Header().Set("Location", to)
		return w.Error(301, "")
	}
	return f.send(w, r, got)
}

// ServeName answers with one file, whatever the request's path is. name is its path
// below the folder, as in package fs: "css/main.css".
func (f *Files) ServeName(_ *loop.Co, w *ResponseWriter, r *Request, name string) error {
	if !fs.ValidPath(name) {
		return &HTTPError{Status: 404}
	}
	got, err := f.look(w, r, name, false)
	switch {
	case err != nil:
		return err
	case got.moved:
		return &HTTPError{Status: 404}
	}
	return f.send(w, r, got)
}

// plainName is the file that a path names; its end may be a slash.
func (f *Files) plainName(rest string) (name string, ok bool) {
	if rest == "" {
		return ".", true
	}
	parts := strings.Split(strings.TrimSuffix(rest, "/"), "/")
	for i, part := range parts {
		part, err := url.PathUnescape(part)
		if err != nil || strings.ContainsAny(part, "/\\\x00") || !f.visible(part) && (i > 0 || part != ".well-known") {
			return "", false
		}
		parts[i] = part
	}
	name = strings.Join(parts, "/")
	if f.FS == nil {
		_, err := filepath.Localize(name) // systems reserve names
		return name, err == nil
	}
	return name, fs.ValidPath(name)
}

// visible reports whether files of that name are served and listed.
func (f *Files) visible(name string) bool { return f.Hidden || !strings.HasPrefix(name, ".") }

// look finds a file, or with slash a folder.
func (f *Files) look(w *ResponseWriter, r *Request, name string, slash bool) (*found, error) {
	codings := acceptedCodings(r, f.Precompressed)
	return offload(w.ex.c.sv.l, func() (*found, error) { return f.find(name, slash, codings) })
}

// send answers with what was found.
func (f *Files) send(w *ResponseWriter, r *Request, got *found) error {
	defer got.close(w.ex.c.sv.l)
	h := w.Header()
	if got.list != nil {
		h.Set("Content-Type", "text/html; charset=utf-8")
		_, err := w.Write(got.list)
		return err
	}
	if len(f.Precompressed) > 0 {
		h.vary("Accept-Encoding")
	}
	if got.coding != "" {
		h.Set("Content-Encoding", got.coding)
	}
	if f.CacheControl != "" {
		h.Set("Cache-Control", f.CacheControl)
	}
	return got.serve(w, r)
}

// suffix is what the names of files in a coding end with.
func suffix(coding string) string {
	known := []string{"gzip", ".gz", "br", ".br", "zstd", ".zst"}
	if i := slices.Index(known, coding); i >= 0 {
		return known[i+1]
	}
	return "." + coding
}
