package httpwire

import "fmt"

// Error says which rule a peer's bytes broke, where, and which status
// answers them. After an Error the framing of the connection is lost: answer
// and close (RFC 9112, 9.6). Nobody answers a response; the status is then 502,
// by which a gateway tells its own client (RFC 9110, 15.6.3).
type Error struct {
	Status int    // the status code of the answer: 400, 413, 414, 417, 431, 501, 502 or 505
	Rule   string // a short, stable name of the rule, such as "bare-lf"
	Offset int    // from the first byte of the buffer the call was given
	Reason string // the rule in words
}

// Error gives the rule, the place and the status in one line. It quotes none
// of the peer's bytes, so that it can be logged as it is.
func (e *Error) Error() string {
	return fmt.Sprintf("httpwire: %s at byte %d: %s (answer: %d)", e.Rule, e.Offset, e.Reason, e.Status)
}

// An offence is an index into offences.
type offence uint8

const (
	none offence = iota

	bareLF
	bareCR
	nulByte
	controlByte

	tooManyBlankLines
	badRequestLine
	badMethod
	badTargetByte
	targetFragment
	badVersion
	otherMajor
	badTargetForm
	asteriskForm
	authorityForm
	badTargetHost
	targetUserinfo
	lineTooLong
	headTooLarge

	badStatusLine
	badStatusCode
	badReason
	contentForbidden

	foldedLine
	noColon
	emptyName
	blankBeforeColon
	badNameByte

	hostMissing
	hostRepeated
	badHost
	badLength
	lengthDiffers
	lengthTooLarge
	codingOn10
	codingRepeated
	codingAndLength
	codingNotFinal
	codingUnknown
	otherExpectation

	badChunkSize
	chunkTooLarge
	chunkLineTooLong
	tooManyExtensions
	badChunkEnd
	trailerRefused
	trailersTooLarge
)

// offences is the list of all refusals. A test holds that each of them is
// provoked by a case that differs from an accepted one in this point only.
var offences = [...]struct {
	rule   string
	status int
	reason string
}{
	bareLF:      {"bare-lf", 400, "a line ends in LF without CR"},
	bareCR:      {"bare-cr", 400, "a CR stands without its LF"},
	nulByte:     {"nul", 400, "a NUL byte"},
	controlByte: {"control", 400, "a control byte"},

	tooManyBlankLines: {"blank-lines", 400, "too many empty lines before the request line"},
	badRequestLine:    {"request-line", 400, "the first line is not method, target and version, one space apart"},
	badMethod:         {"method", 400, "the method is not a token"},
	badTargetByte:     {"target-byte", 400, "a blank or control byte in the target"},
	targetFragment:    {"target-fragment", 400, "a fragment in the target"},
	badVersion:        {"version", 400, "the version is not HTTP/ digit . digit"},
	otherMajor:        {"version-major", 505, "a major version other than 1"},
	badTargetForm:     {"target-form", 400, "the target is neither a path nor an absolute URI with an authority"},
	asteriskForm:      {"target-asterisk", 400, "the target * belongs to OPTIONS only"},
	authorityForm:     {"target-authority", 400, "the target of CONNECT is not host:port, with a port of 1 to 65535"},
	badTargetHost:     {"target-host", 400, "the host in the target is not valid"},
	targetUserinfo:    {"target-userinfo", 400, "user information in the target"},
	lineTooLong:       {"line-too-long", 414, "the request line is longer than the limit for heads"},
	headTooLarge:      {"head-too-large", 431, "the head is longer than its limit"},

	badStatusLine:    {"status-line", 502, "the first line is not version and status code, one space apart"},
	badStatusCode:    {"status-code", 502, "the status code is not a number from 100 to 999"},
	badReason:        {"reason", 502, "the status code is not followed by a space"},
	contentForbidden: {"content-forbidden", 502, "a body is announced by a response that cannot have one"},

	foldedLine:       {"obs-fold", 400, "a field line begins with a blank"},
	noColon:          {"no-colon", 400, "a field line without a colon"},
	emptyName:        {"empty-name", 400, "a field without a name"},
	blankBeforeColon: {"name-blank", 400, "a blank in a field name or before its colon"},
	badNameByte:      {"name-byte", 400, "a field name is not a token"},

	hostMissing:      {"host-missing", 400, "no Host field in an HTTP/1.1 request"},
	hostRepeated:     {"host-repeated", 400, "more than one Host field"},
	badHost:          {"host-value", 400, "the value of Host is not host or host:port"},
	badLength:        {"length-value", 400, "Content-Length is not a decimal number"},
	lengthDiffers:    {"length-differs", 400, "two values of Content-Length"},
	lengthTooLarge:   {"length-overflow", 413, "Content-Length is beyond 63 bits"},
	codingOn10:       {"coding-on-1.0", 400, "Transfer-Encoding in HTTP/1.0"},
	codingRepeated:   {"coding-repeated", 400, "the chunked coding or the field Transfer-Encoding appears twice"},
	codingAndLength:  {"coding-and-length", 400, "Transfer-Encoding together with Content-Length"},
	codingNotFinal:   {"coding-not-final", 400, "the final transfer coding is not chunked"},
	codingUnknown:    {"coding-unknown", 501, "a transfer coding other than chunked"},
	otherExpectation: {"expectation", 417, "an expectation other than 100-continue"},

	badChunkSize:      {"chunk-size", 400, "a chunk size is not a hexadecimal number"},
	chunkTooLarge:     {"chunk-overflow", 413, "a chunk size is beyond 62 bits or 16 digits"},
	chunkLineTooLong:  {"chunk-line", 400, "the line with a chunk size is too long"},
	tooManyExtensions: {"chunk-extensions", 400, "too many bytes of chunk extensions in one body"},
	badChunkEnd:       {"chunk-end", 400, "the data of a chunk is not followed by CR LF"},
	trailerRefused:    {"trailer-field", 400, "a framing or routing field among the trailers"},
	trailersTooLarge:  {"trailers-too-large", 431, "the trailer section is longer than its limit"},
}

// at makes the Error for an offence found at offset. It stays out of line to
// keep the functions that call it small.
//
//go:noinline
func (o offence) at(offset int) *Error {
	f := &offences[o]
	return &Error{Status: f.status, Rule: f.rule, Offset: offset, Reason: f.reason}
}
