package http1_test

import (
	"errors"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
)

// A download is there as a whole or not at all.
func TestClientDownload(t *testing.T) {
	withClient(t, &http1.Client{}, func(co *loop.Co, w *clientWorld) error {
		text := strings.Repeat("0123456789", 20_000)
		w.script(co, hostA, func(co *loop.Co, p peer, _ int) error {
			for {
				head, err := p.head(co)
				switch {
				case err != nil:
					return err
				case strings.Contains(head, "/whole"):
					p.say("HTTP/1.1 200 OK|Content-Length: 200000||" + text)
				case strings.Contains(head, "/half"):
					p.say("HTTP/1.1 200 OK|Content-Length: 200000||" + text[:100_000])
					p.Close()
				case strings.Contains(head, "/stuck"):
					p.say("HTTP/1.1 200 OK|Content-Length: 200000||" + text[:100_000])
				default:
					p.say("HTTP/1.1 404 Not Found|Content-Length: 2||no")
				}
			}
		})
		dir := t.TempDir()
		path := filepath.Join(dir, "file")
		var last http1.Progress
		res, err := w.client.Download(co, &http1.ClientRequest{URL: urlOf("/whole"), OnProgress: func(p http1.Progress) { last = p }}, path)
		if err != nil || len(res.Body) != 0 || res.Timing.Total < 0 || !last.Ended || last.Done != 200_000 {
			t.Errorf("%s, %+v", brief(res, err), last)
		}
		same := func(when string) {
			if got, err := os.ReadFile(path); string(got) != text || err != nil {
				t.Errorf("%s: %d bytes, %v", when, len(got), err)
			}
			if left, err := os.ReadDir(dir); len(left) != 1 || err != nil {
				t.Errorf("%s: in the folder are %v, %v", when, left, err)
			}
		}
		same("at first")
		if _, err := w.client.Download(co, &http1.ClientRequest{URL: urlOf("/half")}, path); !errors.Is(err, http1.ErrServerGone) {
			t.Errorf("%v", err)
		}
		same("after half of another")
		if _, err := w.client.Download(co, &http1.ClientRequest{URL: urlOf("/nowhere")}, path); err == nil {
			t.Error("404 is no error")
		}
		same("after 404")
		scope, done := co.WithTimeout(time.Second)
		_, err = loop.Await(co, loop.Go(scope, func(co *loop.Co) (*http1.Response, error) {
			return w.client.Download(co, &http1.ClientRequest{URL: urlOf("/stuck")}, path)
		}))
		done()
		if err == nil {
			t.Error("a download that was cancelled succeeds")
		}
		same("after a cancelled one")
		if _, err := w.client.Download(co, &http1.ClientRequest{URL: urlOf("/whole")}, filepath.Join(dir, "no", "file")); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%v", err)
		}
		return nil
	})
}

// A download that is cancelled just when its file is being made leaves none.
func TestClientDownloadCancelled(t *testing.T) {
	srv := httptest.NewServer(stdSite())
	defer srv.Close()
	dir, why := t.TempDir(), errors.New("why")
	l, client := onLoop(t), &http1.Client{}
	_, err := loop.Do(t.Context(), l, func(co *loop.Co) (none struct{}, _ error) {
		for range 20 {
			scope, cancel := co.WithCancel()
			r := &http1.ClientRequest{URL: srv.URL + "/hello", OnHeader: func(*http1.Response) { l.Call(func() { cancel(why) }) }}
			_, err := loop.Await(co, loop.Go(scope, func(co *loop.Co) (*http1.Response, error) {
				return client.Download(co, r, filepath.Join(dir, "file"))
			}))
			for running, _ := l.OffloadQueue(); running > 0; running, _ = l.OffloadQueue() {
				if err := loop.Yield(co); err != nil {
					return none, err
				}
			}
			left, listed := os.ReadDir(dir)
			if listed != nil || len(left) > 1 || len(left) == 1 && (left[0].Name() != "file" || err != nil) {
				t.Errorf("%v, and %v is left, %v", err, left, listed)
				return none, nil
			}
			_ = os.Remove(filepath.Join(dir, "file"))
		}
		return none, nil
	})
	if err != nil {
		t.Error(err)
	}
}
