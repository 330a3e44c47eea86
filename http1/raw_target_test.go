package http1_test

// rawTargets: the four forms of a target.
var rawTargets = []rawCase{
	accepted("query", "9112, 3.2.1", "GET /x?y=z&?/ HTTP/1.1|Host: a||", "GET /x?y=z&?/ a"),
	accepted("two slashes", "9112, 3.2.1", "GET //x HTTP/1.1|Host: a||", "GET //x a"), // H10
	accepted("dots", "9112, 3.2.1", "GET /../x HTTP/1.1|Host: a||", "GET /../x a"),
	accepted("bytes that ought to be escaped", "9112, 3.2", "GET /\"<>\\^`{} HTTP/1.1|Host: a||", `GET /\"<>\\^`+"`{} a"),
	accepted("high bytes", "9112, 3.2", "GET /\xc3\xa9\xff HTTP/1.1|Host: a||", `GET /\u00e9\xff a`),
	accepted("a bad escape", "9112, 3.2", "GET /%zz HTTP/1.1|Host: a||", "GET /%zz a").
		differs("9112, 3: it unescapes the target; here that is the handler's matter", "400 closed"),
	accepted("an escaped NUL", "9112, 3.2", "GET /%00 HTTP/1.1|Host: a||", "GET /%00 a"),
	denied("fragment", "9112, 3.2", "GET /x#y HTTP/1.1|Host: a||", 400, "target-fragment").
		differs("9112, 3.2: no form has a fragment", "200 kept", "GET /x#y a"),
	denied("fragment alone", "9112, 3.2", "GET # HTTP/1.1|Host: a||", 400, "target-fragment"),
	denied("a relative path", "9112, 3.2", "GET x HTTP/1.1|Host: a||", 400, "target-form"),
	denied("a relative path with dots", "9112, 3.2", "GET ../x HTTP/1.1|Host: a||", 400, "target-form"),
	denied("a query alone", "9112, 3.2", "GET ?x HTTP/1.1|Host: a||", 400, "target-form"),
	denied("backslash", "9112, 3.2", "GET \\x HTTP/1.1|Host: a||", 400, "target-form"),

	accepted("absolute", "9112, 3.2.2", "GET http://b/y HTTP/1.1|Host: b||", "GET http://b/y b"),
	accepted("absolute overrides Host", "9112, 3.2.2", "GET http://b/y HTTP/1.1|Host: a||", "GET http://b/y b"),
	accepted("absolute with an empty Host", "9112, 3.2.2", "GET http://b/y HTTP/1.1|Host:||", "GET http://b/y b"),
	accepted("absolute with a port", "9112, 3.2.2", "GET http://b:8080/y HTTP/1.1|Host: a||", "GET http://b:8080/y b:8080"),
	accepted("absolute without a path", "9112, 3.2.2", "GET http://b HTTP/1.1|Host: a||", "GET http://b b"),
	accepted("absolute with a query only", "9112, 3.2.2", "GET http://b?y HTTP/1.1|Host: a||", "GET http://b?y b"),
	accepted("absolute in upper case", "9112, 3.2.2", "GET HTTPS://B/y HTTP/1.1|Host: a||", "GET HTTPS://B/y B"),
	accepted("absolute with any scheme", "9112, 3.2.2", "GET a+b-c.d://b/y HTTP/1.1|Host: a||", "GET a+b-c.d://b/y b"),
	accepted("absolute IPv6", "9112, 3.2.2", "GET http://[::1]:80/ HTTP/1.1|Host: a||", "GET http://[::1]:80/ [::1]:80"),
	accepted("absolute in HTTP/1.0", "9112, 3.2.2", "GET http://b/y HTTP/1.0|Connection: keep-alive||", "GET http://b/y b"),
	denied("absolute without Host", "9112, 3.2", "GET http://b/y HTTP/1.1||", 400, "host-missing"),
	denied("absolute with a bad Host", "9112, 3.2", "GET http://b/y HTTP/1.1|Host: a b||", 400, "host-value"),
	denied("absolute with one slash", "9112, 3.2.2", "GET http:/b HTTP/1.1|Host: a||", 400, "target-form").
		differs("9112, 3.2.2: absolute-form is an http(s) URI, which has an authority", "200 kept", "GET http:/b a"),
	denied("absolute without slashes", "9112, 3.2.2", "GET http:b HTTP/1.1|Host: a||", 400, "target-form").
		differs("9112, 3.2.2: absolute-form is an http(s) URI, which has an authority", "200 kept", "GET http:b a"),
	denied("URN", "9112, 3.2.2", "GET urn:b HTTP/1.1|Host: a||", 400, "target-form").
		differs("9112, 3.2.2: absolute-form is an http(s) URI, which has an authority", "200 kept", "GET urn:b a"),
	denied("no scheme", "9112, 3.2.2", "GET ://b/ HTTP/1.1|Host: a||", 400, "target-form"),
	denied("a scheme that begins with a digit", "3986, 3.1", "GET 1http://b/ HTTP/1.1|Host: a||", 400, "target-form"),
	denied("no host", "9110, 4.2.1", "GET http:///y HTTP/1.1|Host: a||", 400, "target-host").
		differs("9110, 4.2.1: an empty host is invalid", "200 kept", "GET http:///y a"),
	denied("port alone", "9110, 4.2.1", "GET http://:80/y HTTP/1.1|Host: a||", 400, "target-host").
		differs("9110, 4.2.1: an empty host is invalid", "200 kept", "GET http://:80/y :80"),
	denied("a port that is none", "3986, 3.2.3", "GET http://b:8x/ HTTP/1.1|Host: a||", 400, "target-host"),
	denied("a bracket open", "3986, 3.2.2", "GET http://[::1/ HTTP/1.1|Host: a||", 400, "target-host"),
	denied("an escape in the host", "3986, 3.2.2", "GET http://b%2ec/ HTTP/1.1|Host: a||", 400, "target-host"),
	denied("backslash behind the host", "3986, 3.2.2", "GET http://b\\@c/ HTTP/1.1|Host: a||", 400, "target-userinfo"),
	denied("user information", "9110, 4.2.4", "GET http://u:p@b/ HTTP/1.1|Host: a||", 400, "target-userinfo").
		differs("9110, 4.2.4: SHOULD be treated as an error", "200 kept", "GET http://u:p@b/ b"),
	denied("a user", "9110, 4.2.4", "GET http://b@c/ HTTP/1.1|Host: a||", 400, "target-userinfo").
		differs("9110, 4.2.4: SHOULD be treated as an error", "200 kept", "GET http://b@c/ c"),

	accepted("OPTIONS *", "9112, 3.2.4", "OPTIONS * HTTP/1.1|Host: a||", "OPTIONS * a").
		differs("it answers by itself, not through the handler", "200 kept"),
	accepted("OPTIONS /*", "9112, 3.2.1", "OPTIONS /* HTTP/1.1|Host: a||", "OPTIONS /* a"),
	denied("GET *", "9112, 3.2.4", "GET * HTTP/1.1|Host: a||", 400, "target-asterisk").
		differs("9112, 3.2.4: asterisk-form is for OPTIONS only, and methods are case-sensitive", "200 kept", "GET * a"),
	denied("options *", "9112, 3.2.4", "options * HTTP/1.1|Host: a||", 400, "target-asterisk").
		differs("9112, 3.2.4: asterisk-form is for OPTIONS only, and methods are case-sensitive", "200 kept", "options * a"),
	denied("OPTIONS *x", "9112, 3.2.4", "OPTIONS *x HTTP/1.1|Host: a||", 400, "target-form"),

	other("CONNECT", "9110, 9.3.6", "CONNECT b:443 HTTP/1.1|Host: b:443||", "501 kept").
		differs("9110, 9.3.6: a 2xx would make it a tunnel; there handlers must know", "200 kept", "CONNECT b:443 b:443"),
	other("CONNECT IPv6", "9110, 9.3.6", "CONNECT [::1]:443 HTTP/1.1|Host: b||", "501 kept").
		differs("9110, 9.3.6: a 2xx would make it a tunnel; there handlers must know", "200 kept", "CONNECT [::1]:443 [::1]:443"),
	denied("CONNECT without a port", "9112, 3.2.3", "CONNECT b HTTP/1.1|Host: b||", 400, "target-authority").
		differs("9112, 3.2.3: CONNECT takes host:port and nothing else; 9110, 9.3.6: an empty or bad port is 400", "200 kept", "CONNECT b b"),
	denied("CONNECT with an empty port", "9110, 9.3.6", "CONNECT b: HTTP/1.1|Host: b||", 400, "target-authority").
		differs("9112, 3.2.3: CONNECT takes host:port and nothing else; 9110, 9.3.6: an empty or bad port is 400", "200 kept", "CONNECT b: b:"),
	denied("CONNECT with port 0", "9110, 9.3.6", "CONNECT b:0 HTTP/1.1|Host: b||", 400, "target-authority").
		differs("9112, 3.2.3: CONNECT takes host:port and nothing else; 9110, 9.3.6: an empty or bad port is 400", "200 kept", "CONNECT b:0 b:0"),
	denied("CONNECT with port 65536", "9110, 9.3.6", "CONNECT b:65536 HTTP/1.1|Host: b||", 400, "target-authority").
		differs("9112, 3.2.3: CONNECT takes host:port and nothing else; 9110, 9.3.6: an empty or bad port is 400", "200 kept", "CONNECT b:65536 b:65536"),
	denied("CONNECT without a host", "9112, 3.2.3", "CONNECT :443 HTTP/1.1|Host: b||", 400, "target-authority").
		differs("9112, 3.2.3: CONNECT takes host:port and nothing else; 9110, 9.3.6: an empty or bad port is 400", "200 kept", "CONNECT :443 :443"),
	denied("CONNECT with a path", "9112, 3.2.3", "CONNECT /x HTTP/1.1|Host: b||", 400, "target-authority").
		differs("9112, 3.2.3: CONNECT takes host:port and nothing else; 9110, 9.3.6: an empty or bad port is 400", "200 kept", "CONNECT /x b"),
	denied("CONNECT with a URI", "9112, 3.2.3", "CONNECT http://b:443 HTTP/1.1|Host: b||", 400, "target-authority").
		differs("9112, 3.2.3: CONNECT takes host:port and nothing else; 9110, 9.3.6: an empty or bad port is 400", "200 kept", "CONNECT http://b:443 http:"),
	denied("CONNECT with a user", "9112, 3.2.3", "CONNECT u@b:443 HTTP/1.1|Host: b||", 400, "target-authority").
		differs("9112, 3.2.3: CONNECT takes host:port and nothing else; 9110, 9.3.6: an empty or bad port is 400", "200 kept", "CONNECT u@b:443 b:443"),
	denied("CONNECT *", "9112, 3.2.3", "CONNECT * HTTP/1.1|Host: b||", 400, "target-authority").
		differs("9112, 3.2.3: CONNECT takes host:port and nothing else; 9110, 9.3.6: an empty or bad port is 400", "200 kept", "CONNECT * *"),
	denied("host:port with GET", "9112, 3.2.3", "GET b:443 HTTP/1.1|Host: b||", 400, "target-form").
		differs("9112, 3.2.3: authority-form is for CONNECT only", "200 kept", "GET b:443 b"),
}

