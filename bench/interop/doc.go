// Package interop holds tests of zonda with other libraries, which the root module does
// not depend on. There is nothing in it to import.
package interop
