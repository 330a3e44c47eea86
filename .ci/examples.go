//go:build ignore

// Examples builds every program under examples/, starts it as a user would, and
// asks it something. A program that it knows no question for is an error.
package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/websocket"
)

// patience bounds each question: start, answers and exit.
const patience = 30 * time.Second

// questions has one entry for each folder with a program. It gets the built
// program and returns what was wrong with it.
var questions = map[string]func(ctx context.Context, program string) error{
	"chat": func(ctx context.Context, program string) error {
		return serve(ctx, program, func(addr string) error {
			return speaks(ctx, "ws://"+addr+"/ws?name=Bob&since=0", "hello", `"text":"hello"`)
		})
	},
	"fetch": func(ctx context.Context, program string) error {
		site, err := serving("hello from a site")
		if err != nil {
			return err
		}
		defer site.Close()
		return prints(ctx, program, []string{"-L", "http://" + site.Addr().String() + "/"}, "hello from a site")
	},
	"hello": func(ctx context.Context, program string) error {
		return serve(ctx, program, func(addr string) error {
			return errors.Join(
				answers(ctx, "http://"+addr+"/", "Hello, World!"),
				answers(ctx, "http://"+addr+"/sleep?ms=10", "slept 10"),
			)
		})
	},
	"kitchensink": func(ctx context.Context, program string) error {
		ask := func(addr string) error {
			return errors.Join(
				answers(ctx, "http://"+addr+"/", "Hello, World!"),
				answers(ctx, "http://"+addr+"/stream?n=2&ms=1", "chunk 0\nchunk 1"),
				answers(ctx, "http://"+addr+"/etag", "etag body"),
			)
		}
		return errors.Join(serve(ctx, program, ask), serve(ctx, program, ask, "-std"), serve(ctx, program, ask, "-loops", "2"))
	},
	"pipeline": func(ctx context.Context, program string) error {
		dir, err := os.MkdirTemp("", "pipeline")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		if err := os.WriteFile(filepath.Join(dir, "empty"), nil, 0o600); err != nil {
			return err
		}
		return prints(ctx, program, []string{dir}, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  "+dir)
	},
	"portproxy": func(ctx context.Context, program string) error {
		target, err := echoing()
		if err != nil {
			return err
		}
		defer target.Close()
		return serve(ctx, program, func(addr string) error { return echoes(ctx, addr, "hello\n") }, target.Addr().String())
	},
	"reverseproxy": func(ctx context.Context, program string) error {
		back, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer back.Close()
		go http.Serve(back, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "behind ", r.URL.Path) }))
		target := "http://" + back.Addr().String()
		ask := func(addr string) error { return answers(ctx, "http://"+addr+"/x", "behind /x") }
		return errors.Join(serve(ctx, program, ask, target), serve(ctx, program, ask, "-native", target))
	},
	"seeds": func(ctx context.Context, program string) error {
		return prints(ctx, program, []string{"-scale", "0.01"}, "== P1", "== P2", "== P3", "== P4")
	},
	"storm": func(ctx context.Context, program string) error {
		return prints(ctx, program, []string{"-seed", "1", "-clients", "100", "-length", "3h"}, "seed                 1", "connects             ", "longest outage", "wall time")
	},
	"wsclient": func(ctx context.Context, program string) error {
		return fuzzing(func(url string) error {
			return prints(ctx, program, []string{"-url", url, "-n", "2", "-agent", "ci"}, "case 1 of 2: ", "case 2 of 2: websocket: closed by the peer: 1000")
		})
	},
	"tcpecho": func(ctx context.Context, program string) error {
		return errors.Join(
			serve(ctx, program, func(addr string) error { return echoes(ctx, addr, "hello\nwithout an end") }),
			serve(ctx, program, func(addr string) error { return echoes(ctx, addr, "a\x00b") }, "-raw"),
			serve(ctx, program, func(addr string) error { return says(ctx, addr, "", "abcde") }, "-blob", "5"),
		)
	},
	"webspider": func(ctx context.Context, program string) error {
		site, err := serving(`<a href="/1">one</a> <a href="/2">two</a>`)
		if err != nil {
			return err
		}
		defer site.Close()
		return prints(ctx, program, []string{"http://" + site.Addr().String() + "/"}, "fetching http://", "Done in ")
	},
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	list, err := exec.Command("go", "list", "-f", `{{if eq .Name "main"}}{{.Dir}}{{end}}`, "./examples/...").Output()
	if err != nil {
		return fmt.Errorf("go list: %w", err)
	}
	programs := map[string]bool{}
	for _, dir := range strings.Fields(string(list)) {
		programs[filepath.Base(dir)] = true
	}
	bin, err := os.MkdirTemp("", "examples")
	if err != nil {
		return err
	}
	defer os.RemoveAll(bin)

	var all error
	for _, name := range slices.Sorted(maps.Keys(programs)) {
		if err := check(name, bin); err != nil {
			all = errors.Join(all, fmt.Errorf("examples/%s: %w", name, err))
			continue
		}
		fmt.Println("ok\texamples/" + name)
	}
	for _, name := range slices.Sorted(maps.Keys(questions)) {
		if !programs[name] {
			all = errors.Join(all, fmt.Errorf("examples/%s: a question, but no program", name))
		}
	}
	return all
}

