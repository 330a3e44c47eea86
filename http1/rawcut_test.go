package http1_test

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
)

// FuzzRawCuts sends any bytes in one piece, and again in others, each the length of
// a byte of cuts and one more, the last one for all that is left. Whatever the
// pieces, the client must get the same answers, and the same end.
func FuzzRawCuts(f *testing.F) {
	for i, c := range rawCases() {
		if send := wire(c.send); len(send) <= 300 && i%8 == 0 { // TestRaw cuts all of them
			f.Add([]byte(send), []byte{9, 0, 40})
		}
	}
	f.Fuzz(func(t *testing.T, sent, cuts []byte) {
		if len(sent) > 10_000 {
			return // and a handful of settled pieces besides
		}
		want := rawAnswers(t, sent, nil)
		if got := rawAnswers(t, sent, cuts[:min(len(cuts), 100)]); got != want {
			t.Errorf("%q\ncut at %v: %s\n  in one piece: %s", sent, cuts, got, want)
		}
	})
}

// rawAnswers is what a client gets, without what the server need not send.
func rawAnswers(t *testing.T, sent, cuts []byte) (got string) {
	looptest.Run(t, func(co *loop.Co) error {
		w := &world{t: t, net: &looptest.Network{}}
		w.srv = &http1.Server{
			Handler: rawHandler(func(error) {}),
			MaxHead: rawHead,
			MaxBody: rawBody,
			Network: w.net,
			Logger:  slog.New(slog.DiscardHandler),
		}
		if _, err := w.srv.Listen(co.Loop(), address); err != nil {
			return err
		}
		defer w.srv.Close()
		c := w.dial(co)
		for _, cut := range cuts {
			n := min(1+int(cut), len(sent))
			c.Write(sent[:n])
			settle(co)
			sent = sent[n:]
		}
		c.Write(sent)
		got = strings.ReplaceAll(undated(c.recv(co)), "HTTP/1.1 100 Continue||", "")
		c.Abort()
		return nil
	})
	return got
}
