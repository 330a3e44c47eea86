package stream_test

import (
	"fmt"
	"net/smtp"
	"strings"
	"testing"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// mailbox is a small SMTP server for one connection.
type mailbox struct {
	s    *stream.Stream
	mail string // what was sent, once there was TLS
}

func (m *mailbox) serve(co *loop.Co) error {
	m.s.Write([]byte("220 one.test\r\n"))
	for {
		line, err := loop.Await(co, m.s.ReadUntil("\r\n", 1000))
		if err != nil {
			return err
		}
		verb, _, _ := strings.Cut(strings.TrimSpace(string(line)), " ")
		switch _, secure := m.s.TLS(); {
		case verb == "EHLO" && !secure:
			m.s.Write([]byte("250-one.test\r\n250 STARTTLS\r\n"))
		case verb == "STARTTLS":
			if _, err := loop.Await(co, m.s.Write([]byte("220 go on\r\n"))); err != nil {
				return err
			}
			if _, err := loop.Await(co, m.s.StartTLS(stream.TLSOptions{Config: serverConfig(), Server: true})); err != nil {
				return err
			}
		case verb == "DATA" && secure:
			m.s.Write([]byte("354 go on\r\n"))
			text, err := loop.Await(co, m.s.ReadUntil("\r\n.\r\n", 1<<20))
			if err != nil {
				return err
			}
			m.mail = string(text)
			m.s.Write([]byte("250 taken\r\n"))
		case verb == "QUIT":
			m.s.Write([]byte("221 bye\r\n"))
			_, err := loop.Await(co, m.s.Close())
			return err
		default:
			m.s.Write([]byte("250 well\r\n"))
		}
	}
}

func send(c *smtp.Client, text string) error {
	if ok, _ := c.Extension("STARTTLS"); !ok {
		return fmt.Errorf("no STARTTLS")
	}
	if err := c.StartTLS(clientConfig()); err != nil {
		return err
	}
	if err := c.Mail("a@one.test"); err != nil {
		return err
	}
	if err := c.Rcpt("b@one.test"); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := fmt.Fprint(w, text); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return c.Quit()
}

// Package net/smtp, unchanged, talks to a server on the same loop, and changes to TLS
// (Tornado S33, test_start_tls_smtp): both are coroutines, and there is no goroutine.
func TestNetConnSMTP(t *testing.T) {
	at(t, wide, func(p *pair) {
		box := &mailbox{s: p.far}
		served := loop.Go(p.co, func(co *loop.Co) (struct{}, error) { return struct{}{}, box.serve(co) })
		c, err := smtp.NewClient(stream.NetConn(p.co, p.near), "one.test")
		if err != nil {
			p.t.Fatal(err)
		}
		if err := send(c, "Subject: hello\n\nhow are you?\n"); err != nil {
			p.t.Error(err)
		}
		p.does(served)
		if box.mail != "Subject: hello\r\n\r\nhow are you?\r\n.\r\n" {
			p.t.Errorf("the mail is %q", box.mail)
		}
	})
}
