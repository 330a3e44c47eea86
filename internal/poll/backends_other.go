//go:build !unix || aix

package poll

func backends() []backend {
	return []backend{{"chan", newChan}}
}
