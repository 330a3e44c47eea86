// Command wsclient is the client that fuzzing servers want: for each case it connects, and
// echoes whatever the server sends, text as text and bytes as bytes, until that closes.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"os"
	"strconv"
	"strings"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
	"github.com/zonda-go/zonda/websocket"
)

// maxMessage is more than fuzzing servers send in one message.
const maxMessage = 64 << 20

// A suite is what is to be run. It belongs to its loop.
type suite struct {
	url   string // of the server, without a slash at the end
	agent string // the name that reports give this client
	n     int    // cases; 0: as many as the server has
	out   io.Writer
	dial  websocket.DialOptions
}

func main() {
	var s suite
	flag.StringVar(&s.url, "url", "ws://127.0.0.1:9001", "the fuzzing server")
	flag.IntVar(&s.n, "n", 0, "run the cases 1 to `N`; 0 asks the server how many there are")
	flag.StringVar(&s.agent, "agent", "zonda", "the `name` of this client in the server's reports")
	flag.Parse()
	s.out = os.Stdout
	if err := run(&s); err != nil {
		fmt.Fprintln(os.Stderr, "wsclient:", err)
		os.Exit(1)
	}
}

func run(s *suite) error {
	l, err := loop.New(nil)
	if err != nil {
		return err
	}
	defer l.Close()
	_, err = loop.RunSync(l, func(co *loop.Co) (struct{}, error) { return struct{}{}, s.run(co) })
	return err
}

// run runs all cases, one after another. A case that ends badly is the server's to judge: only
// a server that cannot be reached ends the run.
func (s *suite) run(co *loop.Co) error {
	s.url = strings.TrimSuffix(s.url, "/")
	s.dial.MaxMessage = maxMessage
	s.dial.Compression = &websocket.Compression{}
	if s.n == 0 {
		var err error
		if s.n, err = s.count(co); err != nil {
			return err
		}
	}
	for i := 1; i <= s.n; i++ {
		end, err := s.echo(co, "/runCase?case="+strconv.Itoa(i)+"&agent="+url.QueryEscape(s.agent))
		if err != nil {
			return fmt.Errorf("case %d: %w", i, err)
		}
		fmt.Fprintf(s.out, "case %d of %d: %v\n", i, s.n, end)
	}
	end, err := s.echo(co, "/updateReports?agent="+url.QueryEscape(s.agent))
	if refused, ok := errors.AsType[*websocket.HandshakeError](end); ok {
		fmt.Fprintln(s.out, "the server writes no reports:", refused)
	}
	return err
}

// count asks the server how many cases it has.
func (s *suite) count(co *loop.Co) (int, error) {
	c, err := websocket.Dial(co, s.url+"/getCaseCount", &s.dial)
	if err != nil {
		return 0, err
	}
	defer c.Close(websocket.Normal, "")
	_, data, err := c.Read(co)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(string(data))
}

// echo runs one case, and says how the connection ended. The error is that there was none.
func (s *suite) echo(co *loop.Co, path string) (end error, err error) {
	c, err := websocket.Dial(co, s.url+path, &s.dial)
	var unreachable *stream.DialError
	if errors.As(err, &unreachable) || co.Err() != nil {
		return nil, err
	}
	if err != nil {
		return err, nil // to break a handshake off may be what the case is about
	}
	for {
		kind, data, err := c.Read(co)
		if err == nil {
			err = c.Write(co, kind, data)
		}
		if err != nil {
			_, closed := loop.Await(co, c.Close(websocket.Normal, "")) // wait for its end
			if errors.Is(closed, websocket.ErrCloseTimeout) {
				err = closed
			}
			return err, co.Err()
		}
	}
}
