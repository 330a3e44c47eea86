package http1_test

import "strings"

// rawConnections: keeping connections, pipelining, expectations, upgrades.
var rawConnections = []rawCase{
	other("close", "9112, 9.6", rawGet+"Connection: close||", "200 closed", "GET /x a"),
	other("CLOSE", "9110, 7.6.1", rawGet+"connection: CLOSE||", "200 closed", "GET /x a"),
	other("close in a list", "9110, 7.6.1", rawGet+"Connection: b ,close,||", "200 closed", "GET /x a"),
	other("close in a second field", "9110, 7.6.1", rawGet+"Connection: keep-alive|Connection: close||", "200 closed", "GET /x a"),
	other("keep-alive, close", "9112, 9.3", rawGet+"Connection: keep-alive, close||", "200 closed", "GET /x a"),
	accepted("keep-alive", "9112, 9.3", rawGet+"Connection: keep-alive||", "GET /x a"),
	accepted("closed is not close", "9110, 7.6.1", rawGet+"Connection: closed, xclose||", "GET /x a"),
	accepted("close;x is not close", "9110, 7.6.1", rawGet+"Connection: close;x||", "GET /x a"),
	other("HTTP/1.0", "9112, 9.3", "GET /x HTTP/1.0|Host: a||", "200 closed", "GET /x a"),
	accepted("HTTP/1.0 keep-alive", "9112, 9.3", "GET /x HTTP/1.0|Host: a|Connection: keep-alive||", "GET /x a"),
	accepted("HTTP/1.0 Keep-Alive", "9112, 9.3", "GET /x HTTP/1.0|Host: a|Connection: Keep-Alive||", "GET /x a"),
	other("HTTP/1.0 keep-alive, close", "9112, 9.3", "GET /x HTTP/1.0|Host: a|Connection: keep-alive, close||", "200 closed", "GET /x a").
		differs("9112, 9.3: close comes first", "200 kept", "GET /x a"),
	accepted("HTTP/1.0 keep-alive with a body", "9112, 9.3", "POST /x HTTP/1.0|Connection: keep-alive|Content-Length: 5||hello", "POST /x - =hello"),

	accepted("two requests", "9112, 9.3.2", rawGet+"|GET /y HTTP/1.1|Host: b||", "GET /x a", "GET /y b"),
	accepted("three requests", "9112, 9.3.2", rawGet+"|"+rawLength("Content-Length: 5", "hello")+rawGet+"|", "GET /x a", "POST /x a =hello", "GET /x a"),
	accepted("empty lines between requests", "9112, 2.2", rawGet+"|||"+rawGet+"|", "GET /x a", "GET /x a").
		differs("9112, 2.2: SHOULD be ignored", "200 400 closed", "GET /x a"),
	accepted("CR LF behind a body", "9112, 2.2", rawLength("Content-Length: 5", "hello|")+rawGet+"|", "POST /x a =hello", "GET /x a"),
	other("a request behind close", "9112, 9.6", rawGet+"Connection: close||"+rawGet+"|", "200 closed", "GET /x a"),
	other("a request behind HTTP/1.0", "9112, 9.3", "GET /x HTTP/1.0||"+rawGet+"|", "200 closed", "GET /x -"),
	other("garbage behind a request", "9112, 2.2", rawGet+"|asdf||", "200 400 closed", "GET /x a").by("request-line"),
	other("a bad request behind two", "9112, 9.3.2", rawGet+"|"+rawGet+"|GET /x HTTP/1.1||", "200 200 400 closed", "GET /x a", "GET /x a").by("host-missing"),
	other("bad chunks behind a request", "9112, 7.1", rawGet+"|"+rawChunk("x|"), "200 400 closed", "GET /x a").by("chunk-size"),
	other("a request without end behind one", "9112, 9.3.2", rawGet+"|"+rawGet, "200 waits", "GET /x a"),
	accepted("HEAD", "9110, 9.3.2", "HEAD /x HTTP/1.1|Host: a||", "HEAD /x a"),
	accepted("HEAD, then GET", "9110, 9.3.2", "HEAD /x HTTP/1.1|Host: a||"+rawGet+"|", "HEAD /x a", "GET /x a"),
	accepted("HEAD with a body", "9110, 9.3.2", "HEAD /x HTTP/1.1|Host: a|Content-Length: 5||hello", "HEAD /x a =hello"),
	accepted("a body that is not read", "9112, 9.3", "POST /unread HTTP/1.1|Host: a|Content-Length: 5||hello", "POST /unread a ="),
	accepted("chunks that are not read", "9112, 9.3", "POST /unread HTTP/1.1|Host: a|Transfer-Encoding: chunked||5|hello|0||"+rawGet+"|", "POST /unread a =", "GET /x a"),
	other("bad chunks that are not read", "9112, 9.3", "POST /unread HTTP/1.1|Host: a|Transfer-Encoding: chunked||x||"+rawGet+"|", "200 closed", "POST /unread a ="),

	other("100-continue without a body yet", "9110, 10.1.1", rawPost+"Content-Length: 5|Expect: 100-continue||", "100 waits"),
	accepted("100-continue with its body", "9110, 10.1.1", rawPost+"Content-Length: 5|Expect: 100-continue||hello", "POST /x a =hello"),
	other("100-Continue chunked", "9110, 10.1.1", rawPost+"Transfer-Encoding: chunked|expect: 100-Continue||", "100 waits"),
	other("100-continue, and nobody reads", "9110, 10.1.1", "POST /unread HTTP/1.1|Host: a|Content-Length: 5|Expect: 100-continue||", "200 closed", "POST /unread a =").
		differs("9110, 10.1.1: both may; here it closes, for the body may come or not", "200 waits", "POST /unread a ="),
	accepted("100-continue without a body", "9110, 10.1.1", rawGet+"Expect: 100-continue||", "GET /x a"),
	other("100-continue in HTTP/1.0", "9110, 10.1.1", "POST /x HTTP/1.0|Content-Length: 5|Expect: 100-continue||", "waits"),
	accepted("an empty expectation", "9110, 10.1.1", rawGet+"Expect:||", "GET /x a"),
	denied("another expectation", "9110, 10.1.1", rawGet+"Expect: tea||", 417, "expectation"),
	denied("100-continued", "9110, 10.1.1", rawPost+"Content-Length: 5|Expect: 100-continued||hello", 417, "expectation"),
	denied("100-continue and another", "9110, 10.1.1", rawPost+"Content-Length: 5|Expect: 100-continue, tea||hello", 417, "expectation").
		differs("9110, 10.1.1: MAY be answered with 417; it looks for 100-continue only", "200 kept", "POST /x a =hello"),

	accepted("Upgrade", "9110, 7.8", rawGet+"Upgrade: b|Connection: upgrade||", "GET /x a"),
	accepted("Upgrade to h2c", "9110, 7.8", rawGet+"Upgrade: h2c|HTTP2-Settings: AAMAAABkAAQAAP__|Connection: Upgrade, HTTP2-Settings||", "GET /x a"),
}

