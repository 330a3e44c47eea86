package http1_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
)

// onTheLoop serves h there. On goroutines TestStdBehaviours looks at deadlines: virtual
// time jumps while they compute.
func onTheLoop(t *testing.T, h http.HandlerFunc, body func(co *loop.Co, w *world) error) {
	t.Helper()
	serve(t, http1.StdWith(h, http1.StdOptions{OnLoop: true}), body)
}

// soon is a deadline on the loop's clock, when virtual time has begun.
func soon(d time.Duration) time.Time {
	return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Add(d)
}

// TestStdReadDeadline: it ends a read that waits, and later ones at once; a later
// deadline lets them go on.
func TestStdReadDeadline(t *testing.T) {
	var got []string
	h := func(w http.ResponseWriter, r *http.Request) {
		rc, p := http.NewResponseController(w), make([]byte, 10)
		read := func() {
			n, err := r.Body.Read(p)
			got = append(got, fmt.Sprint(string(p[:n]), " ", errors.Is(err, os.ErrDeadlineExceeded), " ", err == io.EOF))
		}
		rc.SetReadDeadline(soon(time.Minute))
		read()
		read()
		read()
		rc.SetReadDeadline(soon(time.Hour))
		read()
		rc.SetReadDeadline(time.Time{})
		read()
	}
	onTheLoop(t, h, func(co *loop.Co, w *world) error {
		c := w.dial(co)
		c.send(co, "POST / HTTP/1.1|Host: a|Content-Length: 9||abc")
		if err := loop.Sleep(co, 2*time.Minute); err != nil {
			return err
		}
		c.send(co, "def")
		if err := loop.Sleep(co, 2*time.Hour); err != nil {
			return err
		}
		c.send(co, "ghi")
		c.recv(co)
		c.Abort()
		want := []string{"abc false false", " true false", " true false", "def false false", "ghi false true"}
		if !slices.Equal(got, want) {
			t.Errorf("\n got %q\nwant %q", got, want)
		}
		return nil
	})
}

// TestStdWriteDeadline: it ends a write that waits, and the connection with the handler.
func TestStdWriteDeadline(t *testing.T) {
	var err error
	h := func(w http.ResponseWriter, r *http.Request) {
		rc := http.NewResponseController(w)
		rc.SetWriteDeadline(soon(time.Minute))
		for p := make([]byte, 1<<20); err == nil; {
			_, err = w.Write(p)
		}
	}
	onTheLoop(t, h, func(co *loop.Co, w *world) error {
		w.srv.WriteTimeout = -1
		c := w.dial(co)
		c.send(co, bGet)
		if err := loop.Sleep(co, time.Hour); err != nil {
			return err
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error(err)
		}
		if got := c.recv(co); !strings.HasSuffix(got, "<reset>") {
			t.Error(got[max(0, len(got)-10):])
		}
		return nil
	})
}

// TestStdDeadlineClientLeaves: a client that leaves ends a read that has a deadline, too.
func TestStdDeadlineClientLeaves(t *testing.T) {
	var err error
	h := func(w http.ResponseWriter, r *http.Request) {
		http.NewResponseController(w).SetReadDeadline(soon(time.Hour))
		_, err = r.Body.Read(make([]byte, 10))
	}
	onTheLoop(t, h, func(co *loop.Co, w *world) error {
		c := w.dial(co)
		c.send(co, "POST / HTTP/1.1|Host: a|Content-Length: 9||")
		c.Abort()
		if e := loop.Sleep(co, time.Second); e != nil {
			return e
		}
		if err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error(err)
		}
		return nil
	})
}

// TestStdBodyTooLarge: beyond MaxBody a handler gets net/http's error and ours.
func TestStdBodyTooLarge(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, err := io.ReadAll(r.Body)
		var mb *http.MaxBytesError
		if !errors.As(err, &mb) {
			mb = &http.MaxBytesError{}
		}
		fmt.Fprint(w, string(p), " ", mb.Limit, " ", errors.Is(err, http1.ErrBodyTooLarge), " ", err)
	})
	for _, onLoop := range []bool{false, true} {
		srv := &http1.Server{Handler: http1.StdWith(h, http1.StdOptions{OnLoop: onLoop}), MaxBody: 5}
		serveOn(t, &world{srv: srv}, func(co *loop.Co, w *world) error {
			for _, text := range []string{"6|abcdef|0||", "3|abc|3|def|0||"} {
				c := w.dial(co)
				c.Write([]byte(wire("POST / HTTP/1.1|Host: a|Connection: close|Transfer-Encoding: chunked||" + text)))
				if got := c.recvAll(co); !strings.HasSuffix(got, "||abcde 5 true http1: request body too large<end>") {
					t.Error(got)
				}
				c.Abort()
			}
			return nil
		})
	}
}