func rawHost(line string) string { return "GET /x HTTP/1.1|" + line + "||" }

// rawHosts: the field Host.
var rawHosts = []rawCase{
	denied("no Host", "9112, 3.2", rawHost("B: c"), 400, "host-missing"),
	other("no Host in HTTP/1.0", "9112, 3.2", "GET /x HTTP/1.0||", "200 closed", "GET /x -"),
	denied("no Host in version 1.2", "9112, 3.2", "GET /x HTTP/1.2||", 400, "host-missing"),
	denied("Host twice", "9112, 3.2", rawHost("Host: a|Host: a"), 400, "host-repeated"),
	denied("two Hosts", "9112, 3.2", rawHost("Host: a|B: c|host: b"), 400, "host-repeated"),
	denied("a second, empty Host", "9112, 3.2", rawHost("Host: a|Host:"), 400, "host-repeated"),
	denied("two Hosts in HTTP/1.0", "9112, 3.2", "GET /x HTTP/1.0|Host: a|Host: b||", 400, "host-repeated"),
	accepted("empty Host", "9112, 3.2", rawHost("Host:"), "GET /x -"),
	accepted("Host of blanks", "9112, 3.2", rawHost("Host: \t "), "GET /x -"),
	accepted("Host with a port", "9110, 7.2", rawHost("Host: a:8080"), "GET /x a:8080"),
	accepted("Host with an empty port", "3986, 3.2.3", rawHost("Host: a:"), "GET /x a:"),
	accepted("HOST", "9110, 5.1", rawHost("HOST: a"), "GET /x a"),
	accepted("blanks around Host", "9110, 5.5", rawHost("Host:\t a \t"), "GET /x a"),
	accepted("no blank before Host", "9110, 5.5", rawHost("Host:a"), "GET /x a"),
	accepted("Host IPv4", "3986, 3.2.2", rawHost("Host: 127.0.0.1:80"), "GET /x 127.0.0.1:80"),
	accepted("Host IPv6", "3986, 3.2.2", rawHost("Host: [2001:DB8::1]:80"), "GET /x [2001:DB8::1]:80"),
	accepted("Host with a dot behind", "3986, 3.2.2", rawHost("Host: a.b."), "GET /x a.b."),
	accepted("Host with underscores", "3986, 3.2.2", rawHost("Host: _a_b"), "GET /x _a_b"),
	denied("Host with a space", "9112, 3.2", rawHost("Host: a b"), 400, "host-value"), // H16
	denied("Host with a tab", "9112, 3.2", rawHost("Host: a\tb"), 400, "host-value"),
	denied("Host list", "9112, 3.2", rawHost("Host: a, b"), 400, "host-value"),
	denied("Host list without blanks", "9112, 3.2", rawHost("Host: a,b"), 400, "host-value").
		differs("9112, 3.2: an invalid Host MUST be answered with 400; it checks the bytes only", "200 kept", "GET /x a,b"),
	denied("Host with a path", "9112, 3.2", rawHost("Host: a/b"), 400, "host-value"),
	denied("Host with a query", "9112, 3.2", rawHost("Host: a?b"), 400, "host-value"),
	denied("Host with a fragment", "9112, 3.2", rawHost("Host: a#b"), 400, "host-value"),
	denied("Host with a user", "9112, 3.2", rawHost("Host: u@a"), 400, "host-value"),
	denied("Host with a scheme", "9112, 3.2", rawHost("Host: http://a"), 400, "host-value"),
	denied("Host with an escape", "3986, 3.2.2", rawHost("Host: a%2eb"), 400, "host-value").
		differs("9112, 3.2: an invalid Host MUST be answered with 400; it checks the bytes only", "200 kept", "GET /x a%2eb"),
	denied("Host with a backslash", "9112, 3.2", rawHost("Host: a\\b"), 400, "host-value"),
	denied("Host in quotes", "9112, 3.2", rawHost("Host: \"a\""), 400, "host-value"),
	denied("Host with high bytes", "3986, 3.2.2", rawHost("Host: \xc3\xa9"), 400, "host-value"),
	denied("Host that is a port", "9112, 3.2", rawHost("Host: :80"), 400, "host-value").
		differs("9112, 3.2: an invalid Host MUST be answered with 400; it checks the bytes only", "200 kept", "GET /x :80"),
	denied("Host with a port that is none", "3986, 3.2.3", rawHost("Host: a:8x"), 400, "host-value").
		differs("9112, 3.2: an invalid Host MUST be answered with 400; it checks the bytes only", "200 kept", "GET /x a:8x"),
	denied("Host with two ports", "3986, 3.2.3", rawHost("Host: a:80:80"), 400, "host-value").
		differs("9112, 3.2: an invalid Host MUST be answered with 400; it checks the bytes only", "200 kept", "GET /x a:80:80"),
	denied("Host IPv6 without brackets", "3986, 3.2.2", rawHost("Host: ::1"), 400, "host-value").
		differs("9112, 3.2: an invalid Host MUST be answered with 400; it checks the bytes only", "200 kept", "GET /x ::1"),
	denied("Host with a bracket open", "3986, 3.2.2", rawHost("Host: [::1"), 400, "host-value").
		differs("9112, 3.2: an invalid Host MUST be answered with 400; it checks the bytes only", "200 kept", "GET /x [::1"),
	denied("Host with text behind the bracket", "3986, 3.2.2", rawHost("Host: [::1]a"), 400, "host-value").
		differs("9112, 3.2: an invalid Host MUST be answered with 400; it checks the bytes only", "200 kept", "GET /x [::1]a"),
	denied("Host with a zone", "3986, 3.2.2", rawHost("Host: [fe80::1%25eth0]"), 400, "host-value").
		differs("9112, 3.2: an invalid Host MUST be answered with 400; it checks the bytes only", "200 kept", "GET /x [fe80::1%25eth0]"),
	denied("a blank behind Host", "9112, 5.1", rawHost("Host : a"), 400, "name-blank"),
}

