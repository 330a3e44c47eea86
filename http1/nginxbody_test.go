//go:build unix

package http1_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
)

// This file is bodies between the client and nginx.

// nginxRanges: one range, several as multipart/byteranges, none of it.
func nginxRanges(t *testing.T, s *nginxSite, co *loop.Co) error {
	c := &http1.Client{}
	return asks(t, c, func() error {
		for _, tt := range []struct {
			first, last int64
			want        string
		}{
			{1, 3, `206 "ell" bytes 1-3/6`},
			{4, -1, `206 "o\n" bytes 4-5/6`},
			{-2, 0, `206 "o\n" bytes 4-5/6`},
			{6, -1, `416 "<html>\r\n<head><title" bytes */6`},
		} {
			r := &http1.ClientRequest{URL: s.url + "/hello.txt"}
			r.SetRange(tt.first, tt.last)
			res, err := c.Do(co, r)
			if got := shortly(res, err, "Content-Range"); got != tt.want {
				t.Errorf("%d to %d: got %s, want %s", tt.first, tt.last, got, tt.want)
			}
		}
		res, err := c.Do(co, &http1.ClientRequest{URL: s.url + "/big", Header: header("Range", "bytes=0-9,100000-299999,-7")})
		if err != nil {
			return err
		}
		_, params, err := mime.ParseMediaType(res.Header.Get("Content-Type"))
		if err != nil {
			return err
		}
		parts := multipart.NewReader(bytes.NewReader(res.Body), params["boundary"])
		for _, want := range [][]byte{s.big[:10], s.big[100000:300000], s.big[len(s.big)-7:]} {
			part, err := parts.NextPart()
			if err != nil {
				return err
			}
			if got, err := io.ReadAll(part); err != nil || !bytes.Equal(got, want) {
				t.Errorf("a part has %d bytes, want %d, %v", len(got), len(want), err)
			}
		}
		_, err = parts.NextPart()
		if err != io.EOF {
			t.Errorf("behind the last part: %v", err)
		}
		return nil
	})
}

// nginxDownload: a large file as a stream and onto the disk, with progress; one that is
// gone leaves no file.
func nginxDownload(t *testing.T, s *nginxSite, co *loop.Co) error {
	c := &http1.Client{}
	dir := t.TempDir()
	return asks(t, c, func() error {
		res, err := c.Open(co, &http1.ClientRequest{URL: s.url + "/big"})
		if err != nil {
			return err
		}
		got, err := io.ReadAll(res.Stream)
		res.Stream.Close()
		if err != nil || !bytes.Equal(got, s.big) {
			t.Errorf("Open gives %d bytes, %v", len(got), err)
		}
		var last http1.Progress
		name := filepath.Join(dir, "big")
		if _, err := c.Download(co, &http1.ClientRequest{URL: s.url + "/big", OnProgress: func(p http1.Progress) { last = p }}, name); err != nil {
			return err
		}
		if got, err := os.ReadFile(name); err != nil || !bytes.Equal(got, s.big) {
			t.Errorf("Download makes a file of %d bytes, %v", len(got), err)
		}
		if n := int64(len(s.big)); last.Done != n || last.Total != n || !last.Ended {
			t.Errorf("its last progress is %+v", last)
		}
		_, err = c.Download(co, &http1.ClientRequest{URL: s.url + "/none"}, filepath.Join(dir, "none"))
		if _, err := statusError(err); err != nil {
			t.Error(err)
		}
		if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
			t.Errorf("%v are left, %v", files, err)
		}
		return nil
	})
}

