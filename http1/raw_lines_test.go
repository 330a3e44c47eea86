package http1_test

const (
	rawGet  = "GET /x HTTP/1.1|Host: a|"
	rawPost = "POST /x HTTP/1.1|Host: a|"
)

// rawLines: where lines end, and what must not be in them.
var rawLines = []rawCase{
	accepted("plain", "9112, 2.1", rawGet+"|", "GET /x a"),
	accepted("an empty line before", "9112, 2.2", "|"+rawGet+"|", "GET /x a").
		differs("9112, 2.2: SHOULD be ignored", "400 closed"),
	accepted("four empty lines before", "9112, 2.2", "||||"+rawGet+"|", "GET /x a").
		differs("9112, 2.2: SHOULD be ignored", "400 closed"),
	denied("five empty lines before", "9112, 2.2", "|||||"+rawGet+"|", 400, "blank-lines"),
	denied("bare LF everywhere", "9112, 2.2", "GET /x HTTP/1.1\nHost: a\n\n", 400, "bare-lf").
		differs("9112, 2.2: to take a bare LF for a line end is a MAY; who does not sees other lines", "200 kept", "GET /x a"),
	denied("bare LF after the request line", "9112, 2.2", "GET /x HTTP/1.1\nHost: a||", 400, "bare-lf").
		differs("9112, 2.2: to take a bare LF for a line end is a MAY; who does not sees other lines", "200 kept", "GET /x a"),
	denied("bare LF after a field", "9112, 2.2", rawGet+"B: c\nD: e||", 400, "bare-lf").
		differs("9112, 2.2: to take a bare LF for a line end is a MAY; who does not sees other lines", "200 kept", "GET /x a"),
	denied("bare LF hides a field", "9112, 11.2", rawPost+"B: c\nContent-Length: 5||hello", 400, "bare-lf").
		differs("9112, 2.2: to take a bare LF for a line end is a MAY; who does not sees other lines", "200 kept", "POST /x a =hello"),
	denied("bare LF at the end", "9112, 2.2", rawGet+"\n", 400, "bare-lf").
		differs("9112, 2.2: to take a bare LF for a line end is a MAY; who does not sees other lines", "200 kept", "GET /x a"),
	denied("bare LF before the request", "9112, 2.2", "\n"+rawGet+"|", 400, "bare-lf"),
	denied("bare CR in the target", "9112, 2.2", "GET /x\ry HTTP/1.1|Host: a||", 400, "bare-cr"),
	denied("bare CR for a space", "9112, 2.2", "GET\r/x HTTP/1.1|Host: a||", 400, "bare-cr"),
	denied("bare CR in the version", "9112, 2.2", "GET /x HTTP/1.\r|Host: a||", 400, "bare-cr"),
	denied("bare CR in a value", "9112, 2.2", rawGet+"B: c\rd||", 400, "bare-cr"),
	denied("bare CR as a line end", "9112, 2.2", rawPost+"B: c\rContent-Length: 5||hello", 400, "bare-cr"),
	denied("bare CR in a name", "9112, 2.2", rawGet+"B\r: c||", 400, "bare-cr"),
	denied("CR CR LF", "9112, 2.2", rawGet+"B: c\r||", 400, "bare-cr"),
	denied("CR CR LF at the end", "9112, 2.2", rawGet+"\r|", 400, "bare-cr"),
	denied("NUL in the method", "9110, 9.1", "GE\x00T /x HTTP/1.1|Host: a||", 400, "nul"),
	denied("NUL in the target", "9112, 3.2", "GET /x\x00 HTTP/1.1|Host: a||", 400, "nul"),
	denied("NUL in a name", "9110, 5.1", rawGet+"B\x00: c||", 400, "nul"),
	denied("NUL in a value", "9110, 5.5", rawGet+"B: c\x00||", 400, "nul"),
	denied("control byte in the target", "9112, 3.2", "GET /x\x01 HTTP/1.1|Host: a||", 400, "control"),
	denied("DEL in the target", "9112, 3.2", "GET /x\x7f HTTP/1.1|Host: a||", 400, "control"),
	denied("BEL in a value", "9110, 5.5", rawGet+"B: \x07||", 400, "control"),
	denied("DEL in a value", "9110, 5.5", rawGet+"B: c\x7f||", 400, "control"),
	denied("VT in a value", "9110, 5.5", rawGet+"B: \x0bc||", 400, "control"),
	denied("FF in a value", "9110, 5.5", rawGet+"B: c\x0c||", 400, "control"),
	accepted("HT in a value", "9110, 5.5", rawGet+"B: c\td||", "GET /x a"),
	accepted("high bytes in a value", "9110, 5.5", rawGet+"B: \x80\xc3\xa9\xff||", "GET /x a"),
	denied("blank before the first field", "9112, 2.2", "GET /x HTTP/1.1| Host: a||", 400, "obs-fold"),
	denied("tab before the first field", "9112, 2.2", "GET /x HTTP/1.1|\tHost: a||", 400, "obs-fold"),
	denied("folded field", "9112, 5.2", rawGet+"B: c| d||", 400, "obs-fold").
		differs("9112, 5.2: a server MUST reject a fold or replace it; who does neither sees another field", "200 kept", "GET /x a"),
	denied("folded with a tab", "9112, 5.2", rawGet+"B: c|\td||", 400, "obs-fold").
		differs("9112, 5.2: a server MUST reject a fold or replace it; who does neither sees another field", "200 kept", "GET /x a"),
	denied("folded Host", "9112, 5.2", "GET /x HTTP/1.1|Host: a| b||", 400, "obs-fold"),
	denied("folded Transfer-Encoding", "9112, 5.2", rawPost+"Transfer-Encoding: chunked| ||0||", 400, "obs-fold").
		differs("9112, 5.2: a server MUST reject a fold or replace it; who does neither sees another field", "501 closed"),
	denied("folded Content-Length", "9112, 5.2", rawPost+"Content-Length: 1| 2||123456789012", 400, "obs-fold"),
	denied("a field hidden by a fold", "9112, 5.2", rawPost+"B: c| Content-Length: 5||hello", 400, "obs-fold").
		differs("9112, 5.2: a server MUST reject a fold or replace it; who does neither sees another field", "200 kept", "POST /x a"),
	denied("a line of blanks", "9112, 5.2", rawGet+"B: c| |", 400, "obs-fold").
		differs("9112, 5.2: a server MUST reject a fold or replace it; who does neither sees another field", "waits"),
	denied("garbage", "9112, 2.2", "asdf||", 400, "request-line"), // H13
	denied("TLS", "9112, 2.2", "\x16\x03\x01\x02\x00\x01\x00\n", 400, "bare-lf"),
	denied("a response", "9112, 2.2", "HTTP/1.1 200 OK|Content-Length: 0||", 400, "method"),
	other("nothing", "9112, 2.1", "", "waits"),
	other("empty lines only", "9112, 2.2", "||", "waits"),
	other("a CR only", "9112, 2.2", "\r", "waits"),
	other("half a request line", "9112, 2.1", "GET /x HT", "waits"),
	other("no end", "9112, 2.1", rawGet, "waits"),
	other("half an end", "9112, 2.1", rawGet+"\r", "waits"),
	denied("wrong before the end", "9112, 2.2", "GET /x HTTP/1.1|Host: a|b|", 400, "no-colon"),
}