func check(name, bin string) error {
	question, ok := questions[name]
	if !ok {
		return errors.New("no question for it: add one to .ci/examples.go")
	}
	program := filepath.Join(bin, name)
	build := exec.Command("go", "build", "-o", program, "./examples/"+name)
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build: %w\n%s", err, out)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return question(ctx, program)
}

// serve starts a server on a free port, asks it, interrupts it, and wants it to
// end with status 0.
func serve(ctx context.Context, program string, ask func(addr string) error, args ...string) error {
	addr, err := freeAddress()
	if err != nil {
		return err
	}
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, program, append([]string{"-addr", addr}, args...)...)
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		return err
	}
	asked := listening(ctx, addr)
	if asked == nil {
		asked = ask(addr)
	}
	interrupted := cmd.Process.Signal(os.Interrupt)
	if err := errors.Join(asked, interrupted, cmd.Wait()); err != nil {
		return fmt.Errorf("%w\nit printed:\n%s", err, out.Bytes())
	}
	return nil
}

// freeAddress finds a port that nobody listens on just now.
func freeAddress() (string, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return ln.Addr().String(), ln.Close()
}

func listening(ctx context.Context, addr string) error {
	for {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("not listening in time: %w", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func answers(ctx context.Context, url, want string) error {
	req, err := http.NewRequestWithContext(ctx, "GET", url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if got := strings.TrimSpace(string(body)); err != nil || resp.StatusCode != http.StatusOK || got != want {
		return fmt.Errorf("GET %s: %s %q, %v; want %q", url, resp.Status, got, err, want)
	}
	return nil
}

// serving is a site whose pages are all the same, until it is closed.
func serving(page string) (net.Listener, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	go func() {
		_ = http.Serve(ln, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { // ends with ln
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, page)
		}))
	}()
	return ln, nil
}

// echoing is a server that sends back what it gets, until it is closed.
func echoing() (net.Listener, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				_, _ = io.Copy(conn, conn)
			}()
		}
	}()
	return ln, nil
}

// echoes wants back what it sends, and then the end.
func echoes(ctx context.Context, addr, text string) error { return says(ctx, addr, text, text) }

// says sends text, and wants an answer and then the end.
func says(ctx context.Context, addr, text, want string) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	if _, err := io.WriteString(conn, text); err != nil {
		return err
	}
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		return err
	}
	got, err := io.ReadAll(conn)
	if err != nil || string(got) != want {
		return fmt.Errorf("sent %q, got %q, %v; want %q", text, got, err, want)
	}
	return nil
}

// speaks sends a message by WebSocket, and wants one that has want in it.
func speaks(ctx context.Context, url, text, want string) error {
	return onLoop(func(co *loop.Co) error {
		c, err := websocket.Dial(co, url, nil)
		if err != nil {
			return err
		}
		defer c.Close(websocket.Normal, "")
		if err := c.Write(co, websocket.Text, []byte(text)); err != nil {
			return err
		}
		for m, err := range c.Messages(co) {
			if err != nil || strings.Contains(string(m.Data), want) {
				return err
			}
		}
		return fmt.Errorf("%s: no message with %q", url, want)
	})
}

// fuzzing serves WebSocket connections, sends each a message, and closes when it comes back.
func fuzzing(ask func(url string) error) error {
	return onLoop(func(co *loop.Co) error {
		srv := &http1.Server{Handler: http1.HandlerFunc(func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
			c, err := websocket.Accept(co, w, r, nil)
			if err != nil {
				return err
			}
			defer c.Close(websocket.Normal, "")
			if err := c.Write(co, websocket.Text, []byte(r.Target)); err != nil {
				return err
			}
			_, _, err = c.Read(co)
			return err
		})}
		addr, err := srv.Listen(co.Loop(), "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer srv.Close()
		_, err = loop.Await(co, loop.FromFunc(co.Loop(), func(context.Context) (struct{}, error) {
			return struct{}{}, ask("ws://" + addr.String())
		}))
		return err
	})
}

func onLoop(body func(co *loop.Co) error) error {
	l, err := loop.New(nil)
	if err != nil {
		return err
	}
	defer l.Close()
	_, err = loop.RunSyncTimeout(l, patience, func(co *loop.Co) (struct{}, error) { return struct{}{}, body(co) })
	return err
}

// prints runs a program to its end, and wants status 0 and lines that begin like
// this, in this order.
func prints(ctx context.Context, program string, args []string, lines ...string) error {
	out, err := exec.CommandContext(ctx, program, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w\nit printed:\n%s", err, out)
	}
	sc := bufio.NewScanner(bytes.NewReader(out))
	for sc.Scan() {
		if len(lines) > 0 && strings.HasPrefix(sc.Text(), lines[0]) {
			lines = lines[1:]
		}
	}
	if len(lines) > 0 {
		return fmt.Errorf("no line %q in what it printed:\n%s", lines[0], out)
	}
	return nil
}
