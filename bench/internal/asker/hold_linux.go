package asker

import (
	"bufio"
	"fmt"
	"io"
	"strconv"

	"github.com/zonda-go/zonda/bench/internal/live"
)

// AskAnswered is the line that asks how many requests have been answered.
const AskAnswered = "answered"

// hold is a client whose requests wait for a server that takes its time. A number on
// standard input is how many requests there are to be; it begins what is missing, and
// answers with the same number. Other questions are AskAnswered and those of package live.
// Each request is made once.
func hold(o Options, open Open, r io.Reader, w io.Writer) error {
	if err := o.check(); err != nil {
		return err
	}
	rec := &Recorder{once: true}
	begin, err := open(o, rec)
	if err != nil {
		return err
	}
	begun := 0
	for in := bufio.NewScanner(r); in.Scan(); {
		line := in.Text()
		n, err := strconv.Atoi(line)
		switch {
		case err == nil && n <= o.Conns:
			begin(max(n-begun, 0))
			begun = max(n, begun)
			fmt.Fprintln(w, line)
		case line == AskAnswered:
			answers, err := rec.soFar()
			if err != nil {
				return err
			}
			fmt.Fprintln(w, answers)
		default:
			fmt.Fprintln(w, live.Reply(line))
		}
	}
	return nil
}