// rawStartLines: the request line without its target.
var rawStartLines = []rawCase{
	denied("two spaces before the target", "9112, 3", "GET  /x HTTP/1.1|Host: a||", 400, "target-byte"),
	denied("two spaces before the version", "9112, 3", "GET /x  HTTP/1.1|Host: a||", 400, "target-byte"),
	denied("tab for a space", "9112, 3", "GET\t/x HTTP/1.1|Host: a||", 400, "method"),
	denied("tab before the version", "9112, 3", "GET /x\tHTTP/1.1|Host: a||", 400, "request-line"),
	denied("space behind the version", "9112, 3", "GET /x HTTP/1.1 |Host: a||", 400, "request-line"),
	denied("space before the method", "9112, 3", " GET /x HTTP/1.1|Host: a||", 400, "method"),
	denied("no target", "9112, 3", "GET HTTP/1.1|Host: a||", 400, "request-line"),
	denied("empty target", "9112, 3", "GET  HTTP/1.1|Host: a||", 400, "request-line"),
	denied("no version", "9112, 3", "GET /x|Host: a||", 400, "request-line"),
	denied("method alone", "9112, 3", "GET|Host: a||", 400, "request-line"),
	denied("four words", "9112, 3", "GET /x y HTTP/1.1|Host: a||", 400, "target-byte"),
	denied("lower-case version", "9112, 2.3", "GET /x http/1.1|Host: a||", 400, "version"),
	denied("HTTPS", "9112, 2.3", "GET /x HTTPS/1.1|Host: a||", 400, "request-line"),
	denied("version 1,1", "9112, 2.3", "GET /x HTTP/1,1|Host: a||", 400, "version"),
	denied("version 1.", "9112, 2.3", "GET /x HTTP/1.|Host: a||", 400, "request-line"),
	denied("version 01.1", "9112, 2.3", "GET /x HTTP/01.1|Host: a||", 400, "request-line"),
	denied("version 1.10", "9112, 2.3", "GET /x HTTP/1.10|Host: a||", 400, "request-line"),
	denied("version +.1", "9112, 2.3", "GET /x HTTP/+.1|Host: a||", 400, "version"),
	denied("version 1.x", "9112, 2.3", "GET /x HTTP/1.x|Host: a||", 400, "version"),
	accepted("version 1.2", "9110, 2.5", "GET /x HTTP/1.2|Host: a||", "GET /x a"),
	accepted("version 1.9", "9110, 2.5", "GET /x HTTP/1.9|Host: a||", "GET /x a"),
	denied("version 2.0", "9110, 15.6.6", "GET /x HTTP/2.0|Host: a||", 505, "version-major"),
	denied("version 3.0", "9110, 15.6.6", "GET /x HTTP/3.0|Host: a||", 505, "version-major"),
	denied("version 0.9", "9110, 15.6.6", "GET /x HTTP/0.9|Host: a||", 505, "version-major"),
	denied("the preface of HTTP/2", "9110, 15.6.6", "PRI * HTTP/2.0||SM||", 505, "version-major").
		differs("it gives the preface to the handler, for HTTP/2", "200 closed", "PRI * - ="),
	accepted("lower-case method", "9110, 9.1", "get /x HTTP/1.1|Host: a||", "get /x a"),
	accepted("unknown method", "9110, 9.1", "BREW /x HTTP/1.1|Host: a||", "BREW /x a"),
	accepted("every byte of a token", "9110, 5.6.2", "!#$%&'*+-.^_`~09azAZ /x HTTP/1.1|Host: a||", "!#$%&'*+-.^_`~09azAZ /x a"),
	denied("comma in the method", "9110, 9.1", "FOO,BAR /x HTTP/1.1|Host: a||", 400, "method"), // H24
	denied("slash in the method", "9110, 9.1", "G/T /x HTTP/1.1|Host: a||", 400, "method"),
	denied("colon in the method", "9110, 9.1", "GET: /x HTTP/1.1|Host: a||", 400, "method"),
	denied("quotes around the method", "9110, 9.1", "\"GET\" /x HTTP/1.1|Host: a||", 400, "method"),
	denied("high byte in the method", "9110, 9.1", "G\xc3\x89T /x HTTP/1.1|Host: a||", 400, "method"),
	accepted("TRACE", "9110, 9.3.8", "TRACE /x HTTP/1.1|Host: a||", "TRACE /x a"),
}
