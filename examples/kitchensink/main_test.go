package main

import (
	"bufio"
	"crypto/tls"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"crypto/x509"
)

// build makes the program.
func build(t *testing.T) string {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("sockets are not built for Windows")
	}
	program := filepath.Join(t.TempDir(), "kitchensink.exe")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", program, ".")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return program
}

var announcement = regexp.MustCompile(`^kitchensink: serving on (https?://127\.0\.0\.1:[0-9]+)/page\n$`)

// TestProgram starts the built program as a user would, interrupts it, and wants it to
// end well.
func TestProgram(t *testing.T) {
	program := build(t)
	dir := t.TempDir()
	cert, key := certificate(t, dir)
	inside, outside := filepath.Join(dir, "site"), filepath.Join(dir, "secret.txt")
	write(t, outside, "secret")
	write(t, filepath.Join(inside, "page.html"), "<p>mine")
	if err := os.Symlink(outside, filepath.Join(inside, "link.txt")); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{}, {"-cert", cert, "-key", key}, {"-std"}, {"-loops", "2", "-std", "-cert", cert, "-key", key}} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), program, append([]string{"-addr", "127.0.0.1:0", "-static", inside}, args...)...)
			cmd.Stderr = os.Stderr
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			line, err := bufio.NewReader(out).ReadString('\n')
			match := announcement.FindStringSubmatch(line)
			if match == nil {
				t.Fatalf("the first line is %q, %v", line, err)
			}
			tr := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
			defer tr.CloseIdleConnections()
			client := &http.Client{Transport: tr}
			for target, want := range map[string]string{"/page": "<p>mine", "/static/page.html": "<p>mine", "/": "Hello, World!"} {
				if status, body := get(t, client, match[1]+target); status != 200 || body != want {
					t.Errorf("%s: %d %q", target, status, body)
				}
			}
			if status, body := get(t, client, match[1]+"/static/link.txt"); status != 404 || strings.Contains(body, "secret") {
				t.Errorf("a link out of the folder: %d %q", status, body)
			}
			if err := cmd.Process.Signal(os.Interrupt); err != nil {
				t.Error(err)
			}
			if err := cmd.Wait(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestFlags: what cannot be is one line, and status 1.
func TestFlags(t *testing.T) {
	program := build(t)
	for _, args := range [][]string{{"-static", "/nonesuch"}, {"-cert", "x"}, {"-cert", "x", "-key", "y"}, {"-addr", "nonsense"}} {
		cmd := exec.CommandContext(t.Context(), program, args...)
		out, err := cmd.CombinedOutput()
		if err == nil || cmd.ProcessState.ExitCode() != 1 || strings.Count(string(out), "\n") != 1 || !strings.HasPrefix(string(out), "kitchensink: ") {
			t.Errorf("%q: %v %q", args, err, out)
		}
	}
}

func get(t *testing.T, client *http.Client, url string) (status int, body string) {
	t.Helper()
	resp, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	p, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Error(err)
	}
	return resp.StatusCode, string(p)
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// certificate writes the one of package httptest into two files.
func certificate(t *testing.T, dir string) (cert, key string) {
	t.Helper()
	s := httptest.NewUnstartedServer(nil)
	s.StartTLS()
	defer s.Close()
	pair := s.TLS.Certificates[0]
	private, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	write(t, cert, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate[0]})))
	write(t, key, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})))
	return cert, key
}
