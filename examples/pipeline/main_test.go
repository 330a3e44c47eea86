package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
)

// files makes n files in a few folders, and returns what should be printed of them, in
// the order of names.
func files(t *testing.T, n int) (root string, want []string) {
	root = t.TempDir()
	for i := range n {
		dir := filepath.Join(root, fmt.Sprint(i%3), "deep")
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, fmt.Sprint(i))
		content := bytes.Repeat([]byte{byte(i)}, 1000*i)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		want = append(want, fmt.Sprintf("%x  %s", sha256.Sum256(content), path))
	}
	slices.Sort(want)
	return root, want
}

// Every file is hashed once, in whatever order the disk answers, and never are more
// found ahead than there is room for.
func TestPipeline(t *testing.T) {
	root, want := files(t, 40)
	looptest.Explore(t, 20, func(co *loop.Co) error {
		var out bytes.Buffer
		p := pipeline{root: root, workers: 3, room: 4, out: &out}
		ahead := co.Loop().Every(1, func() {
			if p.found-p.done > p.room+p.workers+1 {
				t.Errorf("%d found, %d done", p.found, p.done)
			}
		})
		defer ahead.Stop()
		if err := p.run(co); err != nil {
			return err
		}
		got := strings.Split(strings.TrimSpace(out.String()), "\n")
		slices.Sort(got)
		if !slices.Equal(got, want) {
			return fmt.Errorf("printed %d lines, want %d", len(got), len(want))
		}
		return nil
	})
}

// Cancelled at any moment it ends, with the cause; what it has counted it has printed.
func TestPipelineCancelled(t *testing.T) {
	root, _ := files(t, 20)
	looptest.Explore(t, 50, func(co *loop.Co) error {
		scope, cancel := co.WithCancel()
		after := co.Loop().Rand().IntN(60) // iterations
		var countdown func()
		countdown = func() {
			if after--; after < 0 {
				cancel(errInterrupted)
			} else {
				co.Loop().Call(countdown)
			}
		}
		countdown()
		var out bytes.Buffer
		p := pipeline{root: root, workers: 2, room: 2, out: &out}
		err := p.run(scope)
		if err != nil && !errors.Is(err, errInterrupted) {
			return err
		}
		if lines := strings.Count(out.String(), "\n"); lines != p.done || err == nil && lines != 20 {
			return fmt.Errorf("%d lines, %d done, error %v", lines, p.done, err)
		}
		return nil
	})
}

// A file that cannot be read is told of, and the others are hashed; a folder that is
// not there is an error.
func TestPipelineErrors(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		var out bytes.Buffer
		p := pipeline{root: filepath.Join(t.TempDir(), "nothing"), workers: 1, out: &out}
		if err := p.run(co); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("of a folder that is not there: %v", err)
		}
		return nil
	})
	root := t.TempDir()
	for _, name := range []string{"a", "b", "c"} {
		if err := os.WriteFile(filepath.Join(root, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := pipeline{root: root, workers: 1, room: 1, out: vanishing{filepath.Join(root, "b")}}
	if err := hash(&p); !errors.Is(err, os.ErrNotExist) || p.done != 2 || p.found != 3 {
		t.Errorf("%d of %d done: %v", p.done, p.found, err)
	}
}

// vanishing is an output that removes a file when it is first written to.
type vanishing struct{ path string }

func (v vanishing) Write(b []byte) (int, error) {
	_ = os.Remove(v.path)
	return len(b), nil
}
