//go:build unix

package browsertest

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"syscall"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

const (
	// maxSaid is how much of what Chromium says is kept, in bytes.
	maxSaid = 64 << 10
	// deathbed is how long its processes may take to end when they are killed.
	deathbed = 10 * time.Second
)

// names is what the program is called on different systems.
var names = [...]string{"chromium", "chromium-browser", "google-chrome"}

// find gives the path of a Chromium, "" if there is none.
func find() string {
	for _, name := range names {
		if p, err := exec.LookPath(name); err == nil {
			return p
		}
	}
	return ""
}

// flags keep Chromium to itself: no window, no other hosts, no page put to sleep because
// another one is in front of it.
var flags = []string{
	"--headless", "--remote-debugging-port=0", "--disable-gpu", "--disable-dev-shm-usage",
	"--no-first-run", "--no-default-browser-check", "--no-proxy-server", "--lang=en-US", "--mute-audio",
	"--password-store=basic", "--use-mock-keychain",
	"--disable-extensions", "--disable-sync", "--disable-breakpad",
	"--disable-background-networking", "--disable-component-update", "--disable-default-apps",
	"--disable-background-timer-throttling", "--disable-backgrounding-occluded-windows", "--disable-renderer-backgrounding",
}

// command starts program with dir as its home, in a process group of its own: Chromium is
// many processes, and they are to end together.
func command(program, dir string) *exec.Cmd {
	cmd := exec.Command(program, flags...)
	cmd.Args = append(cmd.Args, "--user-data-dir="+dir)
	if os.Geteuid() == 0 {
		cmd.Args = append(cmd.Args, "--no-sandbox") // it does not start with one
	}
	cmd.Args = append(cmd.Args, "about:blank")
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_CONFIG_HOME="+dir, "XDG_CACHE_HOME="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}

// A chromium is one that runs. It belongs to the loop.
type chromium struct {
	child *stream.Process
	group int // of its processes, also when the first of them has exited
	said  []byte
	url   *loop.Promise[string]  // where it listens for DevTools
	heard *loop.Future[struct{}] // to the end
}

// launch starts Chromium. Its caller ends it.
func launch(co *loop.Co, cmd *exec.Cmd) (*chromium, error) {
	child, err := stream.StartProcess(co, cmd, stream.ProcessOptions{Stderr: true, Grace: -1})
	if err != nil {
		return nil, fmt.Errorf("browsertest: %w", err)
	}
	c := &chromium{child: child, group: cmd.Process.Pid, url: loop.NewPromise[string](co.Loop())}
	c.url.Quiet()
	c.heard = loop.Go(co, c.hear)
	return c, nil
}

var listening = regexp.MustCompile(`DevTools listening on (ws://\S+)\s`)

// hear takes in what Chromium says, as long as one of its processes lives.
func (c *chromium) hear(co *loop.Co) (none struct{}, _ error) {
	for {
		p, err := loop.Await(co, c.child.Stderr.ReadSome(4<<10))
		c.said = append(c.said, p[:min(len(p), maxSaid-len(c.said))]...)
		if m := listening.FindSubmatch(c.said); m != nil {
			c.url.TrySet(string(m[1]))
		}
		if err != nil {
			c.url.TryFail(fmt.Errorf("browsertest: Chromium has not come up: %w; it said:\n%s", err, c.said))
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return none, err
		}
	}
}

// end kills all processes, and waits until they have gone: only then may their folder be
// removed.
func (c *chromium) end(co *loop.Co) error {
	if err := syscall.Kill(-c.group, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("browsertest: %w", err)
	}
	if _, err := loop.Await(co, loop.WithTimeout(deathbed, c.heard)); err != nil {
		return fmt.Errorf("browsertest: Chromium does not end: %w", err)
	}
	_, err := loop.Await(co, c.child.ExitCode())
	return err
}
