package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

func site() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/hello", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s %s %s", r.Method, r.Header.Get("X"), r.Header.Get("User-Agent"))
	})
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s", r.Header.Get("Content-Type"), b)
	})
	mux.HandleFunc("/from", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/hello", http.StatusFound) })
	mux.HandleFunc("/round", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/round", http.StatusFound) })
	mux.HandleFunc("/big", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "1000000")
		_, _ = w.Write(make([]byte, 1_000_000))
	})
	mux.HandleFunc("/cut", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = w.Write([]byte("half"))
	})
	mux.HandleFunc("/never", func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	return mux
}

// What it prints, and the status it ends with.
func TestFetch(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("sockets are not built for Windows")
	}
	srv := httptest.NewServer(site())
	defer srv.Close()
	secure := httptest.NewTLSServer(site())
	defer secure.Close()
	secure.Config.ErrorLog = nil
	dir := t.TempDir()
	file := filepath.Join(dir, "data")
	if err := os.WriteFile(file, []byte("from a file"), 0o600); err != nil {
		t.Fatal(err)
	}
	saved := filepath.Join(dir, "saved")
	for _, tt := range []struct {
		args   string // separated by blanks
		status int
		out    string
		err    []string // parts, in their order
	}{
		{"URL/hello", 0, "GET  zonda-fetch", nil},
		{"-H X:1 -X PUT URL/hello", 0, "PUT 1 zonda-fetch", nil},
		{"-d a=b URL/echo", 0, "application/x-www-form-urlencoded a=b", nil},
		{"-d a=b -d c=d URL/echo", 0, "application/x-www-form-urlencoded a=b&c=d", nil},
		{"-d= URL/echo", 0, "application/x-www-form-urlencoded ", nil},
		{"URL/hello -H X:1 -X PUT", 0, "PUT 1 zonda-fetch", nil},
		{"-max-time 60 -H X:1 BARE/hello", 0, "GET 1 zonda-fetch", nil},
		{"-L URL/round", exitRedirects, "<a href=\"/round\">Found</a>.\n\n", []string{"more than 30 redirects"}},
		{"-x BARE http://nowhere.test/hello", 0, "GET  zonda-fetch", nil},
		{"-max-time 0.05 URL/never", exitTimeout, "", []string{"timed out"}},
		{"-d @" + file + " -H Content-Type:text/plain URL/echo", 0, "text/plain from a file", nil},
		{"-L URL/from", 0, "GET  zonda-fetch", nil},
		{"URL/from", 0, "<a href=\"/hello\">Found</a>.\n\n", nil},
		{"-v URL/hello", 0, "GET  zonda-fetch", []string{"> GET URL/hello\n", "* URL/hello from 127.0.0.1:", "< HTTP/1.1 200 OK\n", "< Content-Length: 16\n", "first byte", "total"}},
		{"-o " + saved + " URL/big", 0, "", []string{"[", "100%", "MB/s"}},
		{"-x URL http://nowhere.test/hello", 0, "GET  zonda-fetch", nil},
		{"URL/nowhere", 0, "404 page not found\n", nil},
		{"-f URL/nowhere", exitStatus, "", []string{"404 Not Found"}},
		{"URL/cut", exitCut, "half", []string{"the server closed the connection"}},
		{"--max-time 50ms URL/never", exitTimeout, "", []string{"response", "timed out"}},
		{"http://127.0.0.1:1/", exitConnect, "", []string{"connect", "refused"}},
		{"-x http://127.0.0.1:1 URL/hello", exitConnect, "", []string{"refused"}},
		{"SECURE/hello", exitTLS, "", []string{"tls", "certificate"}},
		{"-d @" + file + ".not URL/echo", exitFailed, "", []string{"no such file"}},
		{"gopher://a/", exitUsage, "", []string{"gopher"}},
		{"", exitUsage, "", []string{"usage: fetch"}},
		{"URL/hello URL/hello", exitUsage, "", []string{"usage: fetch"}},
		{"-max-time soon URL/hello", exitUsage, "", []string{"max-time"}},
		{"http://me:geheim@127.0.0.1:port/", exitUsage, "", []string{"...@127.0.0.1:port"}},
		{"-H nothing URL/hello", exitUsage, "", []string{"colon"}},
	} {
		var out, errs bytes.Buffer
		o := options{out: &out, err: &errs}
		args := strings.NewReplacer("URL", srv.URL, "SECURE", secure.URL, "BARE", srv.Listener.Addr().String()).Replace(tt.args)
		status := exitUsage
		if err := o.parse(strings.Fields(args)); err == nil {
			if o.output != "" {
				o.progress = &errs
			}
			status = o.run()
		}
		if status != tt.status || out.String() != tt.out {
			t.Errorf("fetch %s: status %d, want %d; printed %q, want %q; on stderr %s", tt.args, status, tt.status, &out, tt.out, &errs)
		}
		rest := strings.ReplaceAll(errs.String(), srv.URL, "URL")
		for _, part := range tt.err {
			i := strings.Index(rest, part)
			if i < 0 {
				t.Errorf("fetch %s: no %q in its place in %s", tt.args, part, &errs)
				break
			}
			rest = rest[i+len(part):]
		}
		if len(tt.err) == 0 && errs.Len() > 0 {
			t.Errorf("fetch %s: on stderr %s", tt.args, &errs)
		}
	}
	if b, err := os.ReadFile(saved); len(b) != 1_000_000 || err != nil {
		t.Errorf("%d bytes were saved, %v", len(b), err)
	}
}

// The program as a user starts it; Ctrl-C ends it.
func TestProcess(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("sockets are not built for Windows")
	}
	asked := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(asked)
		<-r.Context().Done()
	}))
	defer srv.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	program := filepath.Join(t.TempDir(), "fetch.exe")
	build := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-o", program, ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, program, srv.URL)
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-asked
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != exitInterrupted || !strings.Contains(stderr.String(), "interrupted") {
		t.Errorf("it ended with %v, and on stderr: %s", err, &stderr)
	}
}
