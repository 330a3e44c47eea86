package sock

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

func TestSendfile(t *testing.T) {
	content := bytes.Repeat([]byte("0123456789"), 1<<20)
	name := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(name, content, 0o600))
	f, err := os.Open(name)
	must(t, err)
	defer f.Close()
	client, server := connected(t)

	// Until the socket takes no more, and then until all has come.
	var sent, got int
	buf := make([]byte, 1<<20)
	full := false
	for got < len(content) {
		n, err := Sendfile(client, f, int64(sent), min(256<<10, len(content)-sent))
		switch {
		case sent == len(content):
			if n != 0 || err != nil {
				t.Fatalf("nothing: %d, %v", n, err)
			}
		case err == ErrAgain:
			full = true
		default:
			must(t, err)
			sent += n
			continue
		}
		await(t, server, unix.POLLIN)
		n, err = Read(server, buf)
		must(t, err)
		if !bytes.Equal(buf[:n], content[got:got+n]) {
			t.Fatalf("the bytes differ behind %d", got)
		}
		got += n
	}
	if !full {
		t.Error("the socket was never full")
	}
	if at, err := f.Seek(0, io.SeekCurrent); at != 0 || err != nil {
		t.Errorf("the file stands at %d, %v", at, err)
	}
	if n, err := Sendfile(client, f, int64(len(content)), 10); n != 0 || err != io.EOF {
		t.Errorf("at the end: %d, %v", n, err)
	}
}

func TestSendfileMistakes(t *testing.T) {
	client, _ := connected(t)
	r, w, err := os.Pipe()
	must(t, err)
	defer w.Close()
	if n, err := Sendfile(client, r, 0, 10); n != 0 || !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("a pipe: %d, %v", n, err)
	}
	must(t, r.Close())
	if n, err := Sendfile(client, r, 0, 10); n != 0 || !errors.Is(err, os.ErrClosed) {
		t.Errorf("a closed file: %d, %v", n, err)
	}
	f, err := os.Open(os.Args[0])
	must(t, err)
	defer f.Close()
	must(t, unix.Shutdown(client, unix.SHUT_WR))
	if n, err := Sendfile(client, f, 0, 10); n != 0 || !errors.Is(err, unix.EPIPE) {
		t.Errorf("a socket that was shut: %d, %v", n, err)
	}
}