func rawFill(prefix, suffix string, n int) string {
	return prefix + strings.Repeat("b", n-len(wire(prefix+suffix))) + suffix
}

// rawLimits: heads beyond rawHead, bodies beyond rawBody, and what is bounded
// besides.
var rawLimits = []rawCase{
	accepted("head at the limit", "9112, 5", rawFill(rawGet+"B: ", "||", rawHead), "GET /x a"),
	denied("head beyond the limit", "9110, 5.4", rawFill(rawGet+"B: ", "||", rawHead+1), 431, "head-too-large").
		differs("the limit is ours: it allows 4 KiB more", "200 kept", "GET /x a"),
	denied("head far beyond the limit", "9110, 5.4", rawFill(rawGet+"B: ", "||", 8000), 431, "head-too-large"),
	denied("many fields", "9110, 5.4", rawGet+strings.Repeat("B: c|", 2000)+"|", 431, "head-too-large"),
	denied("many cookies", "9110, 5.4", rawGet+strings.Repeat("Cookie: b=c; d=e|", 500)+"|", 431, "head-too-large"),
	denied("a name without end", "9110, 5.4", rawGet+strings.Repeat("b", 8000), 431, "head-too-large"),
	denied("target beyond the limit", "9110, 15.5.15", rawFill("GET /", " HTTP/1.1|Host: a||", 8000), 414, "line-too-long").
		differs("9110, 15.5.15: 414 is for targets; it has 431 for all", "431 closed"),
	denied("target without end", "9110, 15.5.15", "GET /"+strings.Repeat("b", 8000), 414, "line-too-long").
		differs("9110, 15.5.15: 414 is for targets; it has 431 for all", "431 closed"),
	denied("method without end", "9112, 3", strings.Repeat("b", 8000), 414, "line-too-long").
		differs("9110, 15.5.15: 414 is for targets; it has 431 for all", "431 closed"),
	accepted("body at the limit", "9110, 15.5.14", rawLength("Content-Length: 1000", strings.Repeat("b", rawBody)), "POST /x a ="+strings.Repeat("b", rawBody)),
	other("body beyond the limit", "9110, 15.5.14", rawLength("Content-Length: 1001", strings.Repeat("b", rawBody+1)), "413 closed"),
	other("body far beyond the limit", "9110, 15.5.14", rawLength("Content-Length: 9223372036854775807", "hello"), "413 closed").
		differs("9110, 15.5.14: here the length alone is enough; there the handler must read so far", "waits"),
	other("100-continue beyond the limit", "9110, 10.1.1", rawLength("Content-Length: 1001|Expect: 100-continue", ""), "413 closed").
		differs("9110, 15.5.14: here the length alone is enough; there the handler must read so far", "100 waits"),
	accepted("chunks at the limit", "9110, 15.5.14", rawChunk("3e8|"+strings.Repeat("b", rawBody)+"|0||"), "POST /x a ="+strings.Repeat("b", rawBody)),
	other("chunks beyond the limit", "9110, 15.5.14", rawChunk(strings.Repeat("1|b|", rawBody+1)+"0||"), "413 closed"),
	other("a chunk beyond the limit", "9110, 15.5.14", rawChunk("3e9|"+strings.Repeat("b", rawBody+1)+"|0||"), "413 closed"),
	denied("a chunk's line without end", "9112, 7.1.1", rawChunk("5;"+strings.Repeat("b", 8000)), 400, "chunk-line"),
	denied("size of zeros without end", "9112, 7.1", rawChunk(strings.Repeat("0", 8000)), 400, "chunk-line"),
	denied("extensions all over", "9112, 7.1.1", rawChunk(strings.Repeat("1;"+strings.Repeat("b", 200)+"|b|", 100)), 400, "chunk-extensions"),
	denied("trailers beyond their limit", "9110, 5.4", rawChunk("0|"+strings.Repeat("B: c|", 2000)+"|"), 431, "trailers-too-large").
		differs("9110, 5.4: both refuse, it with the handler's 400", "400 closed"),
	denied("a trailer without end", "9110, 5.4", rawChunk("0|B: "+strings.Repeat("b", 9000)), 431, "trailers-too-large").
		differs("9110, 5.4: both refuse, it with the handler's 400", "400 closed"),
}
