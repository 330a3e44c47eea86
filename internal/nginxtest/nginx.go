//go:build unix

// Package nginxtest runs nginx for tests: a server that nobody here wrote, in front of
// ours and behind our client.
package nginxtest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// patience is for what takes milliseconds, on a machine that has much else to do.
const patience = 20 * time.Second

// An Nginx is one nginx of a test, with a folder and addresses of its own. It belongs to
// the test that has made it.
type Nginx struct {
	// Dir is its prefix: relative paths in its configuration begin there.
	Dir string
	// Main is configuration outside the block http. Set it before Start.
	Main string

	t         testing.TB
	program   string
	listeners []*os.File
	first     string // address of the first listener
	stderr    bytes.Buffer
}

// New finds nginx, on PATH or where Debian has it, and skips the test if there is none.
func New(t testing.TB) *Nginx {
	t.Helper()
	program, err := exec.LookPath("nginx")
	if err != nil {
		if program, err = exec.LookPath("/usr/sbin/nginx"); err != nil {
			t.Skip("nginx is not installed, neither on PATH nor in /usr/sbin; Debian's package is nginx-light")
		}
	}
	return &Nginx{Dir: t.TempDir(), t: t, program: program}
}

// Listen gives an address for a directive listen. It is bound already, so nobody else can
// take it, and clients may connect: nginx inherits its sockets.
func (n *Nginx) Listen() string {
	n.t.Helper()
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		n.t.Fatal(err)
	}
	defer ln.Close()
	f, err := ln.(*net.TCPListener).File()
	if err != nil {
		n.t.Fatal(err)
	}
	if n.listeners = append(n.listeners, f); n.first == "" {
		n.first = ln.Addr().String()
	}
	return ln.Addr().String()
}

// Path is the absolute path of a file below Dir.
func (n *Nginx) Path(name string) string { return filepath.Join(n.Dir, name) }

// File writes a file below Dir.
func (n *Nginx) File(name string, content []byte) {
	n.t.Helper()
	name = n.Path(name)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		n.t.Fatal(err)
	}
	if err := os.WriteFile(name, content, 0o644); err != nil {
		n.t.Fatal(err)
	}
}

// Module is the path of a dynamic module such as ngx_stream_module; "": it is not there.
func (n *Nginx) Module(name string) string {
	out, err := exec.CommandContext(n.t.Context(), n.program, "-V").CombinedOutput()
	if err != nil {
		n.t.Fatalf("nginx -V: %v %s", err, out)
	}
	if m := regexp.MustCompile(`--modules-path=(\S+)`).FindSubmatch(out); m != nil {
		file := filepath.Join(string(m[1]), name+".so")
		if _, err := os.Stat(file); err == nil {
			return file
		}
	}
	return ""
}

// Documented is the first configuration of nginx that is in a Markdown file, such as
// docs/http.md, with listen for its port 80 and server for its 127.0.0.1:8888.
func Documented(t testing.TB, file, listen, server string) string {
	t.Helper()
	doc, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(doc), "```nginx\n")
	conf, _, ok := strings.Cut(rest, "```")
	for _, address := range [][2]string{{"listen 80;", "listen " + listen + ";"}, {"127.0.0.1:8888", server}} {
		ok = ok && strings.Contains(conf, address[0])
		conf = strings.ReplaceAll(conf, address[0], address[1])
	}
	if !ok {
		t.Fatalf("%s has no configuration of nginx, or other addresses in it", file)
	}
	return conf
}

// settings are those of a process that is ended by its number and writes below Dir only.
// It needs a master: without one nginx 1.22 crashes on sockets that it has inherited.
const settings = `
daemon off;
%s
worker_processes 1;
pid nginx.pid;
error_log error.log info;
%s
events { worker_connections 512; }
http {
access_log off;
client_body_temp_path temp_body;
proxy_temp_path temp_proxy;
fastcgi_temp_path temp_fastcgi;
uwsgi_temp_path temp_uwsgi;
scgi_temp_path temp_scgi;
%s
}
`

// guard is a shell that ends nginx when its own standard input ends: with the test, or with the whole test
// process, whatever ends that.
const guard = `trap '' INT; "$@" & exec %s; read -r _; kill $!; wait $!`

// Start runs nginx with conf in its block http, and returns when it answers on the first
// address, which must speak plain HTTP. It ends with the test; what it has logged is shown if that has failed.
func (n *Nginx) Start(conf string) {
	n.t.Helper()
	n.File("nginx.conf", fmt.Appendf(nil, settings, n.user(), n.Main, conf))
	inherited, closed := "", ""
	for i := range n.listeners {
		inherited += fmt.Sprintf("%d;", 3+i) // where exec puts ExtraFiles
		closed += fmt.Sprintf(" %d<&-", 3+i)
	}
	ctx, kill := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", fmt.Sprintf(guard, closed), "sh",
		n.program, "-p", n.Dir, "-c", n.Path("nginx.conf"))
	cmd.Env = append(os.Environ(), "NGINX="+inherited)
	cmd.ExtraFiles = n.listeners
	cmd.Stderr = &n.stderr
	lifeline, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	for _, f := range n.listeners {
		f.Close() // nginx's are all that is left: who connects when it has died is refused
	}
	if err != nil {
		kill()
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() { n.stop(cmd, lifeline, kill) })
	n.answers()
}

// user has nginx stay root where it was started by root: as nobody it could not read Dir.
func (n *Nginx) user() string {
	n.t.Helper()
	if os.Getuid() != 0 {
		return ""
	}
	group, err := user.LookupGroupId(strconv.Itoa(os.Getgid()))
	if err != nil {
		n.t.Fatal(err)
	}
	return "user root " + group.Name + ";"
}

func (n *Nginx) stop(cmd *exec.Cmd, lifeline io.Closer, kill func()) {
	late := time.AfterFunc(patience, kill)
	lifeline.Close()
	err := cmd.Wait()
	late.Stop()
	kill()
	if err != nil {
		n.t.Errorf("nginx ends with %v", err)
	}
	if n.t.Failed() {
		log, _ := os.ReadFile(n.Path("error.log"))
		n.t.Logf("nginx says\n%s%s", tail(n.stderr.Bytes()), tail(log))
	}
}

// tail is the last lines of a log.
func tail(log []byte) []byte {
	lines := bytes.SplitAfter(log, []byte("\n"))
	return bytes.Join(lines[max(0, len(lines)-60):], nil)
}

// answers waits for the first response, which also says that sockets without a listener of
// ours (Unix ones) are bound.
func (n *Nginx) answers() {
	n.t.Helper()
	client := &http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Get("http://" + n.first + "/")
	if err != nil {
		n.t.Fatalf("nginx does not answer: %v", err)
	}
	res.Body.Close()
}
