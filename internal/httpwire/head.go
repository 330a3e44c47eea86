package httpwire

import "bytes"

// DefaultMaxHead is the limit of a head in bytes when none is given.
const DefaultMaxHead = 64 << 10

const (
	// mostHead keeps every offset within a Span.
	mostHead = 1 << 30

	// firstFields are made room for at a parser's first field; a parser with
	// room for more than keptFields gives it up when it is reset.
	firstFields = 16
	keptFields  = 256
)

// headReader finds the lines of a head and knows where in it they stand: what
// the parsers of both roles share.
type headReader struct {
	// In a head that is not complete: line <= scan <= length of the buffer,
	// lines before line have been checked, and no LF is in [line, scan), but
	// for those of a folded field.
	line uint32
	scan uint32

	state headState
	seen  uint8   // fields and options, see framing.go
	off   offence // is let pass; for tests, which want to see a case fail then

	failed *Error // what all further calls return
}

type headState uint8

const (
	atStart headState = iota
	atFields
	headComplete
	headFailed
)

// A lineKind is what a line of a head is.
type lineKind uint8

const (
	blankLine lineKind = iota // before the start
	startLine                 // request line or status line
	aField
	headEnd
)

// headTable is the state machine of a head: what a line is, and where the
// reader stands after it. A line that breaks a rule leads to headFailed
// instead; in headComplete and headFailed no line is taken.
var headTable = [...][2]headMove{
	//        a line with bytes in it, an empty line
	atStart:  {{startLine, atFields}, {blankLine, atStart}},
	atFields: {{aField, atFields}, {headEnd, headComplete}},
}

type headMove struct {
	is   lineKind
	then headState
}

// move takes one step in the table.
func (h *headReader) move(line []byte) lineKind {
	m := &headTable[h.state][0]
	if len(line) == 0 {
		m = &headTable[h.state][1]
	}
	h.state = m.then
	return m.is
}

// next finds the line that begins at h.line, and gives it without its CR LF:
// nil if it has not come whole, or if it ends in a way that is forbidden.
func (h *headReader) next(buf []byte) (line []byte) {
	lf := bytes.IndexByte(buf[h.scan:], '\n')
	if lf < 0 {
		h.scan = uint32(len(buf))
		return nil
	}
	lf += int(h.scan)
	start, end := int(h.line), lf-1
	if lf == start || buf[end] != '\r' {
		if h.fail(bareLF.at(lf)) {
			return nil
		}
		end = lf
	}
	h.line, h.scan = uint32(lf+1), uint32(lf+1)
	return buf[start:end]
}

// fail ends the head with e, and reports whether it is ended: not if the rule
// is off.
func (h *headReader) fail(e *Error) bool {
	if e.Rule == offences[h.off].rule {
		return false
	}
	h.state, h.failed = headFailed, e
	return true
}

// result is what Head returns: the length of the head if it is complete, or
// the error if there is one.
func (h *headReader) result() (n int, err error) {
	switch h.state {
	case headComplete:
		return int(h.line), nil
	case headFailed:
		return 0, h.failed
	}
	return 0, nil
}

// within is the part of buf that a head of at most maxHead bytes may fill; full
// means that there can be no more of it.
func within(buf []byte, maxHead int) (head []byte, full bool) {
	if maxHead <= 0 {
		maxHead = DefaultMaxHead
	}
	limit := min(maxHead, mostHead)
	return buf[:min(len(buf), limit)], len(buf) >= limit
}
