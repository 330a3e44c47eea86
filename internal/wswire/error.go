package wswire

import "fmt"

// Error says which rule a peer has broken, and with what it is to be told. After an Error
// the connection is to be failed (RFC 6455, 7.1.7): nothing more can be read from it.
type Error struct {
	Code   uint16 // of the close frame: 1002, 1007 or 1009
	Rule   string // a short, stable name of the rule, such as "mask-missing"
	Reason string // the rule in words, short enough for a close frame
}

// Error gives rule, reason and code in one line. It quotes none of the peer's bytes.
func (e *Error) Error() string {
	return fmt.Sprintf("wswire: %s: %s (close: %d)", e.Rule, e.Reason, e.Code)
}

// An offence is an index into offences.
type offence uint8

const (
	reservedBits offence = iota
	rsv1NotAgreed
	rsv1OnControl
	rsv1OnContinuation
	badOpcode
	maskMissing
	maskPresent
	lengthNotShortest
	lengthTooLarge
	controlTooLong
	controlFragmented
	nothingToContinue
	messageNotEnded
	frameTooLarge
	messageTooLarge
	textNotUTF8
	closeTooShort
	closeCode
	closeNotUTF8

	inflatedTooLarge
	badDeflate

	offenceCount
)

// offences is the list of all refusals. A test holds that for each of them there is a
// conversation that only this rule refuses.
var offences = [offenceCount]Error{
	reservedBits:       {1002, "reserved-bits", "reserved bits are set"},
	rsv1NotAgreed:      {1002, "rsv1-not-agreed", "compressed, and no compression was agreed on"},
	rsv1OnControl:      {1002, "rsv1-on-control", "a compressed control frame"},
	rsv1OnContinuation: {1002, "rsv1-on-continuation", "compression is said in the first frame only"},
	badOpcode:          {1002, "opcode", "unknown opcode"},
	maskMissing:        {1002, "mask-missing", "a client must mask its frames"},
	maskPresent:        {1002, "mask-present", "a server must not mask its frames"},
	lengthNotShortest:  {1002, "length-shortest", "the length is not in its shortest form"},
	lengthTooLarge:     {1002, "length-63-bits", "a length of more than 63 bits"},
	controlTooLong:     {1002, "control-length", "a control frame of more than 125 bytes"},
	controlFragmented:  {1002, "control-fragmented", "a fragmented control frame"},
	nothingToContinue:  {1002, "continuation", "a continuation, and no message has begun"},
	messageNotEnded:    {1002, "message-not-ended", "a new message before the last has ended"},
	frameTooLarge:      {1009, "frame-too-large", "frame too big"},
	messageTooLarge:    {1009, "message-too-large", "message too big"},
	textNotUTF8:        {1007, "text-utf8", "text that is not UTF-8"},
	closeTooShort:      {1002, "close-length", "a close frame of one byte"},
	closeCode:          {1002, "close-code", "a close code that may not be sent"},
	closeNotUTF8:       {1007, "close-utf8", "a close reason that is not UTF-8"},

	inflatedTooLarge: {1009, "inflated-too-large", "message too big after decompression"},
	badDeflate:       {1007, "deflate-data", "compressed data that cannot be decompressed"},
}

// What packages above find while they decompress is refused in the same words.
var (
	ErrInflatedTooLarge = &offences[inflatedTooLarge]
	ErrBadDeflate       = &offences[badDeflate]
	ErrTextNotUTF8      = &offences[textNotUTF8]
)