// nginxSlow: what ends a body that comes slowly, and that nothing remains of it.
func nginxSlow(t *testing.T, s *nginxSite, co *loop.Co) error {
	c := &http1.Client{}
	return asks(t, c, func() error {
		begun := loop.NewPromise[struct{}](co.Loop())
		scope, cancel := co.WithCancel()
		defer cancel(nil)
		reason := errors.New("enough of it")
		loop.Go(co.Loop(), func(co *loop.Co) (none struct{}, err error) {
			_, err = loop.Await(co, begun.Future())
			cancel(reason)
			return none, err
		})
		_, err := c.Do(scope, &http1.ClientRequest{
			URL:    s.url + "/slow",
			OnBody: func(*loop.Co, []byte) error { begun.TrySet(struct{}{}); return nil },
		})
		if !errors.Is(err, reason) {
			t.Errorf("cancelled in the body, it ends with %v", err)
		}
		if st := c.Stats(); st.Open != 0 {
			t.Errorf("cancelled in the body, it leaves %+v", st)
		}
		_, err = c.Do(co, &http1.ClientRequest{URL: s.url + "/slow", Timeouts: &http1.Timeouts{Whole: 100 * time.Millisecond}})
		if !errors.Is(err, os.ErrDeadlineExceeded) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("beyond the time for all it ends with %v", err)
		}
		res, err := c.Open(co, &http1.ClientRequest{URL: s.url + "/slow"})
		if err != nil {
			return err
		}
		if _, err := io.ReadFull(res.Stream, make([]byte, 100)); err != nil {
			t.Error(err)
		}
		res.Stream.Close()
		if st := c.Stats(); st.Open != 0 {
			t.Errorf("closed in the body, it leaves %+v", st)
		}
		return nil
	})
}

// nginxRefusedUpload: 413 of nginx, before the body and in the middle of it.
func nginxRefusedUpload(t *testing.T, s *nginxSite, co *loop.Co) error {
	c := &http1.Client{}
	const size = 4 << 20
	rounds := 2
	if deep() {
		rounds = 100
	}
	return asks(t, c, func() error {
		for range rounds {
			for _, tt := range []struct {
				name, path, want string
				r                http1.ClientRequest
			}{
				{"small body", "/small", entityTooLarge, http1.ClientRequest{Body: make([]byte, 2<<10)}},
				{"small body in chunks", "/small", entityTooLarge, http1.ClientRequest{Producer: zeroBody(2 << 10)}},
				{"body", "/small", entityTooLarge, http1.ClientRequest{Body: make([]byte, size)}},
				{"length", "/small", entityTooLarge, http1.ClientRequest{Producer: zeroBody(size), BodyLength: size}},
				{"chunks", "/small", entityTooLarge, http1.ClientRequest{Producer: zeroBody(size)}},
				{"reader", "/small", entityTooLarge, http1.ClientRequest{Reader: io.LimitReader(zeroReader{}, size), BodyLength: size}},
				{"Expect", "/small", entityTooLarge, http1.ClientRequest{Producer: never(t), BodyLength: size, Expect100: true}},
				{"what fits", "/small", `200 "1000 60b1780 1000"`, http1.ClientRequest{Producer: zeroBody(1000), BodyLength: 1000, Expect100: true}},
				{"what nobody wants", "/ignores", `200 "ignored"`, http1.ClientRequest{Producer: zeroBody(size)}},
			} {
				tt.r.Method, tt.r.URL = "POST", s.url+tt.path
				res, err := c.Do(co, &tt.r)
				c.CloseIdle() // nginx may close such a connection without having said so
				if got := shortly(res, err); got != tt.want {
					t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
				}
			}
		}
		return nil
	})
}

const entityTooLarge = `413 "<html>\r\n<head><title"`

// zeroBody makes a body of n bytes.
func zeroBody(n int) func(*loop.Co, *http1.BodyWriter) error {
	return func(_ *loop.Co, w *http1.BodyWriter) error {
		_, err := io.CopyN(w, struct{ io.Reader }{zeroReader{}}, int64(n))
		return err
	}
}

type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func never(t *testing.T) func(*loop.Co, *http1.BodyWriter) error {
	return func(*loop.Co, *http1.BodyWriter) error {
		t.Error("a body that the server has refused is made")
		return nil
	}
}