// rawFields: the shape of field lines.
var rawFields = []rawCase{
	accepted("every byte of a name", "9110, 5.6.2", rawGet+"!#$%&'*+-.^_`~09azAZ: b||", "GET /x a"),
	accepted("no value", "9110, 5.5", rawGet+"B:||", "GET /x a"),
	accepted("a value of blanks", "9110, 5.5", rawGet+"B: \t ||", "GET /x a"),
	accepted("no blank before the value", "9110, 5.5", rawGet+"B:c||", "GET /x a"),
	accepted("colons in the value", "9110, 5.5", rawGet+"B: :c:||", "GET /x a"),
	accepted("a field twice", "9110, 5.3", rawGet+"B: c|B: d||", "GET /x a"),
	denied("no colon", "9112, 5", rawGet+"B||", 400, "no-colon"), // H15
	denied("a colon only", "9112, 5", rawGet+":||", 400, "empty-name"),
	denied("no name", "9112, 5", rawGet+": b||", 400, "empty-name"),
	denied("a blank before the colon", "9112, 5.1", rawGet+"B : c||", 400, "name-blank"),
	denied("a tab before the colon", "9112, 5.1", rawGet+"B\t: c||", 400, "name-blank"),
	denied("a blank in the name", "9112, 5.1", rawGet+"B C: d||", 400, "name-blank"),
	denied("a parenthesis in the name", "9110, 5.6.2", rawGet+"B(: c||", 400, "name-byte"),
	denied("a slash in the name", "9110, 5.6.2", rawGet+"B/C: d||", 400, "name-byte"),
	denied("an at sign in the name", "9110, 5.6.2", rawGet+"@B: c||", 400, "name-byte"),
	denied("brackets in the name", "9110, 5.6.2", rawGet+"B[0]: c||", 400, "name-byte"),
	denied("quotes in the name", "9110, 5.6.2", rawGet+"\"B\": c||", 400, "name-byte"),
	denied("a high byte in the name", "9110, 5.6.2", rawGet+"B\xc3\xa9: c||", 400, "name-byte"),
	denied("VT in the name", "9110, 5.6.2", rawGet+"B\x0b: c||", 400, "control"),
	denied("a second request line", "9112, 5.1", rawGet+"GET /y HTTP/1.1|Host: b||", 400, "name-blank"),
}
